"""Decoding in numpy, against MMPose's codecs."""

import numpy as np
import pytest
from mmpose.registry import KEYPOINT_CODECS

from mmpose_light.deploy.decoding import find_maxima, make_decoder

SIZES = dict(input_size=(192, 256), heatmap_size=(48, 64))
K = 40


def blobs(seed: int) -> np.ndarray:
    """Heatmaps with a peak anywhere, edges and outside included, and some noise."""
    rng = np.random.default_rng(seed)
    width, height = SIZES['heatmap_size']
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    places = rng.uniform((-2, -2), (width + 1, height + 1), (K, 2))
    squares = (x - places[:, 0, None, None]) ** 2 + (y - places[:, 1, None, None]) ** 2
    maps = np.exp(-squares / 8) + rng.normal(0, 0.01, (K, height, width))
    return maps.astype(np.float32)


def noise(seed: int) -> np.ndarray:
    width, height = SIZES['heatmap_size']
    return np.random.default_rng(seed).normal(size=(K, height, width)).astype('float32')


HEATMAPS = {
    'blobs': blobs(0),
    'other blobs': blobs(1),
    'noise': noise(2),
    'some nowhere positive': blobs(3)
    - np.eye(K, dtype='float32')[7][:, None, None] * 9,
    'corners': np.pad(noise(4)[:, 1:-1, 1:-1] / 100, ((0, 0), (1, 1), (1, 1)), 'edge'),
}


@pytest.mark.parametrize('heatmaps', HEATMAPS.values(), ids=HEATMAPS)
@pytest.mark.parametrize(
    'codec',
    [
        dict(type='MSRAHeatmap', sigma=2),
        dict(type='MSRAHeatmap', sigma=2, unbiased=True),
        dict(type='MSRAHeatmap', sigma=3, unbiased=True, blur_kernel_size=17),
        dict(type='UDPHeatmap', sigma=2),
        dict(type='UDPHeatmap', sigma=2, blur_kernel_size=7),
    ],
    ids=str,
)
def test_heatmaps(codec, heatmaps):
    codec = dict(codec, **SIZES)
    before = heatmaps.copy()
    places, scores = make_decoder(codec)(heatmaps)
    (expected,), (heights,) = KEYPOINT_CODECS.build(codec).decode(heatmaps)
    np.testing.assert_array_equal(heatmaps, before)
    np.testing.assert_allclose(scores, heights, atol=1e-6)
    # where the curvature is next to none, the step is next to anything
    near = np.abs(expected).max(axis=1) < 1e3
    assert near.mean() > 0.9
    np.testing.assert_allclose(places[near], expected[near], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize('ratio', [2.0, 3.0])
def test_simcc(ratio):
    rng = np.random.default_rng(0)
    codec = dict(type='SimCCLabel', input_size=(192, 256), simcc_split_ratio=ratio)
    x = rng.normal(size=(K, int(192 * ratio))).astype(np.float32)
    y = rng.normal(size=(K, int(256 * ratio))).astype(np.float32)
    x[3] = -np.abs(x[3])
    places, scores = make_decoder(codec)(x, y)
    (expected,), (heights,) = KEYPOINT_CODECS.build(codec).decode(x.copy(), y.copy())
    np.testing.assert_allclose(places, expected, atol=1e-5)
    np.testing.assert_allclose(scores, heights, atol=1e-6)
    assert places[3].max() < 0


@pytest.mark.parametrize(
    'codec',
    [
        dict(type='SimCCLabel', input_size=(192, 256), sigma=4.9, use_dark=True),
        dict(type='SimCCLabel', input_size=(192, 256), decode_visibility=True),
    ],
    ids=str,
)
def test_further_options_are_mmposes(codec):
    rng = np.random.default_rng(0)
    x, y = (rng.uniform(size=(K, n)).astype(np.float32) for n in (384, 512))
    places, scores = make_decoder(codec)(x.copy(), y.copy())
    expected, heights = KEYPOINT_CODECS.build(codec).decode(x[None], y[None])
    heights = heights[0] if isinstance(heights, tuple) else heights
    np.testing.assert_array_equal(places, expected[0])
    np.testing.assert_array_equal(scores, heights[0])


def test_combined_heatmaps_are_mmposes():
    codec = dict(type='UDPHeatmap', heatmap_type='combined', **SIZES)
    heatmaps = np.abs(noise(0))[:39]
    places, _ = make_decoder(codec)(heatmaps)
    np.testing.assert_array_equal(
        places, KEYPOINT_CODECS.build(codec).decode(heatmaps)[0][0]
    )


def test_find_maxima():
    heatmaps = np.zeros((2, 5, 7), np.float32)
    heatmaps[0, 3, 6] = 2
    places, scores = find_maxima(heatmaps)
    assert places.tolist() == [[6, 3], [-1, -1]]
    assert scores.tolist() == [2, 0]
