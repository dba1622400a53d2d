"""The curves that are drawn, against what the runs logged."""

import math

import numpy as np
import pytest
from matplotlib.image import imread

from mmpose_light.cli import main
from mmpose_light.visualization.curves import (
    choose_metric,
    draw_curves,
    name_runs,
    plot_curves,
)
from mmpose_light.visualization.training_log import TrainingLog, read_log


def lines(axis) -> dict[str, dict[int, float]]:
    """What is drawn, by label."""
    return {
        line.get_label(): dict(zip(*line.get_data(), strict=True))
        for line in axis.lines
    }


def log(by_epoch=True, **metrics) -> TrainingLog:
    return TrainingLog(by_epoch, {1: 0.1}, {name: {1: 0.5} for name in metrics})


@pytest.fixture(scope='module')
def two_runs(train, tmp_path_factory) -> list:
    """One run in one go, and one that was stopped and went on."""
    folder = tmp_path_factory.mktemp('curves')
    train(folder / 'steady', [{'coco/AP': ap, 'coco/AR': 1} for ap in (0.2, 0.3, 0.4)])
    aps = [{'coco/AP': ap, 'coco/AR': 1} for ap in (0.25, 0.5, 0.75)]
    train(folder / 'stopped', aps[:1], stop_in_epoch=4)
    train(folder / 'stopped', aps[1:], resume=True)
    return [folder / 'steady', folder / 'stopped']


def test_lines_are_what_was_logged(two_runs):
    logs = [read_log(run) for run in two_runs]
    figure = draw_curves(logs, ['EffBase', 'EEffPose'])
    left, right = figure.axes
    assert lines(left) == {
        'EffBase': pytest.approx({2: 20, 4: 30, 6: 40}),
        'EEffPose': pytest.approx({2: 25, 4: 50, 6: 75}),
    }
    assert left.get_ylabel() == 'validation coco/AP (%)'
    # the rate of an epoch's fourth iteration, which is the last that is logged
    rates = {epoch: 0.01 * 0.8 ** (5 * epoch - 2) for epoch in range(1, 7)}
    assert lines(right) == {
        'EffBase': pytest.approx(rates),
        'EEffPose': pytest.approx(rates),
    }
    assert right.get_yscale() == 'log'
    assert left.get_xlabel() == right.get_xlabel() == 'epoch'
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ['EffBase', 'EEffPose']


def test_iterations(train, tmp_path):
    train_cfg = dict(by_epoch=False, max_iters=4, val_interval=2)
    rates = train(tmp_path / 'run', [{'PCK': 50.0}, {'PCK': 60.0}], train_cfg=train_cfg)
    left, right = draw_curves([read_log(tmp_path / 'run')], ['run']).axes
    assert lines(left) == {'run': {2: 50, 4: 60}}
    assert left.get_ylabel() == 'validation PCK, as logged'
    assert lines(right) == {'run': pytest.approx({2: rates[2], 4: rates[4]})}
    assert right.get_xlabel() == 'iteration'


def test_run_without_validation():
    logs = [log(**{'coco/AP': 1}), log()]
    left, right = draw_curves(logs, ['a', 'b']).axes
    assert lines(left) == {'a': {1: 50}, 'b (no validation)': {}}
    assert lines(right) == {'a': {1: 0.1}, 'b (no validation)': {1: 0.1}}
    left, right = draw_curves(logs[1:], ['b']).axes
    assert [text.get_text() for text in left.texts] == ['no validation']
    assert lines(right) == {'b (no validation)': {1: 0.1}}


def test_ap_of_nobody_is_left_out():
    """COCO's −1 where no person of that size was annotated."""
    name = 'coco/AP (M)'
    some = TrainingLog(True, {}, {name: {1: -1.0, 2: 0.0, 3: 0.5}})
    left, _ = draw_curves([some], ['a'], name).axes
    assert lines(left) == {'a': pytest.approx({1: math.nan, 2: 0, 3: 50}, nan_ok=True)}


@pytest.mark.parametrize(
    'name, value, label',
    [
        ('coco/AP .75', 50, '%'),
        ('coco-wholebody/AR', 50, '%'),
        ('PCK', 0.5, 'as logged'),
        ('posetrack18/Head AP', 0.5, 'as logged'),
        ('APE', 0.5, 'as logged'),
    ],
)
def test_percent(name, value, label):
    left, _ = draw_curves([log(**{name: 1})], ['a'], name).axes
    assert lines(left) == {'a': {1: value}}
    assert label in left.get_ylabel()


def test_ap_in_percent_already():
    logged = TrainingLog(True, {}, {'AP': {1: 0.8, 2: 61.5}})
    left, _ = draw_curves([logged], ['a']).axes
    assert lines(left) == {'a': {1: 0.8, 2: 61.5}}


def test_many_runs_differ():
    logs = [log(AP=1)] * 25
    left, right = draw_curves(logs, [str(number) for number in range(25)]).axes
    for axis in (left, right):
        styles = {(line.get_color(), line.get_linestyle()) for line in axis.lines}
        assert len(styles) == 25


@pytest.mark.parametrize(
    'names, wanted, chosen',
    [
        (['coco/AP', 'coco/AP .5', 'coco/AR'], None, 'coco/AP'),
        (['Head PCK', 'PCK', 'PCK@0.1'], None, 'PCK'),
        (['EPE'], None, 'EPE'),
        (['coco/AP', 'PCK'], 'PCK', 'PCK'),
        (['coco/AP', 'coco/AP (M)'], 'AP (M)', 'coco/AP (M)'),
        ([], None, None),
    ],
)
def test_choose_metric(names, wanted, chosen):
    assert choose_metric([log(), log(**dict.fromkeys(names))], wanted) == chosen


@pytest.mark.parametrize(
    'names, wanted, message',
    [
        (['coco/AP', 'PCK'], None, "which metric.*logged 'coco/AP', 'PCK'"),
        (['EPE', 'AUC'], None, "which metric.*logged 'EPE', 'AUC'"),
        (['coco/AP'], 'mAP', "no one metric 'mAP': .*logged 'coco/AP'"),
        (['a/AP', 'b/AP'], 'AP', "no one metric 'AP': .*logged 'a/AP', 'b/AP'"),
        ([], 'AP', "no one metric 'AP': the runs logged no validation"),
    ],
)
def test_metric_that_is_not_there(names, wanted, message):
    with pytest.raises(ValueError, match=message):
        choose_metric([log(**dict.fromkeys(names))], wanted)


@pytest.mark.parametrize(
    'logs, labels, message',
    [
        ([log(AP=1)], ['a', 'b'], '2 labels for 1 runs'),
        ([], [], '0 labels for 0 runs'),
        ([log(), log(by_epoch=False)], 'ab', 'a logged epochs, the others iterations'),
        ([log(AP=1), log(EPE=1)], 'ab', "b did not log 'AP' but 'EPE'"),
    ],
)
def test_runs_that_do_not_go_together(logs, labels, message):
    with pytest.raises(ValueError, match=message):
        draw_curves(logs, labels)


def test_names_of_runs(tmp_path):
    assert name_runs([tmp_path / 'a/', f'{tmp_path}/b/.']) == ['a', 'b']
    same = [str(tmp_path / 'x/a'), str(tmp_path / 'y/a')]
    assert name_runs(same) == same


# The file


def test_command(two_runs, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    runs = [str(run) for run in two_runs]
    assert main(['plot-curves', *runs, '--labels', 'a', 'b']) == 0
    assert capsys.readouterr().out == 'curves in work_dirs/curves.png\n'
    picture = imread('work_dirs/curves.png')
    assert picture.shape[1] > 1000
    for color in ('1f77b4', 'ff7f0e'):  # of both runs
        expected = np.array([*bytes.fromhex(color)]) / 255
        assert (abs(picture[..., :3] - expected).max(2) < 0.01).sum() > 100
    assert len(list(tmp_path.glob('work_dirs/*'))) == 1


@pytest.mark.parametrize(
    'name, start', [('a.pdf', b'%PDF'), ('a.svg', b'<?xml'), ('A.PNG', b'\x89PNG')]
)
def test_suffix_is_the_format(two_runs, tmp_path, name, start):
    out = plot_curves(two_runs, tmp_path / name)
    assert out.read_bytes().startswith(start)
    with pytest.raises(ValueError, match='is there already'):
        plot_curves(two_runs, out)
    assert plot_curves(two_runs[:1], out, metric='AR', overwrite=True) == out


def test_errors_of_the_command(two_runs, tmp_path, capsys):
    run, none = str(two_runs[0]), str(tmp_path / 'none')
    for args, message in {
        (run, '--out', f'{none}.bmp'): r'give a name ending in .png, .pdf, .svg',
        (run, '--out', none): 'give a name ending in .png, .pdf, .svg',
        (none,): f'run {none} does not exist',
        (run, '--metric', 'PCK'): "no one metric 'PCK'",
        (run, '--labels', 'a', 'b'): '2 labels for 1 runs',
    }.items():
        assert main(['plot-curves', '--out', f'{none}.png', *args]) == 2
        assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
