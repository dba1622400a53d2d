"""Making a checkpoint small enough to be passed on: weights only, half precision.

MMPose's ``tools/misc/publish_model.py`` removes the optimizer's state alone, which
leaves a file twice as large.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..utils.checkpoint import get_state_dict, read_checkpoint
from ..utils.errors import UserError
from ..utils.files import whole_file
from ..version import __version__

_DIGITS = 8  # of the SHA-256, in the file's name


@dataclass(frozen=True)
class Publication:
    """A published file."""

    file: Path  # where it lies
    sha256: str  # its SHA-256, in hexadecimal digits
    tensors: int  # how many tensors it holds
    size: int  # its size in bytes


def publish_weights(source: str | Path, out: str | Path) -> Publication:
    """Write the weights of a checkpoint alone, in half precision.

    Vectors (biases, and all of the norm layers, whose variances half precision would
    round to zero) keep single precision: they take hardly any room. Counts of batches
    and the normalization of images, which the config tells, are left out. A model that
    loads the file computes in its own precision.

    Args:
        source (str | Path): A checkpoint of a training.
        out (str | Path): The file to write, ``….pth``; eight digits of its
            SHA-256 are put before the suffix, as OpenMMLab's files have them. An equal
            file that is there is replaced.

    Raises:
        MissingFileError: If the source does not exist.
        UserError: If it is no whole checkpoint, a weight is too large for half
            precision or is not a number, or ``out`` does not end in ``.pth``.
    """
    out = Path(out)
    if out.suffix != '.pth':
        raise UserError(f'out {out} is to end in .pth: give another name')
    state = get_state_dict(read_checkpoint(source), source)
    small = {
        key: _shrink(key, value, source)
        for key, value in state.items()
        if not key.endswith('num_batches_tracked')
        and not key.startswith('data_preprocessor.')
    }
    buffer = io.BytesIO()
    torch.save(dict(meta=dict(mmpose_light=__version__), state_dict=small), buffer)
    content = buffer.getvalue()
    sha256 = hashlib.sha256(content).hexdigest()
    file = out.with_stem(f'{out.stem}-{sha256[:_DIGITS]}')
    with whole_file(file) as part:
        part.write_bytes(content)
    return Publication(file, sha256, len(small), len(content))


def _shrink(key: str, value: Tensor, source: str | Path) -> Tensor:
    """Return a tensor that holds nothing beside its values, a matrix in half size."""
    if value.is_floating_point():
        value = value.to(torch.float32 if value.dim() < 2 else torch.float16)
        if not value.isfinite().all():
            raise UserError(
                f'{key} of {source} has values that half precision cannot hold, or '
                'that are no numbers: take another checkpoint'
            )
    return value.detach().clone(memory_format=torch.contiguous_format)
