"""Reading a checkpoint, whatever the file turns out to be."""

import os
import re
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.runner import CheckpointLoader
from torch import Tensor

from ..compat.safe_loader import load_safely
from .errors import MissingFileError, UserError

SAFE = 'TORCH_FORCE_WEIGHTS_ONLY_LOAD'
INFLATED = 4  # times its size; torch does not compress


def read_checkpoint(source: str | Path) -> dict:
    """Read a checkpoint to the CPU, by a loader that runs no code of the file.

    Args:
        source (str | Path): A file, or an address that MMEngine can fetch.

    Returns:
        dict: A state dict, or a dict with ``'state_dict'`` in it.

    Raises:
        MissingFileError: There is no such file.
        UserError: The file is truncated, spoilt or no checkpoint, it unpacks to many
            times its size, holds objects that the safe loader refuses, or no state
            dict.
    """
    source = str(source)
    try:
        if '://' in source:
            checkpoint = _fetch(source)
        else:
            path = Path(source).expanduser()
            if not path.is_file():
                raise MissingFileError(
                    f'checkpoint {source} does not exist: give another file'
                )
            _check_archive(path)
            checkpoint = load_safely(path)
    except UserError:
        raise
    except Exception as error:  # bytes that are no pickle raise whatever they may
        if isinstance(error, OSError) and ('://' in source or error.filename):
            raise
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


def _fetch(address: str) -> Any:
    """Let MMEngine fetch a checkpoint, which asks torch for its unsafe loader."""
    before = os.environ.get(SAFE)
    if torch.__version__ >= (2, 6):  # what came before cannot read MMEngine's
        os.environ[SAFE] = '1'
    try:
        return CheckpointLoader.load_checkpoint(address, 'cpu', logger='silent')
    finally:
        os.environ.pop(SAFE, None)
        if before is not None:
            os.environ[SAFE] = before


def _check_archive(path: Path) -> None:
    """Complain about an archive that is spoilt, which torch does not see, or a bomb."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
        if size > INFLATED * path.stat().st_size:
            raise UserError(
                f'checkpoint {path} unpacks to {size} bytes, many times its size, as no '
                'checkpoint does: use only files that you trust'
            )
        for part in archive.infolist():
            if part.CRC:  # torch can be told to leave it out
                with archive.open(part) as content:
                    while content.read(1 << 20):
                        pass


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
