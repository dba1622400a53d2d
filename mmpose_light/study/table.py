"""The study's tables: the runs, what they say on the papers' claims, how to read them."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..utils.errors import MissingFileError
from .claims import Finding
from .intervals import RESAMPLES, Interval, make_interval
from .record import (
    FINISHED,
    HIDDEN,
    SHARED,
    final_results,
    read_record,
    seconds_per_step,
    take_from_log,
)

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


def make_table(
    records: Sequence[dict[str, Any]],
    resampled: Mapping[str, dict[str, np.ndarray]] | None = None,
    findings: Sequence[Finding] = (),
) -> str:
    """Write the results as Markdown, and under them settings, hardware and warnings.

    Args:
        records (Sequence[dict]): The records of the runs.
        resampled (Mapping[str, dict[str, np.ndarray]], optional): AP and PCK on
            resamples of the people, of networks that were evaluated person by person,
            by name. Defaults to ``None``
        findings (Sequence[Finding]): What they say on the claims. Defaults to ``()``

    Returns:
        str: The text.
    """
    resampled = resampled or {}
    about = (
        'AP and AR are OKS-based, PCK is normalized by the diagonal of the torso, all '
        'in percent, after the last evaluation. MACs are multiply-accumulates of one '
        'image. A step is one of training.'
    )
    if resampled:
        about += (
            ' In brackets: 95% bootstrap confidence intervals over people '
            f'({RESAMPLES:,} resamples).'
        )
    lines = [
        _row(COLUMNS),
        _row(COLUMNS.values()),
        *(
            _record_row(record, resampled.get(record['network'], {}))
            for record in records
        ),
        '',
        about,
        '',
        *_describe_settings(records),
        *_describe_left_out(records),
    ]
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
        'Verdict': ':--',
    }
    rows = [
        [
            finding.claim.text,
            f'{finding.claim.better} – {finding.claim.worse}',
            *(
                _format(value, 100, '+.1f')
                + _format_interval(finding.intervals[key], '+.1f')
                for key, value in finding.differences.items()
            ),
            finding.verdict,
        ]
        for finding in findings
    ]
    return [
        "The papers' claims, as differences between two networks on the same people, in "
        'points of percent; in brackets 95% bootstrap confidence intervals, both '
        'networks on the same resamples. The verdict is by the interval of AP. It '
        'holds for these two trainings: what other random numbers in training would '
        'change is not in it, and of many intervals of 95% some miss.',
        '',
        _row(head),
        _row(head.values()),
        *map(_row, rows),
    ]


def _format_interval(interval: Interval, spec: str = '.1f') -> str:
    """Write an interval behind its figure, in percent; nothing where it is none."""
    if not math.isfinite(interval.low):
        return ''
    return f' ({100 * interval.low:{spec}} to {100 * interval.high:{spec}})'


def _row(cells: Sequence[str]) -> str:
    return f'| {" | ".join(cells)} |'


def _record_row(record: dict[str, Any], resampled: dict[str, np.ndarray]) -> str:
    results = final_results(record) or {}
    title = record['title']
    if record['status'] != FINISHED:
        title += (
            f' ({record["status"]}, {record["iterations"]} of '
            f'{record["settings"]["iterations"]} iterations)'
        )
    cells = {key: _format(results.get(key), 100, '.1f') for key in RESULTS}
    for key, figures in resampled.items():
        cells[key] += _format_interval(make_interval(figures))
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
    for key, name in (SHARED | HIDDEN).items():
        values = _values(records, key)
        if len(values) > 1:
            different.append(
                name if key in HIDDEN else f'{name} ({", ".join(map(str, values))})'
            )
        elif key in SHARED:
            shared.append(f'{name} {values[0]}')
    hardware = dict.fromkeys(record['hardware'] for record in records)
    versions = [
        f'{name} {", ".join(dict.fromkeys(str(r["versions"].get(name)) for r in records))}'
        for name in ('mmpose_light', 'torch')
    ]
    lines = [
        f'All runs: {", ".join(shared)}.',
        '',
        f'Hardware: {"; ".join(hardware)}. Versions: {"; ".join(versions)}.',
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
