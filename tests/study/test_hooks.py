"""The time budget, by a clock that a training which does nothing moves on."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.dataset import BaseDataset
from mmengine.model import BaseModel
from mmengine.runner import Runner

from mmpose_light.study import hooks
from mmpose_light.study.hooks import ProgressHook, TimeBudgetHook

EPOCH = 10.0  # seconds
EPOCHS = 100


class Numbers(BaseDataset):
    def load_data_list(self):
        return [dict(inputs=torch.ones(2)) for _ in range(2)]


class Slow(BaseModel):
    def __init__(self, clock, factor=1.0):
        super().__init__()
        self.clock = clock
        self.linear = torch.nn.Linear(2, 1)
        self.factor = factor

    def forward(self, inputs, sample_idx=None, mode='tensor'):
        self.clock.now += EPOCH / 2
        return dict(loss=self.factor * self.linear(torch.stack(inputs)).square().mean())


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=1000.0)
    time = SimpleNamespace(monotonic=lambda: clock.now)
    monkeypatch.setattr(hooks, 'time', time)
    return clock


@pytest.fixture
def runner(tmp_path, clock):
    return Runner(
        Slow(clock),
        str(tmp_path),
        train_dataloader=dict(
            dataset=Numbers(serialize_data=False),
            batch_size=1,
            sampler=dict(type='DefaultSampler', shuffle=False),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=EPOCHS),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=EPOCHS)),
        default_scope='mmpose',
        log_level='WARNING',
        experiment_name=tmp_path.name,
    )


def train_with(runner, clock, seconds, split):
    runner.register_hook(TimeBudgetHook(clock.now + seconds, split))
    runner.train()
    checkpoint = torch.load(
        f'{runner.work_dir}/epoch_{runner.epoch}.pth', weights_only=True
    )
    assert checkpoint['meta']['epoch'] == runner.epoch
    return runner.epoch


def test_training_that_would_not_end_in_time_stops_after_an_epoch(runner, clock):
    assert train_with(runner, clock, 20 * EPOCH, split=False) == 1


def test_split_training_goes_on_as_long_as_it_can(runner, clock):
    assert train_with(runner, clock, 20 * EPOCH, split=True) == 20


def test_training_that_ends_in_time_is_left_alone(runner, clock):
    runner.train_loop._max_epochs = 3
    assert train_with(runner, clock, 3 * EPOCH, split=False) == 3


def test_loss_that_is_not_finite_stops_the_training(runner, tmp_path):
    runner.model.factor = float('nan')
    record = dict(seconds=0.0)
    runner.register_hook(ProgressHook(record, tmp_path / 'run.json', print, interval=2))
    with pytest.raises(FloatingPointError, match='loss is nan at iteration 2.*--lr-sc'):
        runner.train()
