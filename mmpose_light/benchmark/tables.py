"""The tables of a benchmark: for the terminal, as Markdown and as CSV."""

import csv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from ..utils.files import whole_file
from .models import Card
from .report import Cell, Report, dump_card
from .settings import Group

MARKDOWN, CSV = 'benchmark.md', 'benchmark.csv'
MISSING = '–'

#: Columns of the overview that tell what is known of a model without measuring.
KNOWN = 5
#: Characters that they need on a terminal, the name alone, and a time.
KNOWN_WIDTH, NAME_WIDTH, TIME_WIDTH = 65, 25, 16

#: Names of the environment as Markdown shows them; what is not here are versions.
_HARDWARE = ('cpu', 'instructions', 'cores', 'memory_gib', 'gpu', 'system')
_RUN = ('date', 'command')


def list_overview(report: Report) -> list[list[str]]:
    """List every model with its size, its published AP and its times, below the heads."""
    groups = report.groups
    heads = ['Network', 'Input', '#Params', 'MACs', 'AP']
    rows = [[*heads, *(group.title for group in groups)]]
    for card in report.cards:
        times = [_show_time(report, report.find(card.name, group)) for group in groups]
        rows.append([*_show_card(card), *times])
    return rows


def list_details(report: Report, group: Group) -> list[list[str]]:
    """List all that was measured of every model in one way, below the heads."""
    heads = ['Median ms', 'Quartiles', 'Runs', 'Images/s', 'Ratio']
    rows = [['Network', *heads, 'Peak memory, MiB', 'Loaded, MiB']]
    for card in report.cards:
        cell = report.find(card.name, group)
        if cell is None or cell.median_ms is None:
            rows.append([card.label, *[MISSING] * 7])
            continue
        ratio = report.ratio(cell)
        rows.append(
            [
                card.label,
                _show_ms(cell.median_ms),
                f'{_show_ms(cell.q1_ms)} to {_show_ms(cell.q3_ms)}',
                str(cell.runs),
                f'{cell.images_per_s:.1f}',
                f'{ratio:.2f}×' if ratio else MISSING,
                _show(cell.peak_memory_mib, '.0f'),
                _show(cell.loaded_memory_mib, '.0f'),
            ]
        )
    return rows


def make_tables(report: Report, width: int) -> list[Table | str]:
    """Make the overview in as many tables as a line of a terminal has room for."""
    rows = list_overview(report)
    times = range(KNOWN, len(rows[0]))
    if width >= KNOWN_WIDTH + TIME_WIDTH * len(times):
        parts = [range(len(rows[0]))]
    else:
        fitting = max(1, (width - NAME_WIDTH) // TIME_WIDTH)
        parts = [range(KNOWN)]
        parts += [
            [0, *times[first : first + fitting]]
            for first in range(0, len(times), fitting)
        ]
    tables = []
    for part in parts:
        table = Table()
        for column in part:
            cells = TIME_WIDTH - 3 if column in times else None
            justify = 'right' if column else 'left'
            table.add_column(rows[0][column], justify=justify, width=cells)
        for card, row in zip(report.cards, rows[1:], strict=True):
            style = 'bold' if card.ours else None
            table.add_row(*(row[column] for column in part), style=style)
        tables.append(table)
    return [*tables, _explain(report)]


def write_markdown(report: Report, out_dir: Path) -> Path:
    """Write everything as Markdown."""
    environment = report.environment
    versions = [
        f'{name} {value}'
        for name, value in environment.items()
        if name not in (*_HARDWARE, *_RUN)
    ]
    lines = [
        '# Benchmark',
        '',
        f'- CPU: {environment["cpu"]} ({environment["instructions"]}), '
        f'{report.settings["threads"]} threads on {environment["cores"]} cores, '
        f'{environment["memory_gib"]} GiB',
        f'- GPU: {environment["gpu"]}; measured on {report.settings["device"]}',
        f'- System: {environment["system"]}',
        f'- Versions: {", ".join(versions)}',
        f'- Date: {environment["date"]}',
    ]
    if environment['command']:
        lines += [f'- Command: `{environment["command"]}`']
    lines += ['', *make_markdown_table(list_overview(report)), '', _explain(report)]
    for group in report.groups:
        table = make_markdown_table(list_details(report, group))
        lines += ['', f'## {group.title}', '', *table]
    lines += ['', *_list_unmeasured(report), *_list_sources(report)]
    with whole_file(out_dir / MARKDOWN) as part:
        part.write_text('\n'.join(lines).rstrip() + '\n', encoding='utf-8')
    return out_dir / MARKDOWN


def make_markdown_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Make the lines of a table: heads first, all columns but one to the right."""
    heads, *body = rows
    rule = [':--'] + ['--:'] * (len(heads) - 1)
    return [f'| {" | ".join(row)} |' for row in (heads, rule, *body)]


def show_input(size: tuple[int, int] | None) -> str:
    """Write width and height as papers do: '256x192', height first; a dash for None."""
    return f'{size[1]}x{size[0]}' if size else MISSING


def write_csv(report: Report, out_dir: Path) -> Path:
    """Write everything as CSV, a line for each model and way."""
    cards = {card.name: card for card in report.cards}
    rows = []
    for cell in report.cells:
        card = dump_card(cards[cell.model])
        width, height = card.pop('input_size') or (None, None)
        row = dict(model=card.pop('name'), **card, width=width, height=height)
        row.update(asdict(cell), images_per_s=cell.images_per_s)
        rows.append(dict(row, ratio=report.ratio(cell)))
    names = list(rows[0]) if rows else ['model']
    with (
        whole_file(out_dir / CSV) as part,
        part.open('w', encoding='utf-8', newline='') as file,
    ):
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return out_dir / CSV


def _explain(report: Report) -> str:
    """Say what the overview shows."""
    text = 'Median milliseconds of a run'
    if report.reference:
        label = report.reference.label
        text += f' (in brackets, times as fast as {label} in the same run)'
    if any(group.runtime == 'fused' for group in report.groups):
        text += '. Fused: in the inference form, as exported files are'
    return (
        f'{text}. Weights are random. MACs: multiply-accumulates of convolutions, linear '
        'layers and matrix products for one image. AP: as published on COCO val2017, '
        'not measured here.'
    )


def _show_card(card: Card) -> list[str]:
    return [
        card.label,
        show_input(card.input_size),
        f'{card.parameters / 1e6:.2f} M' if card.parameters else MISSING,
        f'{card.macs / 1e9:.2f} G' if card.macs else MISSING,
        _show(card.ap, '.1f'),
    ]


def _show_time(report: Report, cell: Cell | None) -> str:
    if cell is None or (cell.median_ms is None and not cell.failure):
        return MISSING
    if cell.failure:
        return 'failed'
    ratio = report.ratio(cell)
    return _show_ms(cell.median_ms) + (f' ({ratio:.2f}×)' if ratio else '')


def _show_ms(value: float) -> str:
    return f'{value:.0f}' if value >= 100 else f'{value:.1f}'


def _show(value: float | None, form: str) -> str:
    return MISSING if value is None else format(value, form)


def list_failures(report: Report) -> list[str]:
    """List what could not be measured, and why."""
    labels = {card.name: card.label for card in report.cards}
    return [
        f'{labels[cell.model]}, {cell.group.title}: {cell.failure}'
        for cell in report.cells
        if cell.failure
    ]


def _list_unmeasured(report: Report) -> list[str]:
    """List what could not be measured and where only the memory could not."""
    labels = {card.name: card.label for card in report.cards}
    found = list_failures(report) + [
        f'{labels[cell.model]}, {cell.group.title}, memory: {cell.memory_failure}'
        for cell in report.cells
        if cell.memory_failure
    ]
    return (
        ['## Not measured', '', *(f'- {line}' for line in found), ''] if found else []
    )


def _list_sources(report: Report) -> list[str]:
    """List where each AP is published."""
    lines = []
    for card in report.cards:
        if card.ap is not None:
            note = '' if card.ap_reproduced else ' (not reproduced)'
            lines.append(f'- {card.label}: {card.ap:.1f}{note}, {card.ap_source}')
    return ['## Sources of the AP', '', *lines] if lines else []
