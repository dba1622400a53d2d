"""A checkpoint that does not fit stops a test, unless it was trained on."""

import re

import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.runner import Runner

FULL = {'linear.weight': torch.zeros(1, 2), 'linear.bias': torch.zeros(1)}
PART = {'linear.weight': torch.zeros(1, 2)}


class Count(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results.append(1)

    def compute_metrics(self, results):
        return dict(count=len(results))


@pytest.fixture
def make_runner(tmp_path, toy):
    def make(content=None, resume=False):
        path = tmp_path / 'source.pth'
        if content is not None:
            torch.save(content, path)
        loader = toy.loader(2)
        return Runner(
            toy.model(),
            str(tmp_path),
            train_dataloader=loader,
            test_dataloader=loader,
            train_cfg=dict(by_epoch=True, max_epochs=1),
            test_cfg=dict(),
            test_evaluator=[Count()],
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            custom_hooks=[dict(type='FittingCheckpointHook')],
            load_from=None if content is None else str(path),
            resume=resume,
            default_scope='mmpose',
            log_level='ERROR',
            experiment_name=f'{tmp_path.name}_{resume}',
        )

    return make


@pytest.mark.parametrize(
    'content', [FULL, {**FULL, 'data_preprocessor.mean': torch.zeros(3)}]
)
def test_fitting_checkpoint_is_tested(make_runner, content):
    assert make_runner(content).test() == dict(count=1)


def test_other_checkpoint_is_refused(make_runner):
    with pytest.raises(
        ValueError, match=r'source\.pth does not fit .* 1 missing \(linear\.bias\)'
    ):
        make_runner(PART).test()


def test_what_was_trained_on_it_is_tested(make_runner):
    runner = make_runner(PART)
    runner.train()
    assert runner.test() == dict(count=1)


def test_no_state_dict(make_runner):
    with pytest.raises(ValueError, match="holds 'epoch': int, expected a state dict"):
        make_runner(dict(epoch=1)).test()


def test_resumed_run_is_named_by_its_folder(make_runner, tmp_path):
    make_runner().train()
    last = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)
    del last['state_dict']['linear.bias']
    torch.save(last, tmp_path / 'epoch_1.pth')
    name = re.escape(f'checkpoint of the run in {tmp_path} does not fit')
    with pytest.raises(ValueError, match=name):
        make_runner(resume=True).test()
