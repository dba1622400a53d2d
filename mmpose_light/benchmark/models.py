"""The models of the benchmark: ours, MMPose's, and any config besides.

All have random weights: neither the time nor the memory of a model depends on what it
has learned.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.models import TopdownPoseEstimator, build_pose_estimator

from ..apis.models import find_model
from ..apis.zoo import ALL, PEERS, ZOO
from ..utils.complexity import count_macs, count_parameters
from ..utils.errors import UserError
from ..utils.repository import find_repository
from .published import find_published

#: Names of sizes in configs that go with the input size.
SIZES = ('input_size', 'heatmap_size', 'in_featuremap_size')


@dataclass(frozen=True)
class Card:
    """A model, and what is known about it before anything is measured."""

    name: str  # how it is called in options and files
    label: str  # how it is called in tables and plots
    config: Path
    ours: bool  # whether it is a model of this repository; peers are not
    input_size: tuple[int, int] | None = None  # width and height in pixels
    parameters: int | None = None
    macs: int | None = None  # multiply-accumulates for one image
    ap: float | None = None  # published AP on COCO val2017, at that input size
    ap_source: str | None = None  # where that is published
    ap_reproduced: bool | None = None  # whether those who tell it measured it


def find_models(
    models: Sequence[str | Path], zoo: Mapping[str, tuple[str, str]] = ZOO
) -> list[Card]:
    """Find the models that are asked for.

    Args:
        models (Sequence[str | Path]): Names in the table, ``'all'`` for all of them,
            and whatever else :func:`~mmpose_light.apis.models.find_model` takes.
        zoo (Mapping[str, tuple[str, str]]): The table of models.

    Returns:
        list[Card]: Each model once, in the order given; nothing is counted yet.

    Raises:
        UserError: If a name is unknown, two models are called the same, or there is
            no model at all.
        MissingFileError: If a config does not exist.
    """
    own = (find_repository() / 'configs').resolve()
    cards = {}
    for model in [m for m in models for m in (zoo if m == ALL else (m,))]:
        if model in zoo:
            name, (label, config) = model, zoo[model]
            size = re.search(r'-(\d+x\d+)$', name)
            label = f'{label} {size[1]}' if size else label
            found = find_model(config if '::' in config else own / config)
        else:
            found = find_model(model)
            name = label = found.name
        path = found.config.absolute()
        lies = path.resolve()
        ours = lies.is_relative_to(own) and not lies.is_relative_to(own / PEERS)
        card = Card(name, label, path, ours)
        if cards.setdefault(name, card) != card:
            raise UserError(
                f'two models would be called {name}: {cards[name].config} and {path}. '
                'Rename one of the files'
            )
    if not cards:
        raise UserError(
            f'no model to measure: name some of {", ".join(zoo)}, or config files'
        )
    return list(cards.values())


def count_model(card: Card, input_size: tuple[int, int] | None = None) -> Card:
    """Fill in input size, parameters and MACs of a model.

    The input size is width and height in pixels; ``None`` for the config's own.
    """
    config = load_config(card.config, input_size)
    with torch.device('meta'):  # shapes are all it takes
        model = build_model(config)
    size = get_input_size(config)
    return replace(
        card,
        input_size=size,
        parameters=count_parameters(model),
        macs=count_macs(model, size),
    )


def describe_model(card: Card, input_size: tuple[int, int] | None = None) -> Card:
    """Fill in what is known about a model without running it, as far as can be told."""
    try:
        own_size = get_input_size(load_config(card.config))
        card = count_model(card, input_size)
    except Exception:  # whoever runs it meets the same error, and reports it
        return card
    published = find_published(card.config)
    if published is None or card.input_size != own_size:
        return card
    return replace(
        card,
        ap=published.ap,
        ap_source=published.source,
        ap_reproduced=published.reproduced,
    )


def load_config(path: Path, input_size: tuple[int, int] | None = None) -> Config:
    """Read a config, for another input size (width and height) if so wished.

    Every size in the config that goes with it (:data:`SIZES`) is scaled alike.

    Raises:
        UserError: If the config tells no input size, or a size that goes with it
            would not be a whole number.
    """
    config = Config.fromfile(path)
    old = get_input_size(config)
    if input_size is None or tuple(input_size) == old:
        return config
    return Config(_scale_sizes(config.to_dict(), old, tuple(input_size)))


def get_input_size(config: Config) -> tuple[int, int]:
    """Return width and height of the input of a top-down model's config, in pixels.

    Raises:
        UserError: If it has no codec with an input size.
    """
    codec = config.get('codec')
    codec = codec[0] if isinstance(codec, list | tuple) else codec
    if not codec or 'input_size' not in codec:
        raise UserError(
            f'config {config.filename} has no codec.input_size, as configs of top-down '
            'models do'
        )
    width, height = codec['input_size']
    return width, height


def build_model(config: Config) -> TopdownPoseEstimator:
    """Build a model with random weights, in eval mode; nothing is downloaded for it.

    Raises:
        UserError: If it is no top-down model.
    """
    init_default_scope(config.get('default_scope', 'mmpose'))
    model = build_pose_estimator(config.model)
    if not isinstance(model, TopdownPoseEstimator):
        raise UserError(
            f'config {config.filename} makes a {type(model).__name__}: only top-down '
            'models can be measured'
        )
    return model.eval()


def _scale_sizes(
    node: Any, old: tuple[int, int], new: tuple[int, int], key: str = ''
) -> Any:
    """Copy a part of a config with its sizes scaled."""
    if isinstance(node, dict):
        return {k: _scale_sizes(v, old, new, k) for k, v in node.items()}
    if key in SIZES:
        scaled = [divmod(n * b, a) for n, a, b in zip(node, old, new, strict=True)]
        if any(rest for _, rest in scaled):
            raise UserError(
                f'input size {new[0]} {new[1]} does not fit: {key} is '
                f'{tuple(node)} at {old[0]} {old[1]}, and would be no whole number'
            )
        return type(node)(number for number, _ in scaled)
    if isinstance(node, list | tuple):
        return type(node)(_scale_sizes(item, old, new) for item in node)
    return node
