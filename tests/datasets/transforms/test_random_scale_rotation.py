"""RandomScaleRotation: the distribution that HRNet's training draws from."""

import numpy as np
import pytest
from mmpose.datasets.transforms import RandomBBoxTransform
from mmpose.registry import TRANSFORMS

from mmpose_light.datasets import RandomScaleRotation

DRAWS = 100_000


def reference(scale_factor, rotate_factor, rotate_prob):
    """Draw one box after the other, as HRNet's data set does."""
    rng = np.random.default_rng(1)
    scales, rotations = [], []
    for _ in range(DRAWS):
        scale = 1 + scale_factor * rng.standard_normal()
        scales.append(min(max(scale, 1 - scale_factor), 1 + scale_factor))
        rotation = 0.0
        if rng.random() <= rotate_prob:
            rotation = rotate_factor * rng.standard_normal()
            rotation = min(max(rotation, -2 * rotate_factor), 2 * rotate_factor)
        rotations.append(rotation)
    return np.array(scales), np.array(rotations)


def draw(transform):
    np.random.seed(0)
    results = transform(
        dict(
            bbox_center=np.full((DRAWS, 2), 50.0, np.float32),
            bbox_scale=np.full((DRAWS, 2), 100.0, np.float32),
        )
    )
    assert (results['bbox_center'] == 50).all(), 'boxes are not shifted'
    scale = results['bbox_scale'] / 100
    assert (scale[:, 0] == scale[:, 1]).all(), 'boxes keep their shape'
    return scale[:, 0], results['bbox_rotation']


@pytest.mark.parametrize(
    ('scale_factor', 'rotate_factor', 'std'), [(0.35, 45, 33.3), (0.25, 30, 22.2)]
)
def test_distribution_is_hrnets(scale_factor, rotate_factor, std):
    scale, rotation = draw(RandomScaleRotation(scale_factor, rotate_factor))
    expected_scale, expected_rotation = reference(scale_factor, rotate_factor, 0.6)

    assert scale.std() == pytest.approx(expected_scale.std(), rel=0.01)
    assert rotation.std() == pytest.approx(expected_rotation.std(), rel=0.015)
    assert rotation.std() == pytest.approx(std, rel=0.01)
    quantiles = np.linspace(0.02, 0.98, 25)
    np.testing.assert_allclose(
        np.quantile(scale, quantiles),
        np.quantile(expected_scale, quantiles),
        atol=0.01,
    )
    np.testing.assert_allclose(
        np.quantile(rotation, quantiles),
        np.quantile(expected_rotation, quantiles),
        atol=0.03 * rotate_factor,
    )
    for values, expected, limits in (
        (scale, expected_scale, (1 - scale_factor, 1 + scale_factor)),
        (rotation, expected_rotation, (-2 * rotate_factor, 2 * rotate_factor)),
    ):
        assert values.min() == pytest.approx(limits[0])
        assert values.max() == pytest.approx(limits[1])
        for limit in limits:
            share = np.isclose(values, limit).mean()
            assert share == pytest.approx(np.isclose(expected, limit).mean(), abs=0.005)
    assert (rotation == 0).mean() == pytest.approx(0.4, abs=0.01)


def test_host_draws_narrower_from_the_same_figures():
    """Why the transform is there."""
    host = RandomBBoxTransform(
        shift_prob=0, scale_factor=(0.65, 1.35), rotate_factor=45
    )
    scale, rotation = draw(host)
    assert scale.std() == pytest.approx(0.19, abs=0.005)
    assert rotation.std() == pytest.approx(18.8, abs=0.3)


def test_no_rotation():
    _, rotation = draw(RandomScaleRotation(rotate_prob=0))
    assert not rotation.any()


def test_registered():
    transform = TRANSFORMS.build(dict(type='RandomScaleRotation', rotate_factor=30))
    assert isinstance(transform, RandomScaleRotation)
    assert 'rotate_factor=30' in repr(transform)


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        (dict(scale_factor=1.0), r'scale_factor must be in \[0, 1\), but got 1.0'),
        (dict(rotate_factor=-1), 'rotate_factor must be 0 or more, but got -1'),
        (dict(rotate_prob=1.5), r'rotate_prob must be in \[0, 1\], but got 1.5'),
    ],
)
def test_wrong_arguments(wrong, message):
    with pytest.raises(ValueError, match=message):
        RandomScaleRotation(**wrong)
