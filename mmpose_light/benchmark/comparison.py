"""The comparison of published networks, as rows, a page of tables and a picture.

Parameters and MACs are counted on the networks that are at hand: ours, MMPose's and
peers. What is published of them comes from the metafiles beside their configs, and the
rows of the papers' tables from the file that quotes them. Nothing is measured.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from rich.progress import Progress

from ..utils.complexity import count_macs, count_parameters
from ..utils.files import whole_file
from .models import Subject, build_model, find_subjects, get_input_size, load_config
from .published import COCO, MPII, TEST_DEV, list_published
from .quoted import METRICS, ZOOS, Quotation, Quotations
from .report import Card
from .tables import show_input
from .zoo import ALL

#: Whose networks are counted for each data set.
COUNTED = {COCO: COCO, TEST_DEV: COCO, MPII: MPII}


@dataclass(frozen=True)
class Count:
    """What is counted of a network.

    Attributes:
        input_size (tuple[int, int]): Width and height in pixels.
        parameters (int): Number of parameters.
        macs (int): Multiply-accumulates of an image.
    """

    input_size: tuple[int, int]
    parameters: int
    macs: int


#: Counts by data set, :data:`COCO` or :data:`MPII`, and name.
Counts = Mapping[str, Mapping[str, Count]]


@dataclass(frozen=True)
class Row:
    """A result of a network.

    Attributes:
        label (str): What the network is called.
        input_size (tuple[int, int] | None): Width and height in pixels.
        parameters (float | None): Number of parameters.
        macs (float | None): Multiply-accumulates of an image.
        counted (bool): Whether these two are counted, and not quoted.
        ours (bool): Whether it is a network of this package.
        metrics (dict[str, float]): From 0 to 100.
        sources (tuple[str, ...]): Who publishes it: a URL, or paper and table.
        reproduced (bool): Whether they measured it.
    """

    label: str
    input_size: tuple[int, int] | None
    parameters: float | None
    macs: float | None
    counted: bool
    ours: bool
    metrics: dict[str, float]
    sources: tuple[str, ...]
    reproduced: bool


def count_networks(progress: Progress | None = None) -> dict[str, dict[str, Count]]:
    """Count the parameters and MACs of all networks at hand.

    Args:
        progress (Progress, optional): Shows how far it is. Defaults to ``None``

    Returns:
        dict[str, dict[str, Count]]: By data set and name.
    """
    progress = progress or Progress(disable=True)
    counts = {}
    for dataset in (COCO, MPII):
        subjects = find_subjects([ALL], zoo=ZOOS[dataset])
        counts[dataset] = {
            subject.name: count_network(subject)
            for subject in progress.track(subjects, description=dataset)
        }
    return counts


def count_network(subject: Subject) -> Count:
    """Count the parameters and MACs of a network.

    Args:
        subject (Subject): The network.

    Returns:
        Count: What was counted.

    Example:
        >>> from mmpose_light.benchmark.comparison import count_network
        >>> from mmpose_light.benchmark.models import find_subjects
        >>> count_network(find_subjects(['small-hrnet-w16'])[0]).parameters
        1284961
    """
    config = load_config(subject.config)
    with torch.device('meta'):  # shapes are all it takes
        model = build_model(config)
    size = get_input_size(config)
    return Count(size, count_parameters(model), count_macs(model, size))


def write_counts(counts: Counts, path: str | Path) -> None:
    """Write down what was counted, as JSON.

    Args:
        counts (Counts): What was counted.
        path (str | Path): The file.
    """
    content = {
        dataset: {name: vars(count) for name, count in networks.items()}
        for dataset, networks in counts.items()
    }
    with whole_file(path) as part:
        part.write_text(json.dumps(content, indent=1) + '\n', encoding='utf-8')


def read_counts(path: str | Path) -> dict[str, dict[str, Count]]:
    """Read what was counted before.

    Args:
        path (str | Path): What :func:`write_counts` wrote.

    Returns:
        dict[str, dict[str, Count]]: By data set and name.
    """
    content = json.loads(Path(path).read_text(encoding='utf-8'))
    return {
        dataset: {
            name: Count(tuple(c['input_size']), c['parameters'], c['macs'])
            for name, c in networks.items()
        }
        for dataset, networks in content.items()
    }


def list_rows(dataset: str, counts: Counts, quotations: Quotations) -> list[Row]:
    """List every published result on a data set.

    Args:
        dataset (str): Key of :data:`METRICS`.
        counts (Counts): What was counted of the networks at hand.
        quotations (Quotations): The rows of the papers' tables.

    Returns:
        list[Row]: In order of parameters; results that agree are one row.

    Raises:
        ValueError: If a quoted row has another input size than its network.
    """
    zoo, counted = ZOOS[dataset], counts[COUNTED[dataset]]
    rows = []
    for subject in find_subjects([ALL], zoo=zoo):
        for published in list_published(subject.config):
            metrics = {
                name: published.metrics[name]
                for name in METRICS[dataset]
                if name in published.metrics
            }
            if published.dataset == dataset and metrics:
                row = Row(
                    label=zoo[subject.name][0],
                    **vars(counted[subject.name]),
                    counted=True,
                    ours=subject.ours,
                    metrics=metrics,
                    sources=(published.source,),
                    reproduced=published.reproduced,
                )
                rows.append(row)
    rows += [
        _make_quoted_row(quotation, counted)
        for quotation in quotations.rows
        if quotation.dataset == dataset
    ]
    return sorted(_merge(rows), key=_order)


def make_cards(rows: Sequence[Row]) -> list[Card]:
    """Make a card of every network, as the pictures take them.

    Args:
        rows (Sequence[Row]): Results on COCO val2017.

    Returns:
        list[Card]: One for each network and input size whose parameters are known, with
        the AP of those who measured it themselves, if there is one.
    """
    cards = {}
    for row in sorted(rows, key=lambda row: not row.reproduced):
        if row.parameters is None or 'AP' not in row.metrics:
            continue
        size = show_input(row.input_size)
        card = Card(
            name=f'{row.label} {size}',
            label=row.label if size == '256x192' else f'{row.label} {size}',
            config='',
            ours=row.ours,
            input_size=row.input_size,
            parameters=row.parameters,
            macs=row.macs,
            ap=row.metrics['AP'],
            ap_source=row.sources[0],
            ap_reproduced=row.reproduced,
        )
        cards.setdefault(card.name, card)
    return list(cards.values())


def _make_quoted_row(quotation: Quotation, counted: Mapping[str, Count]) -> Row:
    count = counted.get(quotation.network)
    if count and count.input_size != quotation.input_size:
        raise ValueError(
            f'{quotation.source}: {quotation.network} is quoted at '
            f'{show_input(quotation.input_size)} and counted at '
            f'{show_input(count.input_size)}: name the network of that size, or ~'
        )
    return Row(
        label=quotation.label,
        input_size=quotation.input_size,
        parameters=count.parameters if count else quotation.parameters,
        macs=count.macs if count else quotation.macs,
        counted=count is not None,
        ours=False,
        metrics=quotation.metrics,
        sources=(quotation.source,),
        reproduced=False,
    )


def _merge(rows: Sequence[Row]) -> list[Row]:
    """Make results that agree one row, with all their sources."""
    merged = {}
    for row in rows:
        key = repr(replace(row, sources=(), reproduced=False))
        first = merged.get(key)
        merged[key] = (
            replace(first, sources=first.sources + row.sources) if first else row
        )
    return list(merged.values())


def _order(row: Row) -> tuple:
    """Order by parameters, those of a network by its input, MMPose's result first."""
    parameters = float('inf') if row.parameters is None else row.parameters
    return parameters, row.label, row.input_size or (0, 0), not row.reproduced
