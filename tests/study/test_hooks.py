"""The time budget on a training that does nothing but take its time."""

import time

import pytest
import torch
from mmengine.dataset import BaseDataset
from mmengine.model import BaseModel
from mmengine.runner import Runner

from mmpose_light.study.hooks import ProgressHook, TimeBudgetHook

EPOCH = 0.05  # seconds
EPOCHS = 100


class Numbers(BaseDataset):
    def load_data_list(self):
        return [dict(inputs=torch.ones(2)) for _ in range(2)]


class Slow(BaseModel):
    def __init__(self, factor=1.0):
        super().__init__()
        self.linear = torch.nn.Linear(2, 1)
        self.factor = factor

    def forward(self, inputs, sample_idx=None, mode='tensor'):
        time.sleep(EPOCH / 2)
        return dict(loss=self.factor * self.linear(torch.stack(inputs)).square().mean())


@pytest.fixture
def runner(tmp_path):
    return Runner(
        Slow(),
        str(tmp_path),
        train_dataloader=dict(
            dataset=Numbers(serialize_data=False),
            batch_size=1,
            sampler=dict(type='DefaultSampler', shuffle=False),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=EPOCHS),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=EPOCHS)),
        log_level='WARNING',
        experiment_name=tmp_path.name,
    )


def train_with(runner, seconds, split):
    runner.register_hook(TimeBudgetHook(time.monotonic() + seconds, split))
    start = time.monotonic()
    runner.train()
    assert (
        torch.load(f'{runner.work_dir}/epoch_{runner.epoch}.pth', weights_only=True)[
            'meta'
        ]['epoch']
        == runner.epoch
    )
    return runner.epoch, time.monotonic() - start


def test_training_that_would_not_end_in_time_stops_after_an_epoch(runner):
    assert train_with(runner, 20 * EPOCH, split=False)[0] == 1


def test_split_training_goes_on_as_long_as_it_can(runner):
    epochs, seconds = train_with(runner, 20 * EPOCH, split=True)
    assert 1 < epochs <= 20
    assert seconds < 40 * EPOCH


def test_training_that_ends_in_time_is_left_alone(runner):
    runner.train_loop._max_epochs = 3
    assert train_with(runner, 1000 * EPOCH, split=False)[0] == 3


def test_loss_that_is_not_finite_stops_the_training(runner, tmp_path):
    runner.model.factor = float('nan')
    record = dict(seconds=0.0)
    runner.register_hook(ProgressHook(record, tmp_path / 'run.json', print, interval=2))
    with pytest.raises(FloatingPointError, match='loss is nan at iteration 2.*--lr-sc'):
        runner.train()
