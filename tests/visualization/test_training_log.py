"""Reading MMEngine's logs, against what the runs did."""

import json
import re
from pathlib import Path

import pytest

from mmpose_light.visualization.training_log import SCALARS, read_log


def write_scalars(folder: Path, *lines: dict | str) -> Path:
    path = folder / SCALARS
    path.parent.mkdir(parents=True)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text('\n'.join(texts))
    return path


def trained(epoch: int, iteration: int, rate: float) -> dict:
    return dict(lr=rate, loss=1.0, epoch=epoch, iter=iteration, step=iteration)


def validated(epoch: int, ap: float) -> dict:
    return {'coco/AP': ap, 'data_time': 0.1, 'time': 0.2, 'step': epoch}


# Runs of MMEngine


@pytest.mark.parametrize(
    'logger',
    [
        dict(),
        dict(log_processor=dict(log_with_hierarchy=True)),
        dict(log_metric_by_epoch=False),
    ],
)
def test_epochs(train, tmp_path, logger):
    results = [{'coco/AP': 0.1, 'coco/AR': 0.2}, {'coco/AP': 0.3, 'coco/AR': 0.4}]
    train_cfg = dict(by_epoch=True, max_epochs=4, val_interval=2)
    work_dir = tmp_path / 'run'
    rates = train(work_dir, results, train_cfg=train_cfg, **logger)
    log = read_log(work_dir)
    assert log.by_epoch
    # of an epoch's five iterations the fourth is the last that is logged
    assert log.rates == {epoch: rates[5 * epoch - 1] for epoch in range(1, 5)}
    assert log.metrics == {'coco/AP': {2: 0.1, 4: 0.3}, 'coco/AR': {2: 0.2, 4: 0.4}}


def test_resumed_run_is_one(train, tmp_path):
    """Stopped before its second checkpoint, in epoch 4; the AP of epoch 3 is lost."""
    work_dir = tmp_path / 'run'
    options = dict(
        train_cfg=dict(by_epoch=True, max_epochs=5, val_interval=1),
        checkpoint_interval=2,
    )
    first = [{'coco/AP': 0.1 * epoch} for epoch in range(1, 6)]
    before = train(work_dir, first, stop_in_epoch=4, **options)
    again = [{'coco/AP': 0.9}, {'coco/AP': 0.8}, {'coco/AP': 0.7}]
    after = train(work_dir, again, resume=True, rate_factor=0.5, **options)
    assert sorted(after) == list(range(11, 26))

    log = read_log(work_dir)
    rates = {**before, **after}
    assert log.rates == {epoch: rates[5 * epoch - 1] for epoch in range(1, 6)}
    assert log.rates[3] != before[14]
    aps = {1: 0.1, 2: 0.2, 3: 0.9, 4: 0.8, 5: 0.7}
    assert log.metrics == {'coco/AP': aps}


@pytest.mark.parametrize('by_epoch', [True, False])
def test_iterations(train, tmp_path, by_epoch):
    """With MMPose's own logger, which counts epochs, and with one that does not."""
    rates = train(
        tmp_path / 'run',
        [{'PCK': 10.0}, {'PCK': 20.0}],
        train_cfg=dict(by_epoch=False, max_iters=8, val_interval=4),
        log_processor=dict(by_epoch=by_epoch),
        log_metric_by_epoch=by_epoch,
    )
    log = read_log(tmp_path / 'run')
    assert not log.by_epoch
    assert log.rates == {iteration: rates[iteration] for iteration in (2, 4, 6, 8)}
    assert log.metrics == {'PCK': {4: 10, 8: 20}}


def test_run_without_validation(train, tmp_path):
    rates = train(tmp_path / 'run', [], train_cfg=dict(by_epoch=True, max_epochs=2))
    log = read_log(tmp_path / 'run')
    assert log.rates == {1: rates[4], 2: rates[9]}
    assert log.metrics == {}


def test_validation_alone_is_not_the_runs(train, tmp_path):
    train(tmp_path / 'run', [{'AP': 0.5}] * 3)
    before = read_log(tmp_path / 'run')
    write_scalars(tmp_path / 'run' / '99991231_235959', validated(0, 0.9))
    assert read_log(tmp_path / 'run') == before


# What else a folder may hold


def test_folder_of_a_run_or_file(train, tmp_path):
    train(tmp_path / 'run', [{'AP': 0.5}] * 3)
    (scalars,) = tmp_path.glob(f'run/*/{SCALARS}')
    for run in (tmp_path / 'run', scalars.parent.parent, scalars, str(scalars)):
        assert read_log(run).metrics == {'AP': {2: 0.5, 4: 0.5, 6: 0.5}}


def test_run_begun_anew(tmp_path):
    """What the first attempt logged is no part of the second."""
    lines = [trained(1, 5, 0.1), validated(1, 0.3), trained(2, 10, 0.1)]
    write_scalars(tmp_path / '20260101_000001', *lines, validated(2, 0.4))
    write_scalars(tmp_path / '20260101_000002', trained(1, 5, 0.2), validated(1, 0.2))
    log = read_log(tmp_path)
    assert log.rates == {1: 0.2}
    assert log.metrics == {'coco/AP': {1: 0.2}}


@pytest.mark.parametrize('torn', ['{"coco/AP": 0.', '{', '\0\0\0', ''])
def test_last_line_of_a_killed_run(tmp_path, torn):
    first = [trained(1, 5, 0.1), validated(1, 0.3)]
    write_scalars(tmp_path / '20260101_000001', *first, trained(2, 10, 0.1), torn)
    write_scalars(tmp_path / '20260101_000002', trained(2, 10, 0.2), torn)
    log = read_log(tmp_path)
    assert log.rates == {1: 0.1, 2: 0.2}
    assert log.metrics == {'coco/AP': {1: 0.3}}


@pytest.mark.parametrize('line', ['{"lr": 0.', '3', '[]', '{"images": []}'])
def test_line_that_is_no_record(tmp_path, line):
    path = write_scalars(tmp_path / 'a', trained(1, 5, 0.1), line, validated(1, 0.3))
    message = re.escape(f'{path}, line 2, is no record of MMEngine')
    with pytest.raises(ValueError, match=message):
        read_log(tmp_path)


@pytest.mark.parametrize('lines', [[], ['{"lr": 0.'], [validated(0, 0.3)]])
def test_empty_log(tmp_path, lines):
    write_scalars(tmp_path / 'a', *lines)
    with pytest.raises(ValueError, match=r'the log of .* is empty'):
        read_log(tmp_path)


def test_missing_run(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'run .*none does not exist'):
        read_log(tmp_path / 'none')
    with pytest.raises(FileNotFoundError, match=r'no log in .*give the work directory'):
        read_log(tmp_path)
