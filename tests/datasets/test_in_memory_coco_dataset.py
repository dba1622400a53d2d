"""The data set in memory against MMPose's own."""

import shutil

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from mmpose.datasets import CocoDataset

from mmpose_light.datasets import InMemoryCocoDataset

PIPELINE = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', prob=1.0, direction='horizontal'),
    dict(type='TopdownAffine', input_size=(96, 128)),
    dict(type='PackPoseInputs'),
]


def options(root):
    return dict(
        data_root=str(root),
        ann_file='annotations/person_keypoints_val.json',
        data_prefix=dict(img='val/'),
        pipeline=PIPELINE,
    )


@pytest.fixture
def root(synthetic_coco, tmp_path):
    init_default_scope('mmpose')
    shutil.copytree(synthetic_coco, tmp_path / 'data')
    return tmp_path / 'data'


def test_same_samples_without_the_files(root):
    expected = [*CocoDataset(**options(root))]
    dataset = InMemoryCocoDataset(**options(root))
    shutil.rmtree(root / 'val')
    # twice: the first time must not change what is kept
    for _ in range(2):
        samples = [dataset[i] for i in range(len(dataset))]
        assert len(samples) == len(expected) > 1
        for sample, other in zip(samples, expected, strict=True):
            np.testing.assert_array_equal(sample['inputs'], other['inputs'])
            np.testing.assert_array_equal(
                sample['data_samples'].gt_instances.keypoints,
                other['data_samples'].gt_instances.keypoints,
            )
            assert sample['data_samples'].img_shape == other['data_samples'].img_shape


def test_missing_photograph_is_named(root):
    victim = next((root / 'val').iterdir())
    victim.unlink()
    with pytest.raises(FileNotFoundError, match=victim.name):
        InMemoryCocoDataset(**options(root))


def test_unreadable_photograph_is_named(root):
    victim = next((root / 'val').iterdir())
    victim.write_bytes(b'no picture')
    with pytest.raises(
        ValueError, match=f'{victim.name} cannot be read: it is no image'
    ):
        InMemoryCocoDataset(**options(root))
