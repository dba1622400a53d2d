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
#: The layers of heads that give heatmaps, a channel for each keypoint, and what the bias
#: of a channel becomes whose weights are 0. A sigmoid of -16 is 1e-7.
_LAST_LAYERS = {r'head\.final_layer': 0.0, r'head\.convs\.\d+\.bn': -16.0}
#: What may stand before them in a head: a head of other layers is no heatmap's.
_EARLIER_LAYERS = r'head\.(conv_layers|deconv_layers|convs\.\d+\.conv)'


@dataclass(frozen=True)
class Publication:
    """A published file."""

    file: Path  # where it lies
    sha256: str  # its SHA-256, in hexadecimal digits
    tensors: int  # how many tensors it holds
    size: int  # its size in bytes


def publish_weights(
    source: str | Path, out: str | Path, silence_keypoints: Sequence[str] = ()
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
        silence_keypoints (Sequence[str]): Keypoints that the training data never label.
            Nobody knows what their heatmaps would be; they become 0 everywhere, or
            next to it (FAHead), or negative (FSHead). Defaults to ``()``

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
    if silence_keypoints:
        known = _read_keypoints(checkpoint, silence_keypoints, source)
        _silence(state, known, silence_keypoints, source)
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


def _read_keypoints(
    checkpoint: dict, wanted: Sequence[str], source: str | Path
) -> dict[str, int]:
    """Return the channels of all keypoints, by the data set that a checkpoint tells."""
    meta = checkpoint.get('meta') or {}
    known = (meta.get('dataset_meta') or {}).get('keypoint_name2id') or {}
    for name in wanted:
        if name not in known:
            raise UserError(
                f'{source} knows no keypoint {name!r}{suggest(name, known)}: '
                + (', '.join(known) or 'it tells no names of keypoints')
            )
    return known


def _silence(
    state: dict[str, Tensor],
    known: dict[str, int],
    wanted: Sequence[str],
    source: str | Path,
) -> None:
    """Let the channels of keypoints answer nothing, whatever comes in."""
    channels = [known[name] for name in wanted]
    layers = {
        key: bias
        for layer, bias in _LAST_LAYERS.items()
        for key in state
        if re.fullmatch(rf'{layer}\.(weight|bias)', key)
    }
    others = [
        key
        for key in state
        if key.startswith('head.')
        and key not in layers
        and not key.endswith(('running_mean', 'running_var', 'num_batches_tracked'))
        and not re.match(_EARLIER_LAYERS, key)
    ]
    if not layers or others or any(len(state[key]) != len(known) for key in layers):
        raise UserError(
            f'the head of {source} is none that gives a heatmap for each of '
            f'{len(known)} keypoints, so they cannot be silenced'
        )
    for key, bias in layers.items():
        state[key] = state[key].clone()
        state[key][channels] = bias if key.endswith('bias') else 0.0
