"""torch's safe loader.

From torch 2.6 on, ``torch.load`` reads only what is known to be safe
(``weights_only=True``), which leaves out what every checkpoint written by MMEngine 0.10
holds besides weights: its log buffers and numpy scalars. They are added to torch's list;
the safe loader stays on and refuses everything else.
"""

import codecs
import pickle
from collections import Counter
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import IO, Any


def allow_mmengine_checkpoints() -> None:
    """Let torch's safe loader read the checkpoints that MMEngine writes.

    Adds to torch's list what such a checkpoint holds besides weights and plain values,
    and no more. Does nothing before torch 2.6, whose ``torch.load`` needs no list, and
    adds no name that is on the list already.
    """
    import torch

    if torch.__version__ < (2, 6):
        return
    listed = {_safe_name(entry) for entry in torch.serialization.get_safe_globals()}
    torch.serialization.add_safe_globals(
        [
            (obj, name)
            for name, obj in _mmengine_checkpoint_globals().items()
            if name not in listed
        ]
    )


def load_safely(path: Path) -> Any:
    """Read a checkpoint to the CPU without running code of it, in every release.

    Before torch 2.6 its own safe loader takes no further names.
    """
    import torch

    if torch.__version__ >= (2, 6):
        return torch.load(path, map_location='cpu', weights_only=True)
    return torch.load(
        path, map_location='cpu', weights_only=False, pickle_module=_safe_pickle()
    )


def _safe_pickle() -> SimpleNamespace:
    """Make what stands for the module pickle and knows the safe names alone."""
    from torch._weights_only_unpickler import _get_allowed_globals

    # The bytes of numpy's arrays are written as text to encode, the milestones of
    # MultiStepLR are counted; torch's own list came to have these later.
    allowed = _get_allowed_globals() | _mmengine_checkpoint_globals()
    allowed |= {'_codecs.encode': codecs.encode, 'collections.Counter': Counter}

    class Unpickler(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            # torch.save writes Python 2's name
            full = f'{module.replace("__builtin__", "builtins")}.{name}'
            if full not in allowed:
                raise pickle.UnpicklingError(f'Unsupported global: {full}')
            return allowed[full]

    def load(file: IO[bytes], **options: Any) -> Any:
        return Unpickler(file, **options).load()

    return SimpleNamespace(Unpickler=Unpickler, load=load, __name__='safe_pickle')


def _safe_name(entry: Any) -> str:
    """Return the name by which torch's list knows an entry of it."""
    if isinstance(entry, tuple):
        return entry[1]
    return f'{entry.__module__}.{entry.__qualname__}'


def _mmengine_checkpoint_globals() -> dict[str, Any]:
    """Return what the checkpoints of MMEngine refer to, by the names in the file."""
    import numpy as np
    from mmengine.logging import HistoryBuffer

    allowed = [HistoryBuffer, np.ndarray, np.dtype]
    # The classes of the dtypes in logs, in dataset_meta and in random states.
    names = ('float32', 'float64', 'int32', 'int64', 'uint8', 'uint32', 'bool')
    allowed.extend(type(np.dtype(name)) for name in names)
    by_name = {_safe_name(obj): obj for obj in allowed}

    # numpy 1 and numpy 2 write these under different names.
    for obj in (np.zeros(0).__reduce__()[0], np.float64(0).__reduce__()[0]):
        for module in ('numpy.core.multiarray', 'numpy._core.multiarray'):
            by_name[f'{module}.{obj.__name__}'] = obj

    # An empty array, such as the links' colors of a data set without a skeleton.
    by_name['builtins.bytes'] = bytes

    # HistoryBuffer saves its methods, and a method is pickled as getattr(class, name).
    by_name['builtins.getattr'] = _history_buffer_method
    return by_name


def _history_buffer_method(owner: Any, name: str) -> FunctionType:
    """Stand for ``getattr`` in a checkpoint, for methods of HistoryBuffer alone."""
    from mmengine.logging import HistoryBuffer

    if owner is HistoryBuffer and isinstance(name, str) and not name.startswith('_'):
        method = vars(HistoryBuffer).get(name)
        if isinstance(method, FunctionType):
            return method
    raise pickle.UnpicklingError(
        f'Unsupported global: getattr({owner!r}, {name!r}). Of attributes, only '
        'the methods of mmengine.logging.HistoryBuffer are loaded.'
    )
