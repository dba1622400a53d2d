"""Training runs that MMEngine logged, in no time."""

from collections.abc import Callable
from pathlib import Path

import pytest
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.runner import Runner


class ScriptedMetric(BaseMetric):
    """Reports one dict of a list after the other."""

    def __init__(self, results):
        super().__init__()
        self.reports = list(results)

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return self.reports.pop(0)


class RateRecorder(Hook):
    """Notes the rate of each iteration; stops a run at the end of an epoch."""

    def __init__(self, stop_in_epoch):
        self.stop_in_epoch = stop_in_epoch
        self.rates = {}

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.rates[runner.iter + 1] = runner.optim_wrapper.get_lr()['lr'][0]

    def after_train_epoch(self, runner):
        if runner.epoch + 1 == self.stop_in_epoch:
            raise InterruptedError


class RateFactor(Hook):
    """Changes the rate of a run that goes on."""

    def __init__(self, factor):
        self.factor = factor

    def before_train(self, runner):
        for group in runner.optim_wrapper.param_groups:
            group['lr'] *= self.factor


@pytest.fixture(scope='session')
def train(toy) -> Callable[..., dict[int, float]]:
    """Train on numbers, five iterations an epoch, of which two and four are logged."""

    def run(
        work_dir: Path,
        results: list[dict],
        *,
        resume: bool = False,
        train_cfg: dict | None = None,
        stop_in_epoch: int | None = None,
        rate_factor: float = 1,
        checkpoint_interval: int = 1,
        log_metric_by_epoch: bool = True,
        **kwargs,
    ) -> dict[int, float]:
        """Train, or go on with training; return the rates by iteration."""
        recorder = RateRecorder(stop_in_epoch)
        if results:
            kwargs.update(
                val_dataloader=toy.loader(2),
                val_cfg=dict(),
                val_evaluator=[ScriptedMetric(results)],
            )
        if resume:  # within a second both parts would have the same TIMESTAMP
            kwargs['visualizer'] = dict(
                type='Visualizer',
                vis_backends=[dict(type='LocalVisBackend')],
                save_dir=str(work_dir / '99991231_235959'),
            )
        logger = dict(
            type='LoggerHook', interval=2, log_metric_by_epoch=log_metric_by_epoch
        )
        checkpoint = dict(type='CheckpointHook', interval=checkpoint_interval)
        runner = Runner(
            toy.model(),
            str(work_dir),
            train_dataloader=toy.loader(10),
            train_cfg=train_cfg or dict(by_epoch=True, max_epochs=6, val_interval=2),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01)),
            param_scheduler=dict(type='ExponentialLR', gamma=0.8, by_epoch=False),
            default_hooks=dict(logger=logger, checkpoint=checkpoint),
            custom_hooks=[RateFactor(rate_factor), recorder],
            resume=resume,
            default_scope='mmpose',
            log_level='WARNING',
            experiment_name=f'{work_dir.parent.name}-{work_dir.name}-{resume}',
            **kwargs,
        )
        try:
            runner.train()
        except InterruptedError:
            assert stop_in_epoch is not None
        return recorder.rates

    return run
