"""A runner that says little."""

import pytest
from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS

from mmpose_light.engine.quiet_runner import build_runner, silence


@pytest.fixture
def cfg(toy, tmp_path) -> Config:
    loader = toy.loader(4)
    MODELS.register_module('QuietModel', force=True, module=toy.model)
    DATASETS.register_module('QuietData', force=True, module=type(loader['dataset']))
    return Config(
        dict(
            default_scope='mmpose',
            model=dict(type='QuietModel'),
            work_dir=str(tmp_path),
            train_dataloader=dict(loader, dataset=dict(type='QuietData', size=4)),
            train_cfg=dict(by_epoch=True, max_epochs=1),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            visualizer=dict(type='Visualizer', vis_backends=[]),
        )
    )


def test_progress_is_said_and_nothing_printed(cfg, tmp_path, capfd):
    lines = []
    for _ in range(2):  # a second runner of the same name has lines of its own
        runner = build_runner(cfg, lines.append)
        with silence():
            runner.train()
        assert [line[:12] for line in lines] == ['Epoch(train)']
        lines.clear()
    runner.logger.error('it broke')
    assert lines == ['it broke']
    assert capfd.readouterr().out == ''
    for log in tmp_path.glob('*/*.log'):
        assert 'Epoch(train)' in log.read_text()
