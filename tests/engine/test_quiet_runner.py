"""A runner that says little, and the checkpoint that it goes on from."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS

from mmpose_light.engine.quiet_runner import (
    build_runner,
    find_whole_checkpoint,
    silence,
)


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


def test_half_a_checkpoint_is_not_trusted(tmp_path):
    assert find_whole_checkpoint(tmp_path) is None
    for epoch in (2, 9, 10):
        weights = dict(weight=torch.rand(1000))
        torch.save(dict(state_dict=weights), tmp_path / f'epoch_{epoch}.pth')
    assert find_whole_checkpoint(tmp_path) == tmp_path / 'epoch_10.pth'
    for name in ('epoch_10.pth', 'epoch_9.pth'):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    (tmp_path / 'epoch_11.pth').write_bytes(b'')
    lines = []
    assert find_whole_checkpoint(tmp_path, lines.append) == tmp_path / 'epoch_2.pth'
    assert [line.split(' is not')[0] for line in lines] == [
        str(tmp_path / f'epoch_{epoch}.pth') for epoch in (11, 10, 9)
    ]
