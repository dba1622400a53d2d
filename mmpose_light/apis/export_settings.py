"""How a model is exported; light, for the help of the command."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from ..deploy.choices import FORMATS, FileForm, find_format
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

    format: str | None = option(
        None,
        "of the file (default: what its name's end tells: "
        f'{", ".join(f"{kind.suffix} {name}" for name, kind in FORMATS.items())})',
        choices=tuple(FORMATS),
    )
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
        None, 'threads of the runtime that checks it (default: its own choice)'
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
        self._check_format()

    def _check_format(self) -> None:
        """Complain about what files of the format cannot be."""
        if self.format is None:
            return
        kind = FORMATS[self.format]
        if self.precision not in kind.precisions:
            raise UserError(
                f'{kind.title} files have no precision {self.precision!r} here: '
                f'{", ".join(kind.precisions)} would do'
            )
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in kind.lacks and value != field.default:
                raise UserError(
                    f'{kind.title} files know no {field.name} (it is {value!r}): leave '
                    'it out'
                )

    def for_file(self, out: Path) -> 'ExportSettings':
        """Return the settings with the format of a file that is to be written.

        Raises:
            UserError: If the file's suffix is not that of the format.
        """
        named = find_format(out)
        if named is None or FORMATS.get(self.format, named) is not named:
            wanted = [FORMATS[self.format]] if self.format else FORMATS.values()
            ends = ', '.join(f'{kind.suffix} ({kind.title})' for kind in wanted)
            raise UserError(f'out {out} is to be a file whose name ends in {ends}')
        (name,) = (name for name, kind in FORMATS.items() if kind is named)
        return replace(self, format=name)
