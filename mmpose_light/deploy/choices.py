"""What an exported file can be: the words for its form, and what is none of them."""

from collections.abc import Iterable

from ..utils.errors import UserError

#: What a file gives, and the names of its outputs.
OUTPUTS = {'heatmap': ('heatmaps',), 'simcc': ('simcc_x', 'simcc_y')}
#: The order of the channels of its input.
CHANNELS = ('rgb', 'bgr')
#: Versions of ONNX's operators, from the first with per-channel quantization to the
#: last that every PyTorch from 2.1 writes.
OPSETS = range(13, 18)


def check_choice(name: str, value: str, known: Iterable[str]) -> None:
    """Complain about a word that is none of those that there are.

    Args:
        name (str): What is chosen.
        value (str): The word.
        known (Iterable[str]): Those that there are.

    Raises:
        UserError: If it is none of them.

    Example:
        >>> check_choice('channels', 'gray', CHANNELS)
        Traceback (most recent call last):
        ...
        mmpose_light.utils.errors.UserError: channels 'gray' is unknown: rgb, bgr would do
    """
    if value not in known:
        raise UserError(f'{name} {value!r} is unknown: {", ".join(known)} would do')


def check_form(*, output: str, channels: str, batch: int | None, opset: int) -> None:
    """Complain about a form of file that does not exist.

    Args:
        output (str): As of :func:`~mmpose_light.deploy.export_model`.
        channels (str): Likewise.
        batch (int, optional): Likewise.
        opset (int): Likewise.

    Raises:
        UserError: If one of them is none of those that there are.
    """
    check_choice('output', output, OUTPUTS)
    check_choice('channels', channels, CHANNELS)
    if batch is not None and batch < 1:
        raise UserError(f'batch is {batch}, expected 1 or more, or None for any')
    if opset not in OPSETS:
        raise UserError(
            f'opset {opset} cannot be written: {OPSETS[0]} to {OPSETS[-1]} would do'
        )
