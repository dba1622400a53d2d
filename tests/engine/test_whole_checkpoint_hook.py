"""At no moment of a training is there nothing to go on from, nor anything lost then.

A small model that draws random numbers, on data that are drawn at random, with a rate
that follows the evaluation: all that a resume could get wrong. The same with real
``kill -9`` and a network for poses: tests/prove_training.py.
"""

import itertools
import os
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmpose_light.checkpoints.loading import find_whole_checkpoint
from mmpose_light.engine.whole_checkpoint_hook import WholeFileBackend
from mmpose_light.utils.checkpoint import read_checkpoint
from mmpose_light.utils.errors import UserError

EPOCHS = 5
CHECKPOINT = dict(
    type='WholeCheckpointHook',
    interval=1,
    max_keep_ckpts=1,
    save_best='toy/score',
    rule='greater',
)


def draw(sample):
    """Augment with the random numbers of all three."""
    noise = random.random() + np.random.rand() + torch.rand(1)
    return dict(sample, inputs=sample['inputs'] + noise)


class Weight(BaseMetric):
    """A measure of the weights, which rises and falls."""

    default_prefix = 'toy'

    def process(self, data_batch, data_samples):
        self.results.append(float(data_samples[0]))

    def compute_metrics(self, results):
        return dict(score=np.sin(1e3 * sum(results)))


class Stop(Hook):
    """Break a run off within an epoch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.epoch == self.epoch and batch_idx == 1:
            raise KeyboardInterrupt


@pytest.fixture
def make_runner(tmp_path, toy):
    class Model(toy.model):
        def forward(self, inputs, sample_idx=None, mode='tensor'):
            kept = torch.nn.functional.dropout(torch.stack(inputs), 0.5, self.training)
            loss = self.linear(kept).square().mean()
            return dict(loss=loss) if mode == 'loss' else [loss]

    number = itertools.count()  # MMEngine keeps what it knows by the name

    def make(work_dir=tmp_path, workers=0, resume=False, **options):
        loader = toy.loader(6, pipeline=[draw])
        loader['sampler'] = dict(type='DefaultSampler', shuffle=True)
        loader.update(num_workers=workers, persistent_workers=workers > 0)
        rate = dict(type='ReduceOnPlateauLR', monitor='toy/score', patience=0)
        options.setdefault('default_hooks', dict(checkpoint=CHECKPOINT))
        torch.manual_seed(0)
        return Runner(
            Model(),
            str(work_dir),
            train_dataloader=loader,
            val_dataloader=toy.loader(2),
            val_evaluator=[Weight()],
            val_cfg=dict(),
            train_cfg=dict(by_epoch=True, max_epochs=EPOCHS, val_interval=1),
            optim_wrapper=dict(optimizer=dict(type='Adam', lr=0.01)),
            param_scheduler=dict(rate, rule='less', threshold_rule='abs', threshold=9),
            resume=resume,
            default_scope='mmpose',
            log_level='ERROR',
            experiment_name=f'{tmp_path.name}_{next(number)}',
            **options,
        )

    return make


def train(runner):
    """Train, and end the workers, which MMEngine leaves to the garbage collector."""
    try:
        runner.train()
    finally:
        workers = runner.train_dataloader._iterator
        if workers is not None:
            workers._shutdown_workers()


def weights(work_dir, epoch=EPOCHS):
    return read_checkpoint(Path(work_dir, f'epoch_{epoch}.pth'))


def assert_equal(one, other):
    """The state of two runs is the same, to the last bit."""
    for key in ('state_dict', 'optimizer'):
        torch.testing.assert_close(one[key], other[key], rtol=0, atol=0)
    assert one['param_schedulers'] == other['param_schedulers']


@pytest.mark.parametrize('workers', [0, 2])
def test_resumed_run_ends_as_one_never_stopped(make_runner, tmp_path, workers):
    """Nobody gave a seed: it is the interrupted run's."""
    first = make_runner(workers=workers)
    seed = first.seed
    first.register_hook(Stop(2))
    with pytest.raises(KeyboardInterrupt):
        train(first)
    train(make_runner(workers=workers, resume=True))

    whole = tmp_path / 'whole'
    whole.mkdir()
    runner = make_runner(whole, 2 - workers, randomness=dict(seed=seed))
    train(runner)
    assert_equal(weights(whole), weights(tmp_path))
    names = {path.name for path in whole.glob('*.pth')}
    assert names == {path.name for path in tmp_path.glob('*.pth')}
    assert len(names) == 2, 'the last and the best'
    rate = runner.optim_wrapper.param_groups[0]['lr']
    assert rate < 1e-4, 'evaluations count'


def test_epochs_differ(make_runner):
    """Their random numbers do, too."""
    seen = []

    class See(Hook):
        def before_train_iter(self, runner, batch_idx, data_batch=None):
            values = torch.stack(data_batch['inputs'])[:, 0]
            seen.extend((values - values.floor()).tolist())

    runner = make_runner(workers=1)
    runner.register_hook(See())
    train(runner)
    assert len(set(seen)) == len(seen) == EPOCHS * 6


class Killed(BaseException):
    """The end of a process."""


def test_killed_at_any_step_of_writing(make_runner, tmp_path, monkeypatch):
    """One checkpoint is kept, and the best one: there is always one to go on from."""
    steps, end = [], [None]

    def watch(name):
        original = getattr(os, name)

        def step(*args, **kwargs):
            steps.append(name)
            if len(steps) - 1 == end[0]:
                raise Killed
            return original(*args, **kwargs)

        monkeypatch.setattr(os, name, step)

    for name in ('fsync', 'replace', 'remove'):
        watch(name)

    def run(folder, at=None, **options):
        folder.mkdir(exist_ok=True)
        steps.clear()
        end[0] = at
        make_runner(folder, randomness=dict(seed=0), **options).train()
        return weights(folder)

    whole = run(tmp_path / 'whole')
    per_epoch = len(steps) // EPOCHS
    assert {'fsync', 'replace', 'remove'} <= set(steps) and per_epoch > 6
    for at in range(2 * per_epoch, 3 * per_epoch):
        folder = tmp_path / str(at)
        with pytest.raises(Killed):
            run(folder, at)
        warnings = []
        assert find_whole_checkpoint(folder, warnings.append) and not warnings
        if at % 3 == 0:
            assert_equal(whole, run(folder, resume=True))


@pytest.mark.parametrize('tenth', range(0, 10, 3))
def test_full_disk(make_runner, tmp_path, monkeypatch, tenth):
    """A limit to the size of files is what a full disk is: an error of a write."""
    resource = pytest.importorskip('resource')
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    original = WholeFileBackend.put

    def put(self, content, path):
        full = Path(path).name == 'epoch_3.pth'
        limit = len(content) * tenth // 10 if full else soft
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            original(self, content, path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    with monkeypatch.context() as patch:
        patch.setattr(WholeFileBackend, 'put', put)
        with pytest.raises(UserError, match=r'epoch_3\.pth cannot be written \('):
            make_runner().train()
    assert weights(tmp_path, 2)['meta']['epoch'] == 2
    assert not list(tmp_path.glob('.*'))
    make_runner(resume=True).train()
    assert weights(tmp_path)['meta']['epoch'] == EPOCHS


def test_torn_checkpoint_is_passed_over(make_runner, tmp_path, caplog):
    """And what a killed run left beside is swept up."""
    keep = dict(checkpoint=dict(CHECKPOINT, max_keep_ckpts=2))
    make_runner(default_hooks=keep).train()
    torn = tmp_path / f'epoch_{EPOCHS}.pth'
    whole = torn.read_bytes()
    torn.write_bytes(whole[:-100])
    left = tmp_path / '.0a1b2c3d.part.pth'
    left.write_bytes(whole[:100])
    runner = make_runner(default_hooks=keep, resume=True)
    runner.logger.addHandler(caplog.handler)
    runner.logger.setLevel('WARNING')
    runner.train()
    assert f'{torn} is not whole and is passed over' in caplog.text
    assert weights(tmp_path)['meta']['iter'] == EPOCHS * 3
    assert not left.exists()


def test_nothing_whole(make_runner, tmp_path, caplog):
    (tmp_path / 'epoch_1.pth').write_bytes(b'')
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'epoch_1.pth'))
    runner = make_runner(resume=True)
    runner.logger.addHandler(caplog.handler)
    runner.logger.setLevel('WARNING')
    runner.train()
    assert 'begins anew' in caplog.text
    assert runner.iter == EPOCHS * 3


def test_checkpoint_of_the_host_hook_is_gone_on_from(make_runner, tmp_path):
    """It tells nothing of samplers and evaluations."""
    host = dict(checkpoint=dict(type='CheckpointHook', interval=1))
    runner = make_runner(default_hooks=host)
    runner.register_hook(Stop(2))
    with pytest.raises(KeyboardInterrupt):
        runner.train()
    make_runner(resume=True).train()
    assert weights(tmp_path)['meta']['iter'] == EPOCHS * 3
