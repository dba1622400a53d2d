"""Closes the two gaps of the released OpenMMLab stack, in one place.

1. **mmcv without compiled ops.** MMPose 1.3 and MMDetection import ``mmcv.ops`` at
   import time, which needs the compiled module ``mmcv._ext``; mmcv-lite, the only
   mmcv that installs without a compiler, has none. No op of it is used by a top-down
   heatmap model. Where ``mmcv._ext`` does not exist, a stand-in takes its place: any
   op can be imported, and calling one raises an error that names it, except ``nms``,
   which torchvision serves so that detectors run.
2. **torch's safe loader.** From torch 2.6 on, ``torch.load`` reads only what is known
   to be safe (``weights_only=True``), which leaves out what every checkpoint written
   by MMEngine 0.10 holds besides weights: its log buffers and numpy scalars. They are
   added to torch's list; the safe loader stays on and refuses everything else.

With ``import mmpose_light``, which has to come before ``mmpose.apis`` and
``mmpose.models``, each gap is closed as soon as the package that has it is imported. It
changes nothing where there is no gap, and nothing that somebody else registered.
"""

import importlib.util
import pickle
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from .import_hooks import after_import

if TYPE_CHECKING:
    import torch

OPS_MODULE = 'mmcv._ext'
OPS_REMEDY = (
    'Put mmcv with compiled ops in the place of mmcv-lite: `pip uninstall mmcv-lite`, '
    'then `pip install --no-build-isolation "mmcv>=2.0.1,<2.2.0" "numpy<2"`, which '
    'compiles them. For some releases of torch there are prebuilt wheels: '
    '`pip install -U openmim`, `mim install "mmcv>=2.0.1,<2.2.0"`, then '
    '`pip install "numpy<2" "opencv-python<4.12"`.'
)


def apply() -> None:
    """Close both gaps, as far as they are open, once what has them is imported.

    Calling it again changes nothing.
    """
    after_import('mmcv', install_ops_stand_in)
    after_import('mmengine.runner', allow_mmengine_checkpoints)


# 1. mmcv without compiled ops


class OpsStandIn(ModuleType):
    """What stands for ``mmcv._ext`` where mmcv was installed without it.

    Every public attribute is a function, so that ``mmcv.ops`` imports. Its spec has no
    loader, so that ``mmcv_full_available()`` of MMEngine and ``check_ops_exist()`` of
    mmcv go on answering no, and all that depends on them (the reversion of SyncBN, for
    one) goes on working.
    """

    def __init__(self) -> None:
        super().__init__(OPS_MODULE, 'Stand-in for the compiled ops of mmcv.')
        self.__spec__ = ModuleSpec(OPS_MODULE, loader=None)
        self.nms = nms
        self.get_compiler_version = _not_compiled
        self.get_compiling_cuda_version = _not_compiled

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        if name.startswith('__'):
            raise AttributeError(f'module {OPS_MODULE!r} has no attribute {name!r}')

        def missing_op(*args: Any, **kwargs: Any) -> NoReturn:
            raise NotImplementedError(
                f'The op {name!r} needs the compiled part of mmcv, which is not '
                f'installed. {OPS_REMEDY}'
            )

        missing_op.__name__ = name
        return missing_op


def install_ops_stand_in() -> None:
    """Put :class:`OpsStandIn` in the place of ``mmcv._ext`` if there is none."""
    if OPS_MODULE not in sys.modules and importlib.util.find_spec(OPS_MODULE) is None:
        sys.modules[OPS_MODULE] = OpsStandIn()


def nms(
    bboxes: 'torch.Tensor', scores: 'torch.Tensor', iou_threshold: float, offset: int
) -> 'torch.Tensor':
    """Drop boxes that overlap better ones, as mmcv's compiled op of this signature.

    Args:
        bboxes (torch.Tensor): Boxes (x1, y1, x2, y2), shape (N, 4).
        scores (torch.Tensor): Their scores, shape (N, ).
        iou_threshold (float): A box is dropped if it overlaps a kept one by more
            than this.
        offset (int): 0, or 1 where corners are pixel indices, so that a box's width
            is x2 - x1 + 1.

    Returns:
        torch.Tensor: The indices of the boxes that are kept, by falling score.

    Raises:
        ValueError: If the offset is neither 0 nor 1.
        ImportError: If torchvision is not installed.
    """
    if offset not in (0, 1):
        raise ValueError(f'nms takes an offset of 0 or 1, but got {offset!r}')
    import torch
    from torchvision.ops import nms as torchvision_nms

    # Widths of x2 - x1 + 1 are those of the boxes grown by 1 at their far corner.
    grown = torch.cat((bboxes[:, :2], bboxes[:, 2:] + offset), dim=1)
    return torchvision_nms(grown, scores, iou_threshold)


def _not_compiled() -> str:
    """Answer for mmcv's ``collect_env``, as it says it itself without ops."""
    return 'n/a'


# 2. torch's safe loader


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
