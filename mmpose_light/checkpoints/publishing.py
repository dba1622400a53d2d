"""Making a checkpoint small enough to be passed on: weights only, half precision.

MMPose's ``tools/misc/publish_model.py`` removes the optimizer's state alone, which
leaves a file twice as large.
"""

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..utils.checkpoint import get_state_dict, read_checkpoint
from ..utils.errors import UserError, suggest
from ..utils.files import whole_file
from ..version import __version__

_DIGITS = 8  # of the SHA-256, in the file's name
#: The last layers of heads, by the end of their names, and what the bias of a keypoint's
#: channel becomes whose weights are 0: its score is then 0, or below. Sigmoids of -16
#: are 1e-7.
_LAST_LAYERS = {'head.final_layer': 0.0, r'head.convs.\d+.bn': -16.0}


@dataclass(frozen=True)
class Publication:
    """A published file."""

    file: Path  # where it lies
    sha256: str  # its SHA-256, in hexadecimal digits
    tensors: int  # how many tensors it holds
    size: int  # its size in bytes


def publish_weights(
    source: str | Path, out: str | Path, silent: Sequence[str] = ()
) -> Publication:
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
        silent (Sequence[str]): Keypoints that the training data never label: nobody
            knows what their channels would answer, and they are made to answer a score
            of 0 or below. Defaults to ``()``

    Raises:
        MissingFileError: If the source does not exist.
        UserError: If it is no whole checkpoint, a weight is too large for half
            precision or is not a number, ``out`` does not end in ``.pth``, or a
            keypoint is unknown or its channel is not found.
    """
    out = Path(out)
    if out.suffix != '.pth':
        raise UserError(f'out {out} is to end in .pth: give another name')
    checkpoint = read_checkpoint(source)
    state = get_state_dict(checkpoint, source)
    if silent:
        _silence(state, _find_keypoints(checkpoint, silent, source), source)
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


def _find_keypoints(
    checkpoint: dict, names: Sequence[str], source: str | Path
) -> list[int]:
    """Return the channels of keypoints, by the data set that the checkpoint tells."""
    meta = checkpoint.get('meta') or {}
    known = (meta.get('dataset_meta') or {}).get('keypoint_name2id') or {}
    for name in names:
        if name not in known:
            raise UserError(
                f'{source} knows no keypoint {name!r}{suggest(name, known)}: '
                + (', '.join(known) or 'it tells no names of keypoints')
            )
    return [known[name] for name in names]


def _silence(state: dict[str, Tensor], channels: list[int], source: str | Path) -> None:
    """Let channels of the head's last layers answer nothing, whatever comes in."""
    found = False
    for layer, bias in _LAST_LAYERS.items():
        for key in state:
            if re.fullmatch(f'{layer}.(weight|bias)', key):
                value = bias if key.endswith('bias') else 0.0
                state[key] = state[key].clone()
                state[key][channels] = value
                found = True
    if not found:
        raise UserError(
            f'{source} has none of the layers {", ".join(_LAST_LAYERS)}: the channels '
            'of its keypoints are not found'
        )
