"""Cutting people out and drawing them, against MMPose's transforms."""

import cv2
import numpy as np
import pytest
from mmengine.dataset import Compose

from mmpose_light.deploy.cropping import crop_person, to_image


@pytest.fixture(scope='module')
def image():
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
    return cv2.resize(small, (320, 240), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize('use_udp', [False, True])
@pytest.mark.parametrize('padding', [1.0, 1.25])
@pytest.mark.parametrize('size', [(48, 64), (64, 64), (96, 72)])
def test_crops_are_mmposes(image, size, padding, use_udp):
    pipeline = Compose(
        [
            dict(type='mmpose.GetBBoxCenterScale', padding=padding),
            dict(type='mmpose.TopdownAffine', input_size=size, use_udp=use_udp),
        ]
    )
    rng = np.random.default_rng(1)
    for _ in range(20):
        corners = rng.uniform((-30, -30), (340, 260), (2, 2))
        box = np.concatenate((corners.min(0), corners.max(0) + 3)).astype(np.float32)
        crop = crop_person(image, box, size, padding, use_udp)
        expected = pipeline(dict(img=image, bbox=box[None]))
        np.testing.assert_array_equal(crop.center, expected['input_center'])
        np.testing.assert_array_equal(crop.scale, expected['input_scale'])
        np.testing.assert_array_equal(crop.pixels, expected['img'])


def test_back_to_the_image(image):
    crop = crop_person(image, np.array([10, 20, 50, 100]), (48, 64), padding=1)
    middle = to_image(np.array([[24, 32]]), crop.center, crop.scale, (48, 64))
    np.testing.assert_allclose(middle, [[30, 60]])
    corner = to_image(np.array([[0, 0]]), crop.center, crop.scale, (48, 64))
    np.testing.assert_allclose(corner, [[0, 20]])
