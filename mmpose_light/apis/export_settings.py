"""How a model is exported; light, for the help of the command."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..deploy.choices import FileForm
from ..deploy.quantization import OPERATORS
from ..deploy.verify import TOLERANCES
from ..utils.errors import UserError
from ..utils.options import option

#: Images, folders of images, glob patterns.
Images = Sequence[str | Path] | str | Path


@dataclass(frozen=True)
class ExportSettings(FileForm):
    """The form of a file, how its eight bits are found, and how it is checked.

    Raises:
        UserError: If a field is none of what there is, or calibration is missing or
            needless.
    """

    precision: str = option(
        'fp32', 'int8 needs calibration images', choices=tuple(TOLERANCES)
    )
    calibration_images: Images | None = option(
        None,
        'for int8: images, folders or patterns, people as the model will meet them',
        metavar='IMAGE',
    )
    calibration_ann_file: str | Path | None = option(
        None,
        'COCO annotations with the boxes of the people on them (default: each image is '
        'one person)',
    )
    calibration_people: int = option(128, 'the most people to take')
    int8_runtime: str = option(
        'openvino', 'the runtime that int8 is to be fast in', choices=tuple(OPERATORS)
    )
    float_ends: bool = option(
        True,
        'leave the first and the last convolution in float32',
        off='quantize the first and the last convolution too',
        option='quantize_ends',
    )
    float_nodes: Sequence[str] = option(
        (),
        'names of further nodes that stay in float32, such as */stage4/*',
        metavar='PATTERN',
    )
    images: Images | None = option(
        None,
        'images of one person each to check the file on (default: the first for '
        'calibration, or drawn people)',
        metavar='IMAGE',
    )
    tolerance: float | None = option(
        None,
        'largest difference from PyTorch, relative to the range of the outputs '
        f'(default: {", ".join(f"{v:g} for {k}" for k, v in TOLERANCES.items())})',
    )
    threads: int | None = option(
        None, 'threads of ONNX Runtime (default: its own choice)'
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        images = self.calibration_images
        if (self.precision == 'int8') != (images is not None):
            raise UserError(
                "precision 'int8' needs calibration_images, images of people as the "
                'model will meet them, and only it takes them: precision is '
                f'{self.precision!r}, calibration_images is {images!r}'
            )
        if self.calibration_ann_file is not None and images is None:
            raise UserError(
                'calibration_ann_file without calibration_images: give the folder of '
                'its images too'
            )
