"""Reading a checkpoint, whatever the file turns out to be."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.runner import CheckpointLoader
from torch import Tensor

from .errors import MissingFileError, UserError


def read_checkpoint(source: str | Path, weights_only: bool | None = None) -> dict:
    """Read a checkpoint to the CPU.

    Args:
        source (str | Path): A file, or an address that MMEngine can fetch.
        weights_only (bool, optional): Whether a file is read by torch's safe loader,
            which runs no code of the file. Defaults to ``None``, the default of
            ``torch.load``: ``True`` from torch 2.6 on. Before, the safe loader cannot
            read the checkpoints that MMEngine writes while training.

    Returns:
        dict: A state dict, or a dict with ``'state_dict'`` in it.

    Raises:
        MissingFileError: There is no such file.
        UserError: The file is truncated or no checkpoint, it holds objects that the
            safe loader refuses, or it holds no state dict.
    """
    source = str(source)
    try:
        if '://' in source:
            checkpoint = CheckpointLoader.load_checkpoint(
                source, map_location='cpu', logger='silent'
            )
        else:
            path = Path(source).expanduser()
            if not path.is_file():
                raise MissingFileError(
                    f'checkpoint {source} does not exist: give another file'
                )
            checkpoint = torch.load(path, map_location='cpu', weights_only=weights_only)
    except OSError:
        raise
    except Exception as error:  # bytes that are no pickle raise whatever they may
        refused = re.search(r'unsupported (?:global|class).*', str(error), re.I)
        if refused:
            raise UserError(
                f'checkpoint {source} holds more than weights, which could run code '
                f'when loaded, and is refused by the safe loader: {refused.group()}'
            ) from error
        raise UserError(
            f'checkpoint {source} cannot be read, it is truncated or no checkpoint '
            f'({type(error).__name__}): copy or download it again'
        ) from error
    get_state_dict(checkpoint, source)
    return checkpoint


def get_state_dict(checkpoint: Any, source: str | Path) -> dict[str, Tensor]:
    """Return the weights of a checkpoint, a state dict or a dict with one.

    Args:
        checkpoint (Any): What a file held.
        source (str | Path): Where it came from, for the error message.

    Returns:
        dict[str, Tensor]: The weights by their names, without the prefix ``'module.'``
        of data-parallel models.

    Raises:
        UserError: There are no names and tensors, or others besides.
    """
    state_dict = checkpoint
    if isinstance(checkpoint, Mapping):
        state_dict = checkpoint.get('state_dict', checkpoint)
    if not isinstance(state_dict, Mapping):
        found = f'a {type(state_dict).__name__}'
    elif not state_dict:
        found = 'no tensor'
    else:
        found = next(
            (
                f'{key!r}: {type(value).__name__}'
                for key, value in state_dict.items()
                if not (isinstance(key, str) and isinstance(value, Tensor))
            ),
            None,
        )
    if found:
        raise UserError(
            f'checkpoint {source} holds {found}, expected a state dict: names and '
            "tensors, plain or under 'state_dict'"
        )
    weights = OrderedDict(
        (key.removeprefix('module.'), value) for key, value in state_dict.items()
    )
    # the versions of modules, by which they know what is to be converted
    weights._metadata = getattr(state_dict, '_metadata', OrderedDict())
    return weights
