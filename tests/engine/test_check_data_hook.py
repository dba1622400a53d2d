"""Data that will not do stop a training before its first step, and a test likewise."""

import json

import pytest
from mmengine.runner import Runner

LABELLED = [20.0, 20.0, 2.0] * 17


@pytest.fixture
def make_runner(tmp_path, toy, synthetic_coco):
    """A toy's training whose config names data of people."""

    def make(keypoints, **hook):
        file = synthetic_coco / 'annotations/person_keypoints_train.json'
        content = json.loads(file.read_text())
        content['annotations'][0]['keypoints'] = keypoints
        (tmp_path / 'a.json').write_text(json.dumps(content))
        people = dict(
            type='CocoDataset',
            ann_file=str(tmp_path / 'a.json'),
            data_prefix=dict(img=str(synthetic_coco / 'train')),
        )
        loader = toy.loader(2)
        runner = Runner(
            toy.model(),
            str(tmp_path),
            train_dataloader=loader,
            train_cfg=dict(by_epoch=True, max_epochs=1),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            default_hooks=dict(check_data=dict(type='CheckDataHook', **hook)),
            default_scope='mmpose',
            log_level='ERROR',
            experiment_name=tmp_path.name,
        )
        runner.cfg.train_dataloader = dict(dataset=people)
        return runner

    return make


def test_sound_data(make_runner):
    runner = make_runner(LABELLED)
    runner.train()
    assert runner.iter == 1


def test_bad_data(make_runner):
    runner = make_runner([float('nan'), *LABELLED[1:]])
    with pytest.raises(
        ValueError, match='no finite numbers.*\n.*check_data.enable=Fal'
    ):
        runner.train()
    assert runner.iter == 0


def test_switched_off(make_runner):
    runner = make_runner([float('nan'), *LABELLED[1:]], enable=False)
    runner.train()
    assert runner.iter == 1
