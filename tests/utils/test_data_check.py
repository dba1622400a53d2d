"""The data of a config: annotations, boxes of a detector, keypoints, MPII's layout."""

import json
from pathlib import Path

import mmpose
import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from mmpose_light.cli import main
from mmpose_light.utils.data_check import check_config, is_switched_on, refuse_bad_data

LEAF = 'configs/el_hrnet/td-hm_el-hrnet-w18_1xb16-300e_coco-128x96.py'


@pytest.fixture
def config(repo_dir, synthetic_coco) -> Config:
    """One of our configs, on data that are sound."""
    config = Config.fromfile(repo_dir / LEAF)
    for split, folder in (('train', 'train'), ('val', 'val'), ('test', 'val')):
        config[f'{split}_dataloader'].dataset.update(
            data_root=str(synthetic_coco),
            ann_file=f'annotations/person_keypoints_{folder}.json',
            data_prefix=dict(img=f'{folder}/'),
        )
    for split in ('val', 'test'):
        config[f'{split}_dataloader'].dataset.bbox_file = None
        config[f'{split}_evaluator'].ann_file = str(
            synthetic_coco / 'annotations/person_keypoints_val.json'
        )
    return config


def problems(config, *splits):
    found = check_config(config, splits)
    return ' '.join(text for f in found.values() for text in f.problems)


def spoil(file, target, **values):
    """Copy annotations, and change the first person."""
    content = json.loads(file.read_text())
    content['annotations'][0].update(values)
    target.write_text(json.dumps(content))
    return str(target)


def test_sound_data(config):
    found = check_config(config, ['train', 'val', 'test'])
    assert [f.problems + f.notes for f in found.values()] == [[], [], []]
    assert [f.counts['images'] for f in found.values()] == [6, 4, 4]
    assert refuse_bad_data(config, ['train', 'val']) == []
    assert is_switched_on(config)
    config.merge_from_dict({'default_hooks.check_data.enable': False})
    assert not is_switched_on(config)


def test_evaluation_reads_more_than_training(config, synthetic_coco, tmp_path):
    file = synthetic_coco / 'annotations/person_keypoints_train.json'
    without = spoil(file, tmp_path / 'a.json', area=None)
    config.train_dataloader.dataset.ann_file = without
    assert problems(config, 'train', 'val') == ''
    config.val_dataloader.dataset.update(
        ann_file=without, data_prefix=dict(img='train')
    )
    assert 'annotations have no area' in problems(config, 'val')
    config.val_evaluator.use_area = False
    assert problems(config, 'val') == ''
    (found,) = check_config(config, ['val']).values()
    assert 'val_evaluator reads' in found.notes[0]


@pytest.mark.parametrize(
    ('boxes', 'message'),
    [
        ([dict(image_id=1, category_id=1, bbox=[1, 1, 9, 9], score=1)], ''),
        ([dict(image_id=1, category_id=0, bbox=[1, 1, 9, 9], score=1)], 'it has 0'),
        (
            [dict(image_id=77, category_id=1, bbox=[1, 1, 9, 9], score=1)],
            'such as id 77',
        ),
        ([dict(image_id=1, category_id=1, bbox=[1, 1, 9, 9])], 'bbox and score'),
        ([dict(image_id=1, category_id=1, bbox=None, score=1)], 'bbox and score'),
        ([dict(image_id=1, category_id=1, bbox=[np.nan] * 4, score=1)], 'and score'),
        ([dict(image_id='1', category_id=1, bbox=[1] * 4, score=1)], 'as image_id'),
        ([], 'it has none'),
        ({}, 'is no list of detection results'),
        (None, 'does not exist'),
    ],
)
def test_boxes_of_a_detector(config, tmp_path, boxes, message):
    if boxes is not None:
        (tmp_path / 'boxes.json').write_text(json.dumps(boxes))
    config.test_dataloader.dataset.bbox_file = str(tmp_path / 'boxes.json')
    found = problems(config, 'test')
    assert message in found
    assert bool(message) == bool(found)


def test_a_test_without_annotations(config, tmp_path):
    """As COCO's test-dev: images alone, boxes of a detector, poses to a file."""
    dataset = config.test_dataloader.dataset
    file = Path(dataset.data_root, dataset.ann_file)
    (tmp_path / 'a.json').write_text(
        json.dumps(dict(images=json.loads(file.read_text())['images']))
    )
    boxes = [dict(image_id=1, category_id=1, bbox=[1, 1, 9, 9], score=1)]
    (tmp_path / 'boxes.json').write_text(json.dumps(boxes))
    dataset.update(
        ann_file=str(tmp_path / 'a.json'), bbox_file=str(tmp_path / 'boxes.json')
    )
    config.test_evaluator.update(ann_file=str(tmp_path / 'a.json'), format_only=True)
    assert problems(config, 'test') == ''
    config.test_evaluator.format_only = False
    assert 'nobody' in problems(config, 'test')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(sigmas=[0.1] * 16), 'sigmas of its metainfo should be 17'),
        (dict(sigmas=[0.1] * 16 + [0]), 'sigmas of its metainfo should be 17'),
        (dict(joint_weights=[1]), 'joint_weights of its metainfo'),
        (dict(keypoint_info={0: dict(name='a', swap='b')}), "used: KeyError 'b'"),
        (dict(skeleton_info=...), 'metainfo'),
    ],
)
def test_description_of_the_keypoints(config, change, message):
    base = Path(mmpose.__file__).parent / '.mim/configs/_base_/datasets/coco.py'
    meta = {**Config.fromfile(base).dataset_info, **change}
    meta = {key: value for key, value in meta.items() if value is not ...}
    config.train_dataloader.dataset.metainfo = meta
    assert message in problems(config, 'train')


def test_outputs_of_the_network(config):
    config.model.head.out_channels = 16
    assert 'out_channels is 16, and there are 17 keypoints' in problems(config, 'val')


def test_what_is_not_looked_into(config):
    config.train_dataloader.dataset.type = 'JhmdbDataset'
    config.val_dataloader.dataset.data_root = 's3://bucket'
    config.val_evaluator.ann_file = None
    found = check_config(config, ['train', 'val'])
    told = [(f.problems, f.notes) for f in found.values()]
    assert told == [
        ([], [f'what {name} reads is not looked into'])
        for name in ('JhmdbDataset', 'CocoDataset')
    ]


def mpii_person(**change):
    person = dict(
        image='0123.jpg',
        center=[30, 20],
        scale=0.3,
        joints=[[10, 10]] * 16,
        joints_vis=[1] * 16,
    )
    return {**person, **change}


@pytest.mark.parametrize(
    ('person', 'message'),
    [
        (mpii_person(), ''),
        (mpii_person(joints=[[10, np.nan]] * 16), '32 finite numbers in joints'),
        (mpii_person(joints=[[1, 2]] * 3), '32 finite numbers in joints'),
        (mpii_person(center=None), '2 finite numbers in center'),
        (mpii_person(image='a.jpg'), 'no image whose name is a number'),
        (mpii_person(image='456.jpg'), '1 of 1 images are missing'),
        (None, 'no list of people'),
    ],
)
def test_mpii(repo_dir, tmp_path, person, message):
    leaf = 'configs/el_hrnet/td-hm_el-hrnet-w32_1xb8-210e_mpii-256x256.py'
    config = Config.fromfile(repo_dir / leaf)
    Image.new('RGB', (60, 40)).save(tmp_path / '0123.jpg')
    (tmp_path / 'a.json').write_text(json.dumps([person]))
    config.train_dataloader.dataset.update(
        data_root=str(tmp_path), ann_file='a.json', data_prefix=dict(img='')
    )
    found = problems(config, 'train')
    assert message in found
    assert bool(message) == bool(found)


def test_command(config, synthetic_coco, tmp_path, capsys):
    config.dump(tmp_path / 'mine.py')
    assert main(['check-data', str(tmp_path / 'mine.py')]) == 0
    assert 'images, ' in capsys.readouterr().out
    file = synthetic_coco / 'annotations/person_keypoints_train.json'
    points = [float('nan'), *[0] * 50]
    broken = spoil(file, tmp_path / 'broken.json', keypoints=points)
    config.train_dataloader.dataset.ann_file = broken
    config.dump(tmp_path / 'mine.py')
    assert main(['check-data', str(tmp_path / 'mine.py'), '--splits', 'val']) == 0
    assert main(['check-data', str(tmp_path / 'mine.py'), '--all-images']) == 1
    out = capsys.readouterr().out
    assert 'to mend: 1 of' in out
    assert '1 to mend' in out
    config.train_dataloader.dataset.ann_file = 'nowhere.json'
    config.dump(tmp_path / 'mine.py')
    assert main(['check-data', str(tmp_path / 'mine.py')]) == 2
    assert 'these data are missing' in capsys.readouterr().err
