"""The benchmark, on networks small enough to run in no time."""

import csv
import json
import os
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from mmpose_light.benchmark import backends, memory, run
from mmpose_light.benchmark.backends import BACKENDS, Job, check_backend
from mmpose_light.benchmark.models import build_model, find_subjects, load_config
from mmpose_light.benchmark.report import Card, Cell, Report
from mmpose_light.benchmark.run import run_benchmark
from mmpose_light.benchmark.settings import Group, Settings, count_cores
from mmpose_light.benchmark.tables import list_overview
from mmpose_light.benchmark.timing import take_turns
from mmpose_light.benchmark.training import make_batch
from mmpose_light.cli import main
from mmpose_light.utils.complexity import count_macs, count_parameters

TINY = """
_base_ = '{repo}/configs/el_hrnet/td-hm_el-hrnet-w18_1xb16-300e_coco-128x96.py'
model = dict(
    backbone=dict(_delete_=True, type='ELHRNet', extra={extra}),
    head=dict(in_channels=8))
"""
METAFILE = """
Models:
  - Name: tiny
    Config: configs/tiny.py
    Results:
      - {Task: Body 2D Keypoint, Dataset: COCO, Metrics: {AP: 0.425}}
"""
SIZE = (64, 64)


@pytest.fixture(scope='module')
def folder(tmp_path_factory, repo_dir, small_el_hrnet_extra) -> Path:
    """A folder of configs: two networks that run, and two that cannot."""
    folder = tmp_path_factory.mktemp('configs')
    text = TINY.format(repo=repo_dir, extra=small_el_hrnet_extra)
    (folder / 'source.py').write_text(text)
    config = Config.fromfile(folder / 'source.py')
    config.dump(folder / 'tiny.py')
    config.model.head.in_channels = 9
    config.dump(folder / 'broken.py')
    config.model.head.in_channels = 8
    # larger, so slower
    config.model.backbone.extra.stage3.num_modules = 6
    config.dump(folder / 'large.py')
    (folder / 'metafile.yml').write_text(METAFILE)
    return folder


def make_settings(folder: Path, *names: str, **options) -> Settings:
    return Settings(
        **{
            **dict(
                models=(),
                configs=tuple(str(folder / f'{name}.py') for name in names),
                reference=names[0],
                backends=('eager',),
                batch_sizes=(1,),
                train_batch_size=0,
                threads=1,
                input_size=SIZE,
                rounds=2,
                runs=2,
                memory=False,
            ),
            **options,
        }
    )


@pytest.fixture(scope='module')
def measured(folder, tmp_path_factory) -> tuple[Report, Path]:
    """A run with everything in it."""
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    out = tmp_path_factory.mktemp('out')
    settings = make_settings(
        folder,
        'tiny',
        'large',
        'broken',
        backends=('eager', 'fused', 'onnxruntime'),
        batch_sizes=(1, 2),
        train_batch_size=2,
        memory=True,
    )
    threads = torch.get_num_threads()
    report = run_benchmark(settings, out, command='benchmark.py --some thing')
    assert torch.get_num_threads() == threads, 'the setting of this process is kept'
    return report, out


# A run


def test_every_cell_is_measured_or_says_why(measured):
    report, _ = measured
    assert len(report.groups) == 3 * 2 + 1
    assert len(report.cells) == 3 * len(report.groups)
    for cell in report.cells:
        if cell.model == 'broken':
            assert 'channels' in cell.failure
            assert cell.median_ms is None
        else:
            assert cell.failure is None
            assert 0 < cell.q1_ms <= cell.median_ms <= cell.q3_ms
            assert cell.runs == 4
            rate = 1000 * cell.batch_size / cell.median_ms
            assert cell.images_per_s == pytest.approx(rate)
            inference = cell.task == 'inference'
            assert (cell.loaded_memory_mib is not None) == inference
            assert cell.memory_failure is None


def test_json_csv_and_markdown_tell_the_same(measured):
    report, out = measured
    content = json.loads((out / 'benchmark.json').read_text())
    with (out / 'benchmark.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert len(content['cells']) == len(rows) == len(report.cells)
    medians = {
        (c['model'], c['task'], c['backend'], c['batch_size']): c['median_ms']
        for c in content['cells']
    }
    for cell, row in zip(content['cells'], rows, strict=True):
        if cell['model'] == 'broken':
            assert cell['ratio'] is None
            assert row['ratio'] == row['median_ms'] == ''
            assert row['failure'] == cell['failure']
            continue
        key = cell['task'], cell['backend'], cell['batch_size']
        ratio = medians[('tiny', *key)] / medians[(cell['model'], *key)]
        assert cell['ratio'] == pytest.approx(ratio)
        assert float(row['ratio']) == pytest.approx(ratio)
        assert float(row['median_ms']) == pytest.approx(cell['median_ms'])
        assert int(row['macs']) > 0
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


def test_environment_and_settings_are_named(measured):
    report, out = measured
    content = json.loads((out / 'benchmark.json').read_text())
    assert content['environment']['torch'] == torch.__version__.partition('+')[0]
    assert content['environment']['onnxruntime']
    assert content['environment']['cores'] == count_cores()
    assert content['settings']['threads'] == 1
    text = (out / 'benchmark.md').read_text()
    assert 'benchmark.py --some thing' in text
    assert report.environment['cpu'] in text


def test_card(measured, folder):
    report, _ = measured
    tiny, large, broken = report.cards
    model = build_model(load_config(folder / 'tiny.py', SIZE))
    assert tiny.parameters == count_parameters(model)
    assert tiny.macs == count_macs(model, SIZE)
    assert tiny.input_size == SIZE
    assert large.macs > tiny.macs
    assert broken.macs is None
    assert tiny.ap is None, 'what is published is for another input size'


def test_the_smaller_network_is_faster(measured):
    """Five modules more cost more than the noise, in every backend."""
    report, _ = measured
    for group in report.groups:
        assert report.ratio(report.find('large', group)) < 1


def test_pictures(measured, folder, tmp_path):
    report, out = measured
    assert not list(out.glob('*.png')), 'no AP is published at this size'
    for card in report.cards:
        card.ap, card.ap_source, card.ap_reproduced = 42.5, 'somewhere', True
    try:
        files = run.write_results(report, tmp_path)
    finally:
        for card in report.cards:
            card.ap = None
    names = {file.name for file in files}
    assert {f'ap_against_{x}.png' for x in ('latency', 'macs', 'params')} < names
    for file in tmp_path.glob('*.png'):
        pixels = np.asarray(Image.open(file).convert('RGB'))
        assert min(pixels.shape[:2]) > 300
        assert pixels.std() > 10, 'something is drawn'
    assert '42.5, somewhere' in (tmp_path / 'benchmark.md').read_text()
    # nothing to show: what an earlier run drew must not stay
    run.write_results(report, tmp_path)
    assert not list(tmp_path.glob('*.png'))


def test_from_json(measured, tmp_path, capsys):
    _, out = measured
    code = main(
        f'benchmark --from-json {out}/benchmark.json --out-dir {tmp_path}'.split()
    )
    assert code == 1, 'one network failed'
    for name in ('benchmark.md', 'benchmark.csv'):
        assert (tmp_path / name).read_text() == (out / name).read_text()
    shown = capsys.readouterr()
    assert 'tiny' in shown.out
    assert 'broken, PyTorch eager' in shown.err


def test_an_interrupted_run_keeps_what_it_has(folder, tmp_path, monkeypatch):
    open_torch = backends.open_torch

    def open_and_interrupt(job):
        opened, count = open_torch(job), Counter()

        def step():
            count['runs'] += 1
            if job.batch_size == 2 and count['runs'] > 6:
                raise KeyboardInterrupt
            return opened()

        return step

    backend = replace(BACKENDS['eager'], open=open_and_interrupt)
    monkeypatch.setitem(BACKENDS, 'eager', backend)
    settings = make_settings(folder, 'tiny', batch_sizes=(1, 2, 3), rounds=3)
    with pytest.raises(KeyboardInterrupt):
        run_benchmark(settings, tmp_path)
    report = Report.load(tmp_path / 'benchmark.json')
    # of batch 2, two warm-ups and the first round were over; batch 3 never began
    assert [(c.batch_size, c.runs) for c in report.cells] == [(1, 6), (2, 2)]
    assert '1.00×' in (tmp_path / 'benchmark.md').read_text()
    assert not list(tmp_path.glob('onnx-*')), 'exported files are cleared away'


def test_command_line(folder, tmp_path, capsys):
    command = (
        f'benchmark {folder}/tiny.py --models --backends eager --batch-sizes 1 '
        f'--input-size 64 64 --threads 1 --quick --reference tiny --out-dir {tmp_path}'
    )
    assert main(command.split()) == 0
    assert 'tiny' in capsys.readouterr().out
    report = Report.load(tmp_path / 'benchmark.json')
    assert [cell.runs for cell in report.cells] == [30], 'three rounds of ten'


# The memory of inference


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='needs /proc')
def test_memory_grows_with_the_batch(folder):
    job = Job(folder / 'tiny.py', (192, 256), 'eager', 'fp32', 2, 1)
    small = memory.measure_memory(job)
    large = memory.measure_memory(replace(job, batch_size=32))
    # the output of the first two convolutions, 64 channels at half the size and at a
    # quarter, has to be in memory for each of 30 images more
    pixels = 96 * 128 + 48 * 64
    assert large.peak - small.peak > 30 * 64 * pixels * 4
    images = 30 * 3 * 192 * 256 * 4
    assert abs(large.loaded - small.loaded - images) < 0.2 * images


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='needs /proc')
def test_a_backend_that_crashes_takes_nobody_along(folder, tmp_path, monkeypatch):
    """What no exception tells: the process is gone."""

    def fail(job):
        raise memory.ProcessDied('ONNX Runtime crashed (exit code -11)')

    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    with pytest.raises(memory.ProcessDied, match='exit code 3'):
        memory.measure_memory(Job(Crash(), SIZE, 'onnxruntime', 'fp32', 1, 1))
    monkeypatch.setattr(run, 'measure_memory', fail)
    settings = make_settings(folder, 'tiny', backends=('onnxruntime', 'eager'))
    report = run_benchmark(settings, tmp_path)
    exported, eager = report.cells
    assert 'exit code -11' in exported.failure
    assert eager.failure is None


class Crash:
    """Ends the process that reads it."""

    def __reduce__(self):
        return os._exit, (3,)


def test_memory_failure_is_told(folder):
    job = Job(folder / 'broken.py', SIZE, 'eager', 'fp32', 1, 1)
    with pytest.raises(RuntimeError, match='channels'):
        memory.measure_memory(job)


# Turns


def test_turns_alternate():
    order = []
    timed = {name: lambda name=name: order.append(name) or 0.1 for name in 'ab'}
    *_, (times, failures) = take_turns(timed, rounds=2, runs=2)
    assert ''.join(order) == 'aaabbb' + 'bbbaaa'
    assert times == {'a': [0.1] * 4, 'b': [0.1] * 4}
    assert failures == {}


def test_long_turns_end_early():
    *_, (times, _) = take_turns({'slow': lambda: 0.6}, rounds=2, runs=5)
    assert times == {'slow': [0.6] * 4}, 'two runs take more than a second'


def test_a_failure_ends_a_networks_turns_only():
    calls = Counter()

    def fail():
        calls['fail'] += 1
        if calls['fail'] > 3:
            raise MemoryError('enough')
        return 0.1

    *_, (times, failures) = take_turns({'a': fail, 'b': lambda: 0.2}, rounds=3, runs=2)
    assert calls['fail'] == 4
    assert str(failures['a']) == 'enough'
    assert len(times['b']) == 6


def test_median_and_quartiles():
    cell = Cell('a', 'inference', 'eager', 'fp32', 1)
    cell.set_times([0.005, 0.001, 0.002, 0.003, 0.004])
    assert (cell.q1_ms, cell.median_ms, cell.q3_ms) == pytest.approx((2, 3, 4))


def test_ratio_is_the_references_time_over_the_own():
    cells = [Cell(name, 'inference', 'eager', 'fp32', 1) for name in 'ab']
    cells[0].set_times([0.3])
    cells[1].set_times([0.1])
    cards = [Card(name, name.upper(), f'{name}.py', False) for name in 'ab']
    report = Report({}, dict(reference='a'), cards, cells)
    assert report.ratio(cells[1]) == pytest.approx(3)
    assert list_overview(report)[2][-1] == '100 (3.00×)'
    report.settings['reference'] = 'c'
    assert report.ratio(cells[1]) is None
    assert list_overview(report)[2][-1] == '100'


# The networks


@pytest.mark.parametrize('name', ['rtmpose-t', 'mobilenetv2'])
def test_any_input_size(name):
    """Sizes that go with the input's go along, SimCC's and the targets' too."""
    (subject,) = find_subjects([name])
    config = load_config(subject.config, (96, 128))
    model = build_model(config).train()
    batch = make_batch(config, model.head.out_channels, 2)
    batch = model.data_preprocessor(batch, training=True)
    losses = model(**batch, mode='loss')
    assert all(torch.isfinite(loss).all() for loss in losses.values())


# Errors


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(backends=('tensorrt',)), 'tensorrt.*eager.*openvino would do'),
        (dict(precisions=('int4',)), 'int4.*fp32.*int8 would do'),
        (dict(precisions=('int8',), backends=('eager',)), 'int8.*onnxruntime'),
        (dict(batch_sizes=(0,)), 'batch size is 0'),
        (dict(train_batch_size=1), '2 or more'),
        (dict(rounds=0), 'rounds is 0'),
        (dict(runs=0), 'runs is 0'),
        (dict(input_size=(0, 64)), 'input size is 0'),
        (dict(threads=0), 'threads is 0.*cores'),
        (dict(threads=100_000), 'threads is 100000.*cores'),
        (dict(device='tpu'), 'tpu'),
        (dict(device='meta'), "'cpu' or 'cuda'"),
        (dict(cuda_graphs=True), "CUDA graphs need device 'cuda'"),
        (dict(backends=(), train_batch_size=0), 'nothing to measure'),
    ],
)
def test_bad_settings(options, message):
    with pytest.raises(ValueError, match=message):
        Settings(**{**dict(backends=('eager',)), **options})


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_no_gpu():
    with pytest.raises(ValueError, match="'cuda' is not here.*'cpu'"):
        Settings(backends=('eager',), device='cuda')


def test_openvino_is_measured_on_cpus_only():
    with pytest.raises(ValueError, match='on cpu, not on'):
        check_backend('openvino', 'cuda')


def test_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ImportError, match=r'pip install mmpose-light\[deploy\]'):
        Settings(backends=('onnxruntime',))


def test_unknown_networks(folder, tmp_path):
    with pytest.raises(ValueError, match=r"'resnet' is unknown.*el-hrnet-w32.*config"):
        find_subjects(['resnet'])
    with pytest.raises(FileNotFoundError, match=r'none\.py does not exist'):
        find_subjects([], [tmp_path / 'none.py'])
    with pytest.raises(FileNotFoundError, match='not in the installed MMPose'):
        find_subjects([], ['mmpose::none.py'])
    with pytest.raises(ValueError, match='no network'):
        find_subjects([])
    (tmp_path / 'tiny.py').touch()
    with pytest.raises(ValueError, match='two networks would be called tiny'):
        find_subjects([], [folder / 'tiny.py', tmp_path / 'tiny.py'])
    settings = make_settings(folder, 'tiny', reference='hrnet-w23')
    with pytest.raises(ValueError, match='hrnet-w23.*tiny'):
        run_benchmark(settings, tmp_path / 'out')


def test_bad_configs(tmp_path, folder):
    (tmp_path / 'empty.py').write_text('x = 1')
    with pytest.raises(ValueError, match=r'empty\.py has no codec'):
        load_config(tmp_path / 'empty.py')
    with pytest.raises(ValueError, match='65 64 does not fit.*heatmap_size'):
        load_config(folder / 'tiny.py', (65, 64))
    config = load_config(folder / 'tiny.py')
    config.model.type = 'BottomupPoseEstimator'
    with pytest.raises(ValueError, match='only top-down'):
        build_model(config)
    config.train_dataloader.dataset.pipeline = []
    with pytest.raises(ValueError, match='GenerateTarget'):
        make_batch(config, 17, 2)


def test_a_foreign_file_is_left_alone(folder, tmp_path, capsys):
    (tmp_path / 'benchmark.json').write_text('{"mine": 1}')
    with pytest.raises(ValueError, match='choose another output folder'):
        run_benchmark(make_settings(folder, 'tiny'), tmp_path)
    assert (tmp_path / 'benchmark.json').read_text() == '{"mine": 1}'
    assert main(['benchmark', '--from-json', f'{tmp_path}/benchmark.json']) == 2
    assert 'is no benchmark.json' in capsys.readouterr().err


def test_errors_on_the_command_line(capsys):
    assert main(['benchmark', '--models', 'resnet', '--backends', 'eager']) == 2
    assert 'el-hrnet-w32' in capsys.readouterr().err


def test_groups():
    settings = Settings(
        backends=('eager', 'onnxruntime'),
        precisions=('fp32', 'int8'),
        batch_sizes=(1, 8),
        threads=1,
    )
    assert settings.groups == [
        Group('inference', 'eager', 'fp32', 1),
        Group('inference', 'eager', 'fp32', 8),
        Group('inference', 'onnxruntime', 'fp32', 1),
        Group('inference', 'onnxruntime', 'fp32', 8),
        Group('inference', 'onnxruntime', 'int8', 1),
        Group('inference', 'onnxruntime', 'int8', 8),
        Group('training', 'eager', 'fp32', 4),
    ]
