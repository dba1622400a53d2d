"""What is said of data that a config names and that are not there."""

from pathlib import Path

import pytest
from mmengine.config import Config

from mmpose_light.utils.data_files import check_data


@pytest.fixture
def config(synthetic_coco) -> Config:
    """A config of data that are all there."""

    def dataset(split):
        return dict(
            type='CocoDataset',
            data_root=str(synthetic_coco),
            ann_file=f'annotations/person_keypoints_{split}.json',
            data_prefix=dict(img=f'{split}/'),
        )

    return Config(
        dict(
            train_dataloader=dict(dataset=dataset('train')),
            val_dataloader=dict(dataset=dataset('val')),
            val_evaluator=dict(
                ann_file=f'{synthetic_coco}/annotations/person_keypoints_val.json'
            ),
        )
    )


def complaint(config, splits=('train', 'val')) -> list[str]:
    with pytest.raises(FileNotFoundError) as caught:
        check_data(config, splits)
    return str(caught.value).splitlines()


def test_all_there(config):
    check_data(config, ['train', 'val', 'test'])


def test_each_missing_file_and_the_folder_it_is_meant_from(config):
    config.train_dataloader.dataset.update(
        ann_file='a.json', data_prefix=dict(img='i/'), data_root='data/mine/'
    )
    lines = complaint(config)
    assert lines[1:3] == [
        '  annotations (train): data/mine/a.json',
        '  images (train): data/mine/i',
    ]
    assert lines[3].endswith(f': {Path.cwd()}')
    assert 'ln -s FOLDER data/mine' in lines[4]
    assert 'bbox_file' not in ' '.join(lines)
    check_data(config, ['val'])


def test_boxes_and_how_to_do_without(config):
    config.val_dataloader.dataset.bbox_file = 'boxes.json'
    text = '\n'.join(complaint(config))
    assert "a detector's boxes (val): boxes.json" in text
    assert 'val_dataloader.dataset.bbox_file=None' in text


def test_keypoints_of_ones_own(config):
    config.val_dataloader.dataset.metainfo = dict(from_file='my_keypoints.py')
    config.train_dataloader.dataset.metainfo = dict(from_file='configs/coco.py')
    lines = complaint(config)
    assert lines[1] == '  keypoints (val): my_keypoints.py'
    assert lines[2].startswith('Relative paths'), 'MMPose has a coco.py'


def test_evaluators_in_a_list(config):
    config.val_evaluator = [dict(type='CocoMetric', ann_file='b.json'), dict(type='X')]
    assert '  annotations (val): b.json' in complaint(config)


@pytest.mark.parametrize('wrap', ['combined', 'repeated'])
def test_data_sets_in_data_sets(config, wrap):
    inner = dict(config.train_dataloader.dataset, ann_file='c.json')
    config.train_dataloader.dataset = (
        dict(type='CombinedDataset', datasets=[config.train_dataloader.dataset, inner])
        if wrap == 'combined'
        else dict(type='RepeatDataset', times=2, dataset=inner)
    )
    lines = complaint(config)
    assert lines[1].endswith('c.json')
    assert lines[2].startswith('Relative paths')


def test_what_lies_elsewhere_is_not_looked_for(config):
    config.train_dataloader.dataset.update(data_root='s3://bucket/coco')
    config.val_dataloader = None
    check_data(config, ['train', 'val'])
