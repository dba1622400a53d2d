"""What an exported file can be: the words for its form, and what is none of them."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from ..utils.errors import UserError
from ..utils.options import option

#: What a file gives, and the names of its outputs.
OUTPUTS = {'heatmap': ('heatmaps',), 'simcc': ('simcc_x', 'simcc_y')}
#: The order of the channels of its input.
CHANNELS = ('rgb', 'bgr')
#: What they are where the network takes gray images, whatever order was asked for.
GRAY = 'gray'
#: Least score of a keypoint that is drawn, where a model does not tell its own.
KEYPOINT_THRESHOLD = 0.3
#: Versions of ONNX's operators, from the first with per-channel quantization to the
#: last that every PyTorch from 2.1 writes.
OPSETS = range(13, 18)


@dataclass(frozen=True)
class Format:
    """A kind of exported file."""

    title: str  # what it is called in messages
    suffix: str  # of the file by which it is named
    runtimes: tuple[str, ...]  # what runs it, the usual one first
    precisions: tuple[str, ...] = ('fp32', 'fp16', 'int8')
    #: Whether weights and metadata lie beside it: FILE.bin and FILE.json.
    beside: bool = True
    lacks: tuple[str, ...] = ()  # fields of :class:`FileForm` that it cannot have

    def files(self, file: str | Path) -> list[Path]:
        """List the files of an exported file, itself last."""
        file = Path(file)
        beside = ('.bin', '.json') if self.beside else ()
        return [*(file.with_suffix(suffix) for suffix in beside), file]


#: The kinds of exported files by their names in options.
FORMATS = {
    'onnx': Format('ONNX', '.onnx', ('onnxruntime', 'openvino'), beside=False),
    'openvino': Format('OpenVINO', '.xml', ('openvino',)),
    'ncnn': Format(
        'ncnn',
        '.param',
        ('ncnn',),
        ('fp32', 'fp16'),
        lacks=('batch', 'preprocess', 'simplify', 'opset'),
    ),
}


def find_format(file: str | Path) -> Format | None:
    """Find the kind of an exported file by its suffix; None for any other file."""
    suffix = Path(file).suffix.lower()
    return next((kind for kind in FORMATS.values() if kind.suffix == suffix), None)


def check_choice(name: str, value: str, known: Iterable[str]) -> None:
    """Complain about a word that is none of those that there are.

    Example:
        >>> check_choice('channels', 'gray', CHANNELS)
        Traceback (most recent call last):
        ...
        mmpose_light.utils.errors.UserError: channels 'gray' is unknown: rgb, bgr would do
    """
    if value not in known:
        raise UserError(f'{name} {value!r} is unknown: {", ".join(known)} would do')


@dataclass(frozen=True)
class FileForm:
    """What an exported file is to be like: each field says what it means.

    'simcc' is ``simcc_x``, (N, K, 2W), and ``simcc_y``, (N, K, 2H), made of heatmaps by
    :class:`~mmpose_light.deploy.forms.HeatmapsToSimCC`. A head that gives SimCC vectors
    itself gives these, with its own number of bins.

    Raises:
        UserError: If a field is none of what there is.
    """

    output: str | None = option(
        None,
        "what it gives: 'heatmap' or 'simcc', the vectors that RTMPose gives and rtmlib "
        "takes (default: what the model's head gives)",
        choices=OUTPUTS,
    )
    channels: str = option(
        'rgb',
        "the order of its input's channels; bgr is what rtmlib hands over, normalized by "
        'the mean and std of R, G, B',
        choices=CHANNELS,
    )
    batch: int | None = option(
        None, 'number of people in its input (default: any number)'
    )
    preprocess: bool = option(
        False, 'take raw pixels, uint8, (N, H, W, 3), and normalize them in the graph'
    )
    precision: str = option(
        'fp32',
        'fp32, or fp16 for weights and computing; inputs and outputs stay as they are',
        choices=('fp32', 'fp16'),
    )
    simplify: bool = option(
        True, 'tidy up the graph with onnxslim', off='leave the graph as it was traced'
    )
    opset: int = option(17, f"version of ONNX's operators, {OPSETS[0]} to {OPSETS[-1]}")

    def __post_init__(self) -> None:
        for field in fields(self):
            value, choices = getattr(self, field.name), field.metadata.get('choices')
            if choices and value is not None:
                check_choice(field.name, value, choices)
        if self.batch is not None and self.batch < 1:
            raise UserError(
                f'batch is {self.batch}, expected 1 or more, or None for any'
            )
        if self.opset not in OPSETS:
            raise UserError(
                f'opset {self.opset} cannot be written: {OPSETS[0]} to {OPSETS[-1]} '
                'would do'
            )
