"""A run: everything is measured or says why not, whatever stops or crashes."""

import os
import signal
from collections import Counter

import pytest

from mmpose_light.benchmark import run, torch_runtime
from mmpose_light.benchmark.isolation import ProcessDiedError
from mmpose_light.benchmark.report import Report
from mmpose_light.benchmark.run import run_benchmark
from mmpose_light.cli import main


def test_every_cell_is_measured_or_says_why(measured):
    report = measured.report
    assert len(report.groups) == 3
    assert len(report.cells) == 3 * len(report.groups)
    for cell in report.cells:
        if cell.model == 'broken':
            assert 'channels' in cell.failure
            assert cell.median_ms is None
        else:
            assert cell.failure is None
            assert 0 < cell.q1_ms <= cell.median_ms <= cell.q3_ms
            assert cell.runs == 4
            inference = cell.task == 'inference'
            assert (cell.loaded_memory_mib is not None) == inference
            assert cell.memory_failure is None


def test_every_step_is_told(measured):
    """One for each model and each round, and how long it will take after the first."""
    steps = measured.steps
    titles = ['Parameters and MACs', *(group.title for group in measured.report.groups)]
    assert list(dict.fromkeys(step.title for step in steps)) == titles
    group = [step for step in steps if step.title == titles[1]]
    assert [(step.done, step.total) for step in group] == [(n, 5) for n in range(1, 6)]
    assert [step.what for step in group] == [
        'tiny opened',
        'large opened',
        'broken failed',
        'round 1 of 2',
        'round 2 of 2',
    ]
    told = [step.seconds_left is not None for step in group]
    assert told == [False] * 3 + [True] * 2
    assert steps[-1].seconds_left == 0


def interrupt_after(runs, interrupt, monkeypatch):
    """Interrupt the run with so many images at a time, once it has run so often."""
    open_torch, count = torch_runtime.open_torch, Counter()

    def open_and_count(config, group, settings):
        opened = open_torch(config, group, settings)

        def step():
            count[group.batch_size] += 1
            if count[group.batch_size] > runs[group.batch_size]:
                interrupt()
            return opened()

        return step

    monkeypatch.setattr(torch_runtime, 'open_torch', open_and_count)


def test_an_interrupted_run_keeps_what_it_has(make_settings, tmp_path, monkeypatch):
    def interrupt():
        raise KeyboardInterrupt

    interrupt_after({1: 100, 2: 6}, interrupt, monkeypatch)
    settings = make_settings('tiny', batch_sizes=[1, 2, 3], rounds=3)
    with pytest.raises(KeyboardInterrupt):
        run_benchmark(settings, tmp_path)
    report = Report.load(tmp_path / 'benchmark.json')
    # of batch 2, two warm-ups and the first round were over; batch 3 never began
    assert [(c.batch_size, c.runs) for c in report.cells] == [(1, 6), (2, 2)]
    assert '1.00×' in (tmp_path / 'benchmark.md').read_text()
    assert not list(tmp_path.glob('onnx-*')), 'exported files are cleared away'


@pytest.mark.parametrize('name', ['SIGINT', 'SIGTERM'])
def test_a_stopped_command_leaves_nothing_behind(
    name, folder, tmp_path, monkeypatch, capsys
):
    seen = []

    def stop():
        seen.extend(tmp_path.glob('onnx-*'))
        os.kill(os.getpid(), getattr(signal, name))

    interrupt_after({1: 4}, stop, monkeypatch)
    handler = signal.getsignal(signal.SIGTERM)
    command = (
        f'benchmark {folder}/tiny.py --runtimes eager --batch-sizes 1 --input-size 64 '
        f'64 --threads 1 --train-batch-size 0 --no-memory --out-dir {tmp_path}'
    )
    assert main(command.split()) == 130
    assert len(seen) == 1, 'the temporary folder was there'
    assert {path.name for path in tmp_path.iterdir()} == {
        'benchmark.json',
        'benchmark.md',
        'benchmark.csv',
    }
    assert signal.getsignal(signal.SIGTERM) is handler
    shown = capsys.readouterr()
    assert f'Results go to {tmp_path}' in shown.out
    assert 'interrupted' in shown.err


def test_a_runtime_that_crashes_takes_nobody_along(
    make_settings, tmp_path, monkeypatch
):
    """What no exception tells: the process is gone."""

    def fail(*what):
        raise ProcessDiedError('crashed (exit code -11)')

    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    monkeypatch.setattr(run, 'try_apart', fail)
    settings = make_settings('tiny', runtimes=['onnxruntime', 'eager'])
    report = run_benchmark(settings, tmp_path)
    exported, eager = report.cells
    assert 'ONNX Runtime crashed (exit code -11)' in exported.failure
    assert eager.failure is None


def test_reference(make_settings, tmp_path):
    settings = make_settings('tiny', reference='hrnet-w23')
    with pytest.raises(ValueError, match=r'hrnet-w23.*tiny'):
        run_benchmark(settings, tmp_path / 'out')
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_left_alone(make_settings, tmp_path):
    (tmp_path / 'benchmark.json').write_text('{"mine": 1}')
    settings = make_settings('tiny')
    with pytest.raises(ValueError, match='is there already.*--overwrite'):
        run_benchmark(settings, tmp_path)
    assert (tmp_path / 'benchmark.json').read_text() == '{"mine": 1}'
    run_benchmark(settings, tmp_path, overwrite=True)
    assert Report.load(tmp_path / 'benchmark.json').cells[0].median_ms
