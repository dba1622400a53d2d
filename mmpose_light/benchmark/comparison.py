"""The comparison of published models, as rows of tables.

Parameters and MACs are counted on the models that are at hand: ours, MMPose's and
peers. What is published of them comes from the metafiles beside their configs, and the
rows of the papers' tables from the file that quotes them. Nothing is measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..apis.zoo import ALL
from ..utils.errors import UserError
from ..utils.files import read_json, write_json
from .models import Card, count_model, find_models
from .progress import OnStep, Step, ignore
from .published import COCO, MPII, TEST_DEV, list_published
from .quoted import METRICS, ZOOS, Quotations, Row
from .tables import show_input

#: Whose models are counted for each data set.
COUNTED = {COCO: COCO, TEST_DEV: COCO, MPII: MPII}

#: What is counted of a model.
COUNTS = 'input_size', 'parameters', 'macs'

#: The models that are counted, by data set, :data:`COCO` or :data:`MPII`, and name.
Counts = Mapping[str, Mapping[str, Card]]


def count_models(on_step: OnStep = ignore) -> dict[str, dict[str, Card]]:
    """Count the parameters and MACs of all models at hand, by data set and name."""
    counts = {COCO: {}, MPII: {}}
    for dataset, counted in counts.items():
        cards = find_models([ALL], zoo=ZOOS[dataset])
        for done, card in enumerate(cards, 1):
            counted[card.name] = count_model(card)
            on_step(Step(f'Models for {dataset}', card.label, done, len(cards)))
    return counts


def write_counts(counts: Counts, path: str | Path) -> None:
    """Write down what was counted, as JSON."""
    content = {
        dataset: {
            name: {key: getattr(card, key) for key in COUNTS}
            for name, card in cards.items()
        }
        for dataset, cards in counts.items()
    }
    write_json(path, content)


def read_counts(path: str | Path) -> dict[str, dict[str, Card]]:
    """Read what :func:`write_counts` wrote.

    Raises:
        MissingFileError: If it does not exist.
        UserError: If a model is missing in it.
    """
    remedy = 'count again, without --no-count'
    content = read_json(path, remedy)
    counts = {COCO: {}, MPII: {}}
    for dataset, counted in counts.items():
        for card in find_models([ALL], zoo=ZOOS[dataset]):
            try:
                found = content[dataset][card.name]
                size = tuple(found['input_size'])
                counted[card.name] = replace(card, **{**found, 'input_size': size})
            except (KeyError, TypeError) as error:
                raise UserError(
                    f'{path} does not tell {card.name} for {dataset}: {remedy}'
                ) from error
    return counts


def list_rows(dataset: str, counts: Counts, quotations: Quotations) -> list[Row]:
    """List every published result on a data set, a key of :data:`METRICS`.

    They are in order of parameters; results that agree are one row.

    Raises:
        UserError: If a quoted row has another input size than its model.
    """
    counted = counts[COUNTED[dataset]]
    rows = []
    for card in counted.values():
        for published in list_published(card.config):
            metrics = {
                name: published.metrics[name]
                for name in METRICS[dataset]
                if name in published.metrics
            }
            if published.dataset == dataset and metrics:
                row = Row(
                    dataset=dataset,
                    network=card.name,
                    label=ZOOS[dataset][card.name][0],
                    **{key: getattr(card, key) for key in COUNTS},
                    counted=True,
                    ours=card.ours,
                    metrics=metrics,
                    sources=(published.source,),
                    reproduced=published.reproduced,
                )
                rows.append(row)
    rows += [
        _count_quoted(row, counted) for row in quotations.rows if row.dataset == dataset
    ]
    return sorted(_merge(rows), key=_order)


def make_cards(rows: Sequence[Row]) -> list[Card]:
    """Make a card of every model, as the plots take them.

    Returns one for each model and input size whose parameters are known, with the AP
    on COCO val2017 of those who measured it themselves, if there is one.
    """
    cards = {}
    for row in sorted(rows, key=lambda row: not row.reproduced):
        if row.parameters is None or 'AP' not in row.metrics:
            continue
        size = show_input(row.input_size)
        card = Card(
            name=f'{row.label} {size}',
            label=row.label if size == '256x192' else f'{row.label} {size}',
            config=Path(),
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


def _count_quoted(row: Row, counted: Mapping[str, Card]) -> Row:
    """Tell a quoted row what was counted of its network, if it is at hand."""
    count = counted.get(row.network)
    if count is None:
        return row
    if count.input_size != row.input_size:
        raise UserError(
            f'{row.sources[0]}: {row.network} is quoted at '
            f'{show_input(row.input_size)} and counted at '
            f'{show_input(count.input_size)}: name the model of that size, or ~'
        )
    return replace(row, parameters=count.parameters, macs=count.macs, counted=True)


def _merge(rows: Sequence[Row]) -> list[Row]:
    """Make results that agree one row, with all their sources."""
    merged = {}
    for row in rows:
        key = repr(replace(row, network=None, sources=(), reproduced=False))
        first = merged.get(key)
        merged[key] = (
            replace(first, sources=first.sources + row.sources) if first else row
        )
    return list(merged.values())


def _order(row: Row) -> tuple:
    """Order by parameters, those of a model by its input, MMPose's result first."""
    parameters = float('inf') if row.parameters is None else row.parameters
    return parameters, row.label, row.input_size or (0, 0), not row.reproduced
