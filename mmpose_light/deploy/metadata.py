"""What an exported file says about itself.

The properties of an ONNX file are pairs of strings. Each attribute of
:class:`Metadata` is one of them, under its own name: text as it is, all else as json.
Beside the files of other formats lies a json file of the same. With them the file runs
without config and checkpoint, and programs that know nothing of this package can read
how to prepare its input and what its outputs mean.
"""

import dataclasses
import itertools
import json
import reprlib
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..utils.errors import MissingFileError, UserError
from ..utils.files import read_json, write_json
from ..version import __version__
from .choices import CHANNELS, GRAY, KEYPOINT_THRESHOLD, find_format
from .onnx_header import read_properties
from .packages import import_package

if TYPE_CHECKING:
    import onnx


@dataclasses.dataclass(frozen=True)
class Metadata:
    """How to run an exported file."""

    model: str  # the name of the model's config
    input_size: tuple[int, int]  # width and height of the input in pixels
    channels: str  # the order of the input's channels, 'rgb' or 'bgr'; or 'gray'
    #: Whether the input is raw pixels, uint8, (N, H, W, C), and not normalized ones,
    #: float32, (N, C, H, W).
    preprocess: bool
    #: What to take from the input's channels, in the order in which both stand; with
    #: ``preprocess`` the graph does it.
    mean: list[float]
    std: list[float]  # what to divide them by afterwards, likewise
    output: str  # 'heatmap' or 'simcc'
    codec: dict[str, Any]  # the codec of MMPose that decodes the outputs
    box_padding: float  # how many times the size of its box is seen of a person
    use_udp: bool  # whether the crop is cut by MMPose's unbiased transform
    precision: str  # 'fp32', 'fp16' or 'int8'
    dataset: str  # the name of the keypoints' data set
    keypoint_names: list[str]  # the keypoints' names
    flip_pairs: list[list[int]]  # keypoints that are each other's mirror image
    skeleton_links: list[list[int]]  # the pairs of keypoints to join by a line
    keypoint_colors: list[list[int]]  # the keypoints' colors, as MMPose draws them
    skeleton_link_colors: list[list[int]]  # the links' colors, likewise
    keypoint_threshold: float = KEYPOINT_THRESHOLD  # least score of what is drawn
    mmpose_light_version: str = __version__  # the version that wrote the file

    def write(self, graph: 'onnx.ModelProto') -> None:
        """Write the properties into a graph, in the place of any that it has."""
        fields = dataclasses.asdict(self)
        import_package('onnx').helper.set_model_props(
            graph,
            {
                name: value if isinstance(value, str) else json.dumps(value)
                for name, value in fields.items()
            },
        )

    def write_beside(self, file: str | Path) -> Path:
        """Write the json file that lies beside an exported file."""
        return write_json(Path(file).with_suffix('.json'), dataclasses.asdict(self))

    @classmethod
    def read(cls, file: str | Path) -> 'Metadata':
        """Read what an exported file says, or the json file beside it.

        Raises:
            MissingFileError: If one of them does not exist.
            UserError: If it has not all of them, or one will not do.
        """
        if not Path(file).is_file():
            raise MissingFileError(f'exported file {file} does not exist')
        kind, source = find_format(file), Path(file)
        kinds = {field.name: field.type for field in dataclasses.fields(cls)}
        if kind and kind.beside:
            source = source.with_suffix('.json')
            found = read_json(source, f'it tells how to run {file}, put it beside that')
            values = _choose_fields(found, source)
        else:
            values = {
                name: text if kinds[name] is str else _parse(name, text, file)
                for name, text in _choose_fields(read_properties(file), file).items()
            }
        for name, value in values.items():
            if not _fits(value, kinds[name]):
                raise UserError(
                    f'{source} has metadata that will not do: {name} is '
                    f'{reprlib.repr(value):.80}'
                )
        values['input_size'] = tuple(values['input_size'])
        about = cls(**values)
        problem = about._find_problem()
        if problem:
            raise UserError(f'{source} has metadata that will not do: {problem}')
        return about

    def _find_problem(self) -> str | None:
        """Return what would go wrong when the file is run or people are drawn."""
        if self.channels not in (*CHANNELS, GRAY):
            return f'channels is {self.channels!r:.80}'
        count = 1 if self.channels == GRAY else 3
        if not len(self.mean) == len(self.std) == count or 0 in self.std:
            return 'mean and std do not belong to its channels'
        if min(self.input_size) < 1 or not 0 < self.box_padding < 100:
            return f'input_size is {self.input_size}, box_padding {self.box_padding}'
        points, links = len(self.keypoint_names), self.skeleton_links
        colors = self.keypoint_colors, self.skeleton_link_colors
        if (
            any(
                len(link) != 2 or not 0 <= min(link) <= max(link) < points
                for link in links
            )
            or [len(given) for given in colors] != [points, len(links)]
            or any(
                len(color) != 3 or not 0 <= min(color) <= max(color) < 256
                for color in itertools.chain(*colors)
            )
        ):
            return 'skeleton and colors do not belong to its keypoints'
        return None if 'type' in self.codec else 'the codec has no type'


def _fits(value: Any, kind: Any) -> bool:
    """Return whether what json gave is of the type of a field."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is dict:
        return isinstance(value, dict)
    if origin in (list, tuple):
        kinds = (
            parts * len(value) if origin is list and isinstance(value, list) else parts
        )
        return (
            isinstance(value, list)
            and len(value) == len(kinds)
            and all(map(_fits, value, kinds))
        )
    if kind is float:
        return type(value) in (int, float) and abs(value) < 1e30
    return type(value) is kind


def _choose_fields(found: Any, source: str | Path) -> dict[str, Any]:
    """Return the fields of :class:`Metadata` of what was read in a file."""
    fields = {field.name: field.default for field in dataclasses.fields(Metadata)}
    found = found if isinstance(found, dict) else {}
    missing = [
        name
        for name, default in fields.items()
        if name not in found and default is dataclasses.MISSING
    ]
    if missing:
        raise UserError(
            f'{source} does not say how to run it, its metadata lack '
            f'{", ".join(missing[:3])}{", …" * (len(missing) > 3)}: export the '
            'model with `mmpose-light export`'
        )
    return {name: found[name] for name in fields if name in found}


def _parse(name: str, text: str, file: str | Path) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(
            f'{file} has metadata that are no json: {name} is {text!r:.80}'
        ) from error


#: What metadata take of MMPose's ``dataset_meta``.
DATASET_KEYS = (
    'dataset_name',
    'keypoint_id2name',
    'flip_pairs',
    'skeleton_links',
    'keypoint_colors',
    'skeleton_link_colors',
)


def describe_dataset(dataset_meta: dict[str, Any]) -> dict[str, Any]:
    """Return what :class:`Metadata` holds of MMPose's ``dataset_meta`` of a model.

    Raises:
        UserError: If it lacks any of that.
    """
    missing = [key for key in DATASET_KEYS if dataset_meta.get(key) is None]
    if missing:
        raise UserError(f'the dataset_meta of the model lack {", ".join(missing)}')
    names = dataset_meta['keypoint_id2name']
    pairs = {tuple(sorted(map(int, pair))) for pair in dataset_meta['flip_pairs']}
    return dict(
        dataset=dataset_meta['dataset_name'],
        keypoint_names=[names[number] for number in sorted(names)],
        flip_pairs=[list(pair) for pair in sorted(pairs)],
        skeleton_links=[
            list(map(int, link)) for link in dataset_meta['skeleton_links']
        ],
        keypoint_colors=np.asarray(dataset_meta['keypoint_colors']).tolist(),
        skeleton_link_colors=np.asarray(dataset_meta['skeleton_link_colors']).tolist(),
    )
