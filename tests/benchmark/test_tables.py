"""The tables tell what the file tells."""

import csv
import json

import pytest
from rich.console import Console
from rich.table import Table

from mmpose_light.benchmark.tables import list_failures, make_tables


def test_json_csv_and_markdown_tell_the_same(measured):
    report, out = measured.report, measured.out
    content = json.loads((out / 'benchmark.json').read_text())
    with (out / 'benchmark.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert len(content['cells']) == len(rows) == len(report.cells)
    medians = {
        (c['model'], c['task'], c['runtime'], c['batch_size']): c['median_ms']
        for c in content['cells']
    }
    for cell, row in zip(content['cells'], rows, strict=True):
        if cell['model'] == 'broken':
            assert cell['ratio'] is None
            assert row['ratio'] == row['median_ms'] == ''
            assert row['failure'] == cell['failure']
            continue
        key = cell['task'], cell['runtime'], cell['batch_size']
        ratio = medians[('tiny', *key)] / medians[(cell['model'], *key)]
        assert cell['ratio'] == pytest.approx(ratio)
        assert float(row['ratio']) == pytest.approx(ratio)
        assert float(row['median_ms']) == pytest.approx(cell['median_ms'])
        assert int(row['macs']) > 0
        assert row['config'] == f'{cell["model"]}.py'
    text = (out / 'benchmark.md').read_text()
    tables = [line for line in text.splitlines() if line.startswith('| ')]
    tiny = [line.split(' | ') for line in tables if line.startswith('| tiny |')]
    assert len(tiny) == 1 + len(report.groups)
    ms = medians['tiny', 'training', 'eager', 2]
    shown = f'{ms:.0f}' if ms >= 100 else f'{ms:.1f}'
    assert f'{shown} (1.00×)' in tiny[0][-1]
    (broken, *_) = (line for line in tables if line.startswith('| broken |'))
    assert broken.count('failed') == len(report.groups)
    assert text.count('- broken, ') == len(report.groups), 'every reason is listed'


def test_failures(measured):
    failures = list_failures(measured.report)
    assert len(failures) == len(measured.report.groups)
    assert failures[0].startswith('broken, PyTorch eager, fp32, batch 1: RuntimeError')


def test_a_narrow_terminal_gets_more_tables(measured):
    wide, narrow = (make_tables(measured.report, width) for width in (200, 60))
    assert [type(part) for part in wide] == [Table, str]
    assert [type(part) for part in narrow] == [Table] * 3 + [str]
    assert narrow[-1] == wide[-1]
    console = Console(width=60, record=True, quiet=True)
    for part in narrow:
        console.print(part)
        assert part is narrow[-1] or console.measure(part).maximum <= 65
