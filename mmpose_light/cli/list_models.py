"""``mmpose-light list-models``: the names of models, and what is known of them."""

import argparse
from collections.abc import Sequence
from typing import Any

from ..utils.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        'List the models that commands know by name. Any other is named by its config '
        'file; a config of MMPose also by its name, or as mmpose::….'
    )
    parser.add_argument(
        'pattern', nargs='?', help="what the names are to be like, such as '*p0*'"
    )
    parser.add_argument(
        '--trained',
        action='store_true',
        default=False,
        help='only models whose weights come along',
    )


def main(pattern: str = '*', trained: bool = False) -> None:
    """List the models."""
    from ..apis.models import DEFAULT_MODEL, Model, find_model, list_models

    names = list_models(pattern, trained)
    if not names:
        kind = 'trained model' if trained else 'model'
        raise UserError(f'no {kind} is called {pattern!r}: leave the pattern out')

    def describe(model: Model) -> tuple[str, ...]:
        about = model.metafile.get('Metadata', {})
        return (
            model.name,
            _count(about.get('Parameters'), 1e6, 'M'),
            _count(about.get('MACs'), 1e9, 'G'),
            _results(model.metafile.get('Results', [])),
            _weights(model.weights, model.name == DEFAULT_MODEL),
            '' if model.name == model.config.stem else model.config.name,
        )

    head = 'name', 'parameters', 'MACs', 'results', 'weights', 'config'
    _print_table([head, *(describe(find_model(name)) for name in names)])


def _weights(weights: object, default: bool) -> str:
    """Tell whether weights come along, and whether `infer` takes them by itself."""
    return '' if weights is None else 'with it, the default' if default else 'with it'


def _count(number: int | None, unit: float, sign: str) -> str:
    return '' if number is None else f'{number / unit:.2f} {sign}'


def _results(results: list[dict[str, Any]]) -> str:
    """Tell the first metric of each data set."""
    told = []
    for result in results:
        dataset, _, note = result['Dataset'].partition(' (')
        metric, value = next(iter(result['Metrics'].items()))
        told.append(f'{dataset} {metric} {value}{"*" if "published" in note else ""}')
    return ', '.join(told)


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows, the first of them the head, with columns that are not empty."""
    columns = [column for column in zip(*rows, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    for row in zip(*columns, strict=True):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print('  '.join(cells).rstrip())
    if any('*' in cell for row in rows[1:] for cell in row):
        print('* published by the authors, not reproduced')
