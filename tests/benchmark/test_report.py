"""What was found, and the file that keeps it."""

import json
from pathlib import Path

import pytest
import torch

from mmpose_light.benchmark.models import Card, build_model, load_config
from mmpose_light.benchmark.report import Cell, Report, describe_error
from mmpose_light.benchmark.tables import list_overview
from mmpose_light.utils.complexity import count_macs, count_parameters
from mmpose_light.utils.threads import count_cores


def test_median_and_quartiles():
    cell = Cell('a', 'inference', 'eager', 'fp32', 4)
    cell.set_times([0.005, 0.001, 0.002, 0.003, 0.004])
    assert (cell.q1_ms, cell.median_ms, cell.q3_ms) == pytest.approx((2, 3, 4))
    assert cell.images_per_s == pytest.approx(4 / 0.003)


def test_ratio_is_the_references_time_over_the_own():
    cells = [Cell(name, 'inference', 'eager', 'fp32', 1) for name in 'ab']
    cells[0].set_times([0.3])
    cells[1].set_times([0.1])
    cards = [Card(name, name.upper(), Path(f'{name}.py'), False) for name in 'ab']
    report = Report({}, dict(reference='a'), cards, cells)
    assert report.ratio(cells[1]) == pytest.approx(3)
    assert list_overview(report)[2][-1] == '100 (3.00×)'
    report.settings['reference'] = 'c'
    assert report.ratio(cells[1]) is None
    assert list_overview(report)[2][-1] == '100'


def test_a_failure_drops_what_was_measured():
    cell = Cell('a', 'inference', 'eager', 'fp32', 1)
    cell.set_times([0.1])
    cell.set_memory(2**20, 2**21)
    assert (cell.peak_memory_mib, cell.loaded_memory_mib) == (1, 2)
    cell.fail(MemoryError('enough\nof it'))
    assert cell.failure == 'MemoryError: enough'
    assert cell.median_ms is cell.peak_memory_mib is cell.images_per_s is None
    assert describe_error(ValueError()) == 'ValueError'


def test_cards(measured, folder):
    tiny, large, broken = measured.report.cards
    size = tuple(measured.report.settings['input_size'])
    model = build_model(load_config(folder / 'tiny.py', size))
    assert tiny.parameters == count_parameters(model)
    assert tiny.macs == count_macs(model, size)
    assert tiny.input_size == size
    assert large.macs > tiny.macs
    assert broken.macs is None
    assert tiny.ap is None, 'what is published is for another input size'


def test_environment_and_settings_are_named(measured):
    content = json.loads((measured.out / 'benchmark.json').read_text())
    assert content['environment']['torch'] == torch.__version__.partition('+')[0]
    assert content['environment']['onnxruntime']
    assert content['environment']['cores'] == count_cores()
    assert content['settings']['threads'] == 1
    text = (measured.out / 'benchmark.md').read_text()
    assert 'benchmark.py --some thing' in text
    assert measured.report.environment['cpu'] in text


def test_a_report_is_read_as_it_was_written(measured, tmp_path):
    report = Report.load(measured.out / 'benchmark.json')
    assert report.cells == measured.report.cells
    again = report.save(tmp_path).read_text()
    assert again == (measured.out / 'benchmark.json').read_text()


@pytest.mark.parametrize('text', ['{"mine": 1}', '[', '[]'])
def test_another_file_is_refused(text, tmp_path):
    (tmp_path / 'mine.json').write_text(text)
    with pytest.raises(ValueError, match=r'mine\.json is no .*json'):
        Report.load(tmp_path / 'mine.json')
