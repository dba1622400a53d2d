"""The networks of the benchmark: ours, MMPose's, and any config besides.

All have random weights: neither the time nor the memory of a network depends on what
it has learned.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.models import TopdownPoseEstimator, build_pose_estimator

from ..utils.repository import find_repository
from .published import HOST
from .zoo import ALL, PEERS, ZOO

#: Names of sizes in configs that go with the input size.
SIZES = ('input_size', 'heatmap_size', 'in_featuremap_size')


@dataclass(frozen=True)
class Subject:
    """A network of the benchmark.

    Attributes:
        name (str): How it is called in options and files.
        label (str): How it is called in tables and pictures.
        config (Path): Its config file.
        ours (bool): Whether it is a network of this repository; peers are not.
    """

    name: str
    label: str
    config: Path
    ours: bool


def find_subjects(
    models: Sequence[str],
    configs: Sequence[str | Path] = (),
    zoo: Mapping[str, tuple[str, str]] = ZOO,
) -> list[Subject]:
    """Find the networks that are asked for.

    Args:
        models (Sequence[str]): Names in the table; ``'all'`` stands for all of them.
        configs (Sequence[str | Path]): Config files besides, or names of MMPose's own
            (``'mmpose::…'``); a network is then called as its file, without suffix.
            Defaults to ``()``
        zoo (Mapping[str, tuple[str, str]]): The table of networks. Defaults to
            :data:`ZOO`

    Returns:
        list[Subject]: Each network once, in the order given.

    Raises:
        ValueError: If a name is unknown, two configs are called the same, or there is
            no network at all.
        FileNotFoundError: If a config does not exist.

    Example:
        >>> from mmpose_light.benchmark.models import find_subjects
        >>> find_subjects(['hrnet-w32'])[0].label
        'HRNet-W32'
    """
    unknown = [name for name in models if name not in (*zoo, ALL)]
    if unknown:
        raise ValueError(
            f'model {unknown[0]!r} is unknown: {", ".join((*zoo, ALL))} would do; '
            'anything else by its config file'
        )
    if not models and not configs:
        raise ValueError(
            f'no network to measure: name some of {", ".join(zoo)}, or config files'
        )
    own = (find_repository() / 'configs').resolve()
    subjects = {}
    names = [n for name in models for n in (zoo if name == ALL else (name,))]
    for name in names:
        label, config = zoo[name]
        size = re.search(r'-(\d+x\d+)$', name)
        label = f'{label} {size[1]}' if size else label
        path = _find_config(config if config.startswith('mmpose::') else own / config)
        subjects[name] = Subject(name, label, path, _is_ours(path, own))
    for config in configs:
        path = _find_config(config)
        subject = Subject(path.stem, path.stem, path, _is_ours(path, own))
        if subjects.setdefault(path.stem, subject) != subject:
            raise ValueError(
                f'two networks would be called {path.stem}: '
                f'{subjects[path.stem].config} and {path}. Rename one of the files'
            )
    return list(subjects.values())


def load_config(path: Path, input_size: tuple[int, int] | None = None) -> Config:
    """Read a config, for another input size if so wished.

    Args:
        path (Path): The file.
        input_size (tuple[int, int], optional): Width and height in pixels. Every size
            in the config that goes with it (:data:`SIZES`) is scaled alike. Defaults
            to ``None``, the config's own

    Returns:
        Config: The config.

    Raises:
        ValueError: If the config tells no input size, or a size that goes with it
            would not be a whole number.
    """
    config = Config.fromfile(path)
    old = get_input_size(config)
    if input_size is None or tuple(input_size) == old:
        return config
    return Config(_scale_sizes(config.to_dict(), old, tuple(input_size)))


def get_input_size(config: Config) -> tuple[int, int]:
    """Return the input size of a config.

    Args:
        config (Config): Config of a top-down model.

    Returns:
        tuple[int, int]: Width and height in pixels.

    Raises:
        ValueError: If it has no codec with an input size.
    """
    codec = config.get('codec')
    codec = codec[0] if isinstance(codec, list | tuple) else codec
    if not codec or 'input_size' not in codec:
        raise ValueError(
            f'config {config.filename} has no codec.input_size, as configs of top-down '
            'models do'
        )
    width, height = codec['input_size']
    return width, height


def build_model(config: Config) -> TopdownPoseEstimator:
    """Build a network with random weights, in eval mode.

    Args:
        config (Config): Config of a top-down model.

    Returns:
        TopdownPoseEstimator: The model; nothing is downloaded for it.

    Raises:
        ValueError: If it is no top-down model.
    """
    init_default_scope(config.get('default_scope', 'mmpose'))
    model = build_pose_estimator(config.model)
    if not isinstance(model, TopdownPoseEstimator):
        raise ValueError(
            f'config {config.filename} makes a {type(model).__name__}: only top-down '
            'models can be measured'
        )
    return model.eval()


def _is_ours(config: Path, own: Path) -> bool:
    return config.is_relative_to(own) and not config.is_relative_to(own / PEERS)


def _find_config(config: str | Path) -> Path:
    if str(config).startswith('mmpose::'):
        path = HOST / 'configs' / str(config).removeprefix('mmpose::')
        if not path.is_file():
            raise FileNotFoundError(
                f'config {config} is not in the installed MMPose: {path} does not exist'
            )
        return path
    path = Path(config)
    if not path.is_file():
        raise FileNotFoundError(f'config {path} does not exist')
    return path.resolve()


def _scale_sizes(
    node: Any, old: tuple[int, int], new: tuple[int, int], key: str = ''
) -> Any:
    """Copy a part of a config with its sizes scaled."""
    if isinstance(node, dict):
        return {k: _scale_sizes(v, old, new, k) for k, v in node.items()}
    if key in SIZES:
        scaled = [divmod(n * b, a) for n, a, b in zip(node, old, new, strict=True)]
        if any(rest for _, rest in scaled):
            raise ValueError(
                f'input size {new[0]} {new[1]} does not fit: {key} is '
                f'{tuple(node)} at {old[0]} {old[1]}, and would be no whole number'
            )
        return type(node)(number for number, _ in scaled)
    if isinstance(node, list | tuple):
        return type(node)(_scale_sizes(item, old, new) for item in node)
    return node
