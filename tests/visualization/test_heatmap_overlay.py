"""All heatmaps over the image: where they are high, and nowhere else."""

import cv2
import numpy as np
import pytest
import torch
from mmpose.apis import init_model
from PIL import Image

from mmpose_light.visualization.heatmap_overlay import overlay_heatmaps
from mmpose_light.visualization.heatmap_pictures import (
    compute_heatmaps,
    visualize_heatmaps,
)


def colorfulness(picture: np.ndarray) -> np.ndarray:
    """How far the channels of each pixel lie apart; 0 for gray."""
    return np.ptp(picture.astype(int), axis=2)


def test_picture_of_a_model(smooth_model, tmp_path):
    """A gray image: it is colored where any of its heatmaps is high."""
    grays = np.random.default_rng(0).integers(0, 256, (12, 16), dtype=np.uint8)
    image = cv2.cvtColor(cv2.resize(grays, (200, 150)), cv2.COLOR_GRAY2BGR)
    cv2.imwrite(str(tmp_path / 'gray.png'), image)
    bbox = [60, 20, 140, 130]
    # Heatmaps of a trained model are low nearly everywhere; these on half the picture.
    before = compute_heatmaps(smooth_model.model, image, bbox).joined
    weights = torch.load(smooth_model.checkpoint)
    weights['state_dict']['head.final_layer.bias'] -= before.amax(0).median()
    torch.save(weights, tmp_path / 'lower.pth')
    lower, gray = tmp_path / 'lower.pth', tmp_path / 'gray.png'
    options = dict(bbox=bbox, keypoints=[0], device='cpu')
    (files,) = visualize_heatmaps(
        smooth_model.config, [gray], lower, tmp_path / 'out', **options
    )
    assert files == (tmp_path / 'out/gray.png', tmp_path / 'out/gray_all.png')
    with Image.open(files.overlay) as file:
        picture = np.asarray(file.convert('RGB'))
    assert picture.shape == (8 * 128, 8 * 96, 3)

    # At the middles of the heatmaps' pixels: 4 of the input's, 8 times as large.
    model = init_model(str(smooth_model.config), str(lower), device='cpu')
    heatmaps = compute_heatmaps(model, image, bbox)
    shown, plain = picture[::32, ::32], heatmaps.image[::32, ::32]
    highest = heatmaps.joined.amax(0).numpy()
    share = highest / highest.max()
    high, low = share > 0.3, share < 0.09
    assert min(high.sum(), low.sum()) > 50
    assert (colorfulness(shown)[high] > 40).all()
    np.testing.assert_array_equal(shown[low], plain[low])
    red, _, blue = shown[np.unravel_index(share.argmax(), share.shape)]
    assert red > blue
    # no keypoint alone, such as that of the other picture, is high everywhere there
    alone = heatmaps.joined.numpy() / highest.max() > 0.3
    assert (alone.sum((1, 2)) < high.sum()).all()


@pytest.mark.parametrize('value', [0, -0.3])
def test_nothing_but_the_image(value):
    image = np.random.default_rng(0).integers(0, 256, (64, 48, 3), dtype=np.uint8)
    heatmaps = np.full((2, 16, 12), value)
    drawn = overlay_heatmaps(image, heatmaps, np.array([4, 4]))
    np.testing.assert_array_equal(drawn, image)
    assert drawn is not image


def test_each_heatmap_at_its_place():
    """Peaks of two heatmaps, with another number of pixels across than down."""
    heatmaps = np.zeros((2, 8, 8), np.float32)
    heatmaps[0, 2, 1] = heatmaps[1, 6, 5] = 1
    image = np.zeros((80, 40, 3), np.uint8)
    drawn = overlay_heatmaps(image, heatmaps, np.array([5, 10]))
    parts, labels, boxes, centers = cv2.connectedComponentsWithStats(
        drawn.any(2).astype(np.uint8)
    )
    assert parts == 3  # one of them the background
    np.testing.assert_allclose(sorted(centers[1:].tolist()), [[5, 20], [25, 60]])


def test_low_peaks_are_fainter():
    heatmaps = np.zeros((2, 8, 8))
    heatmaps[0, 2, 2], heatmaps[1, 6, 6] = 0.9, 0.3
    drawn = overlay_heatmaps(np.zeros((8, 8, 3), np.uint8), heatmaps, np.ones(2))
    red, _, blue = drawn[2, 2]
    assert red > 60 > blue
    red, _, blue = drawn[6, 6]
    assert blue > 60 > red
