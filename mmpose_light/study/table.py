"""The study's table: a row for each run, and what has to be known to read it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..utils.errors import MissingFileError
from .record import FINISHED, images_per_second, read_record, take_from_log

COLUMNS = {
    'Network': ':--',
    '#Params': '--:',
    'MACs': '--:',
    'AP': ':-:',
    'AP<sup>50</sup>': ':-:',
    'AP<sup>75</sup>': ':-:',
    'AR': ':-:',
    'PCK@0.2': ':-:',
    'Images/s': '--:',
    'Memory': '--:',
    'Learning rate': '--:',
}
RESULTS = ('AP', 'AP50', 'AP75', 'AR', 'PCK')
#: What makes two runs comparable, and how a table says it.
SHARED = {
    'protocol': 'protocol',
    'iterations': 'iterations',
    'batch_size': 'batch size',
    'optimizer': 'optimizer',
    'precision': 'precision',
    'seed': 'seed',
    'train_people': 'people to train on',
    'val_people': 'people to validate on',
}
#: Not shown, but to be the same as well.
_HIDDEN = {
    'train_sha256': 'training data',
    'val_sha256': 'validation data',
}


def read_records(folder: str | Path) -> list[dict[str, Any]]:
    """Read the records of all runs in a folder that were started, in the study's order.

    Of a run that has not ended, what it has logged so far is read, too.

    Raises:
        MissingFileError: If there is none.
        UserError: If a JSON file is no record.
    """
    records = [read_record(path) for path in sorted(Path(folder).glob('*.json'))]
    if not records:
        raise MissingFileError(
            f'{folder} has no JSON files of runs: give the --work-dir of '
            '`mmpose-light study run`'
        )
    for record in records:
        if record['status'] != FINISHED:
            take_from_log(record, Path(folder, record['network']))
    return sorted(records, key=lambda record: (record['order'], record['network']))


def final_results(record: dict[str, Any]) -> dict[str, float | None] | None:
    """Return what a run's last evaluation gave, from 0 to 1.

    ``None`` where nothing was evaluated.
    """
    return record['evaluations'][-1] if record['evaluations'] else None


def make_table(records: Sequence[dict[str, Any]]) -> str:
    """Write the results as Markdown, and under them settings, hardware and warnings."""
    lines = [_row(COLUMNS), _row(COLUMNS.values()), *map(_record_row, records), '']
    lines.append(
        'AP and AR are OKS-based, PCK is normalized by the diagonal of the torso, all '
        'in percent, after the last evaluation. MACs are multiply-accumulates of one '
        'image. Images per second are those of training.'
    )
    lines += ['', *_describe_settings(records), *_describe_left_out(records)]
    return '\n'.join(lines) + '\n'


def _row(cells: Sequence[str]) -> str:
    return f'| {" | ".join(cells)} |'


def _record_row(record: dict[str, Any]) -> str:
    results = final_results(record) or {}
    title = record['title']
    if record['status'] != FINISHED:
        title += (
            f' ({record["status"]}, {record["iterations"]} of '
            f'{record["settings"]["iterations"]} iterations)'
        )
    memory = record.get('peak_memory')
    return _row(
        [
            title,
            f'{record["parameters"] / 1e6:.2f} M',
            f'{record["macs"] / 1e9:.2f} G',
            *(_format(results.get(key), 100, '.1f') for key in RESULTS),
            _format(images_per_second(record), 1, '.3g'),
            '–' if memory is None else f'{memory / 2**30:.1f} GiB',
            f'{record["settings"]["lr"]:g}',
        ]
    )


def _format(value: float | None, factor: float, spec: str) -> str:
    return '–' if value is None else f'{factor * value:{spec}}'


def _values(records: Sequence[dict[str, Any]], key: str) -> list[Any]:
    """The values that runs have in a setting, each once."""
    return list(dict.fromkeys(record['settings'].get(key) for record in records))


def _describe_settings(records: Sequence[dict[str, Any]]) -> list[str]:
    """Say what the runs share, and warn of what they do not."""
    shared, different = [], []
    for key, name in (SHARED | _HIDDEN).items():
        values = _values(records, key)
        if len(values) > 1:
            different.append(
                name if key in _HIDDEN else f'{name} ({", ".join(map(str, values))})'
            )
        elif key in SHARED:
            shared.append(f'{name} {values[0]}')
    hardware = dict.fromkeys(record['hardware'] for record in records)
    torch = dict.fromkeys(str(record['versions'].get('torch')) for record in records)
    lines = [
        f'All runs: {", ".join(shared)}.',
        '',
        f'Hardware: {"; ".join(hardware)}. torch {", ".join(torch)}.',
    ]
    if different:
        lines += ['', f'**Not comparable**, runs differ in {"; ".join(different)}.']
    return lines


def _describe_left_out(records: Sequence[dict[str, Any]]) -> list[str]:
    """Say on how many people PCK was measured."""
    counts = dict.fromkeys(
        (results['PCK_people'], results['PCK_left_out'])
        for results in map(final_results, records)
        if results
    )
    return [
        line
        for people, left_out in counts
        for line in (
            '',
            f'PCK is measured on {people} people; {left_out} have no diagonal with '
            'both ends labelled and are left out.',
        )
    ]
