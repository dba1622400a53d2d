"""EEffPose's schedule: the learning rate falls when the AP stalls."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.runner import Runner

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / 'eeffpose'
COCO = 'td-hm_eeffpose-p0_4xb16-215e_coco-256x192.py'
MPII = 'td-hm_eeffpose-p0_4xb16-215e_mpii-256x256.py'


class ScriptedMetric(BaseMetric):
    """Reports one value of a list after the other."""

    def __init__(self, key, values):
        super().__init__()
        self.key, self.values = key, list(values)

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return {self.key: self.values.pop(0)}


def learning_rates(toy, config, key, values, work_dir):
    """Train on numbers with the config's optimizer and schedule."""
    loader = toy.loader(4)
    runner = Runner(
        toy.model(),
        str(work_dir),
        train_dataloader=loader,
        val_dataloader=loader,
        train_cfg=dict(
            by_epoch=True,
            max_epochs=len(values),
            val_interval=config.train_cfg.val_interval,
        ),
        val_cfg=dict(),
        val_evaluator=[ScriptedMetric(key, values)],
        optim_wrapper=config.optim_wrapper,
        param_scheduler=config.param_scheduler,
        default_scope='mmpose',
        log_level='WARNING',
        experiment_name=work_dir.name,
    )
    rates = []
    step = runner.call_hook

    def record(name, **kwargs):
        if name == 'before_train_epoch':
            rates.append(runner.optim_wrapper.get_lr()['lr'][0])
        step(name, **kwargs)

    runner.call_hook = record
    runner.train()
    return rates


@pytest.mark.parametrize('name', [COCO, MPII])
def test_rate_falls_when_the_score_stalls(name, tmp_path, toy):
    config = Config.fromfile(CONFIGS / name)
    key = config.default_hooks.checkpoint.save_best
    assert config.param_scheduler[1].monitor == key
    rising = [0.1 * epoch for epoch in range(8)]
    scores = rising + [rising[-1]] * 14
    rates = learning_rates(toy, config, key, scores, tmp_path)

    assert rates[:5] == pytest.approx([2e-4, 4e-4, 6e-4, 8e-4, 1e-3]), 'the warm-up'
    # six epochs without a gain (one more than the patience) and the rate falls
    falls = [
        epoch
        for epoch in range(6, len(rates))
        if rates[epoch] < 0.99 * rates[epoch - 1]
    ]
    assert falls == [len(rising) + 6, len(rising) + 12]
    assert rates[5:8] == pytest.approx([1e-3] * 3)
    assert rates[-1] == pytest.approx(1e-3 * 0.3**2)


def test_rate_stays_while_the_score_rises(tmp_path, toy):
    config = Config.fromfile(CONFIGS / COCO)
    scores = [0.01 * epoch for epoch in range(20)]
    rates = learning_rates(toy, config, 'coco/AP', scores, tmp_path)
    assert rates[6:] == pytest.approx([1e-3] * 14)
