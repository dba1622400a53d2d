"""The study's tables: the runs, what they say on the papers' claims, how to read them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..utils.errors import MissingFileError
from .claims import Finding, describe_finding
from .intervals import DRAWS, Draws, Interval, make_interval
from .record import FINISHED, read_record, seconds_per_step, take_from_log

COLUMNS = {
    'Network': ':--',
    '#Params': '--:',
    'MACs': '--:',
    'AP': ':-:',
    'AP<sup>50</sup>': ':-:',
    'AP<sup>75</sup>': ':-:',
    'AR': ':-:',
    'PCK@0.2': ':-:',
    'Step': '--:',
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


def make_table(
    records: Sequence[dict[str, Any]],
    draws: Mapping[str, Draws] | None = None,
    findings: Sequence[Finding] = (),
) -> str:
    """Write the results as Markdown, and under them settings, hardware and warnings.

    Args:
        records (Sequence[dict]): The records of the runs.
        draws (Mapping[str, Draws], optional): The draws of the networks that were
            evaluated person by person, by name. Defaults to ``None``
        findings (Sequence[Finding]): What they say on the claims. Defaults to ``()``

    Returns:
        str: The text.
    """
    draws = draws or {}
    lines = [
        _row(COLUMNS),
        _row(COLUMNS.values()),
        *(_record_row(record, draws.get(record['network'])) for record in records),
        '',
        'AP and AR are OKS-based, PCK is normalized by the diagonal of the torso, all '
        'in percent, after the last evaluation. MACs are multiply-accumulates of one '
        'image. A step is one of training.',
    ]
    if draws:
        lines[-1] += (
            f' In brackets: the interval that holds 95% of {DRAWS} draws of as many '
            'people, with repetition.'
        )
    lines += ['', *_describe_settings(records), *_describe_left_out(records)]
    if findings:
        lines += ['', *_describe_findings(findings)]
    return '\n'.join(lines) + '\n'


def _describe_findings(findings: Sequence[Finding]) -> list[str]:
    """Write the claims' table."""
    head = {
        'Claim': ':--',
        'Networks': ':--',
        'AP': ':-:',
        'PCK@0.2': ':-:',
        'AP rises in': '--:',
        'So it': ':--',
    }
    return [
        'What is claimed, as the difference between two networks on the same people, in '
        'points of percent; in brackets the interval as above, of differences on the '
        'same draws. It says how sure the difference is for these two trainings; '
        'trainings with other random numbers differ, too.',
        '',
        _row(head),
        _row(head.values()),
        *(
            _row(
                [
                    finding.claim.text,
                    f'{finding.claim.better} – {finding.claim.worse}',
                    _format_interval(finding.ap, '+.1f'),
                    _format_interval(finding.pck, '+.1f'),
                    f'{finding.ap.positive:.0%} of draws',
                    describe_finding(finding),
                ]
            )
            for finding in findings
        ),
    ]


def _format_interval(interval: Interval, spec: str = '.1f') -> str:
    value, low, high = (
        format(100 * figure, spec)
        for figure in (interval.value, interval.low, interval.high)
    )
    return f'{value} ({low} to {high})'


def _row(cells: Sequence[str]) -> str:
    return f'| {" | ".join(cells)} |'


def _record_row(record: dict[str, Any], draws: Draws | None) -> str:
    results = final_results(record) or {}
    title = record['title']
    if record['status'] != FINISHED:
        title += (
            f' ({record["status"]}, {record["iterations"]} of '
            f'{record["settings"]["iterations"]} iterations)'
        )
    cells = {key: _format(results.get(key), 100, '.1f') for key in RESULTS}
    if draws is not None:
        for key, drawn in (('AP', draws.ap), ('PCK', draws.pck)):
            cells[key] = _format_interval(make_interval(drawn))
    memory, step = record.get('peak_memory'), seconds_per_step(record)
    return _row(
        [
            title,
            f'{record["parameters"] / 1e6:.2f} M',
            f'{record["macs"] / 1e9:.2f} G',
            *cells.values(),
            '–' if step is None else f'{step:.3g} s',
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
