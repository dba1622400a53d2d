"""Inputs and outputs of exported files, against plain versions and ideal heatmaps."""

import copy

import cv2
import numpy as np
import pytest
import torch
from mmpose.codecs import MSRAHeatmap, SimCCLabel, UDPHeatmap

from mmpose_light.deploy.forms import (
    ExportForm,
    HeatmapsToSimCC,
    InputForm,
    interpolation_matrix,
    network_output,
    run_torch,
)

MEAN, STD = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])
INPUT, HEATMAP = (96, 128), (24, 32)


def ideal_heatmaps(codec, seed=0):
    """Keypoints anywhere in the input, and what a perfect network makes of them."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(8, np.array(INPUT) - 9, (40, 2))
    visible = np.ones((1, 40), np.float32)
    encoded = codec.encode(points[None].astype(np.float32), visible)['heatmaps']
    return points, torch.from_numpy(encoded)[None]


@pytest.mark.parametrize('swap', [False, True])
@pytest.mark.parametrize('raw', [False, True])
def test_input_form_gives_normalized_rgb(swap, raw):
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (2, 8, 6, 3), dtype=np.uint8)
    pixels = np.ascontiguousarray(rgb[..., ::-1]) if swap else rgb
    image = torch.from_numpy(pixels)
    if not raw:
        # as rtmlib does it: the figures of R, G, B on whatever stands there
        image = torch.from_numpy((pixels - MEAN) / STD).permute(0, 3, 1, 2).float()
    expected = ((rgb - MEAN) / STD).transpose(0, 3, 1, 2)
    found = InputForm(MEAN, STD, swap=swap, raw=raw)(image).detach().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    'codec, unbiased',
    [
        (MSRAHeatmap(INPUT, HEATMAP, sigma=1.5, unbiased=True), False),
        (UDPHeatmap(INPUT, HEATMAP, sigma=2), True),
    ],
)
def test_simcc_of_ideal_heatmaps(codec, unbiased):
    """Well below a pixel, for both alignments; the wrong one is off by more."""
    points, heatmaps = ideal_heatmaps(codec)
    if unbiased:  # MMPose's transform for UDP makes up for this
        points = points * INPUT / np.subtract(INPUT, 1)
    decoder = SimCCLabel(INPUT, simcc_split_ratio=2.0)

    def distance(unbiased):
        vectors = HeatmapsToSimCC(INPUT, HEATMAP, unbiased)(heatmaps)
        found, _ = decoder.decode(*(vector[0].numpy() for vector in vectors))
        return np.linalg.norm(found[0] - points, axis=-1)

    assert distance(unbiased).mean() < 0.35
    assert distance(unbiased).max() < 0.8
    assert distance(not unbiased).mean() > 3 * distance(unbiased).mean()


def test_simcc_scores_are_those_of_the_heatmaps():
    _, heatmaps = ideal_heatmaps(MSRAHeatmap(INPUT, HEATMAP, sigma=1.5))
    x, y = HeatmapsToSimCC(INPUT, HEATMAP)(heatmaps)
    peaks = heatmaps.amax((2, 3))
    for vector in (x, y):
        torch.testing.assert_close(vector.amax(2), peaks, atol=0.02, rtol=0)
    # at the cells the vector is the heatmaps' maximum itself
    torch.testing.assert_close(x[..., ::8], heatmaps.amax(2))
    torch.testing.assert_close(y[..., ::8], heatmaps.amax(3))


@pytest.mark.parametrize('factor', [2, 8])
def test_interpolation_is_opencvs(factor):
    """OpenCV aligns the pixels' edges; half a cell further it is the same curve."""
    values = np.random.default_rng(0).standard_normal(12).astype(np.float32)
    fine = cv2.resize(
        values[None], (12 * factor * 2, 1), interpolation=cv2.INTER_CUBIC
    )[0]
    matrix = interpolation_matrix(12, 12 * factor * 2, factor * 2)
    # OpenCV's bin j lies at cell (j + 0.5) / (2 * factor) - 0.5
    places = (np.arange(len(fine)) + 0.5) / (2 * factor) - 0.5
    ours = values @ interpolation_matrix(12, 12 * factor * 4, factor * 4)
    bins = np.round(places * factor * 4).astype(int)
    inner = (places >= 0) & (places <= 10)
    np.testing.assert_allclose(ours[bins[inner]], fine[inner], atol=1e-5)
    np.testing.assert_allclose(matrix.sum(0), 1, atol=1e-6)


@pytest.mark.parametrize('heatmap_size', [(24, 64), (25, 32), (96, 1)])
def test_heatmaps_that_do_not_fit_the_input(heatmap_size):
    with pytest.raises(ValueError, match="whole multiple.*output='heatmap'"):
        HeatmapsToSimCC(INPUT, heatmap_size)


@pytest.mark.parametrize('output', ['heatmap', 'simcc'])
def test_the_last_of_several_stages(smooth_model, output):
    """A head that gives a list of heatmaps, as Hourglass and MSPN do."""

    class Stages(torch.nn.Module):
        def __init__(self, head):
            super().__init__()
            self.head = head
            self.decoder = head.decoder

        def forward(self, feats):
            heatmaps = self.head(feats)
            return [heatmaps.flip(3), heatmaps]

    model = copy.copy(smooth_model.model)
    model._modules = dict(model._modules, head=Stages(model.head).eval())
    options = dict(input_size=INPUT, output=output)
    images = np.random.default_rng(0).standard_normal((2, 3, 128, 96), np.float32)
    found = run_torch(ExportForm(model, **options), images)
    expected = run_torch(ExportForm(smooth_model.model, **options), images)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with torch.no_grad():
        first, last = model(torch.from_numpy(images), None, mode='tensor')
    assert (first != last).any()


def test_models_in_training_mode(smooth_model):
    """They are refused before a batch norm sees the black image."""
    model = copy.deepcopy(smooth_model.model).train()
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(ValueError, match=r'call model\.eval\(\) first'):
        ExportForm(model, input_size=INPUT)
    for key, value in model.state_dict().items():
        torch.testing.assert_close(value, before[key], rtol=0, atol=0)


def test_heads_that_give_something_else(smooth_model):
    class Regression(torch.nn.Module):
        head = torch.nn.Identity()

        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

        def forward(self, inputs, data_samples, mode):
            return inputs.flatten(1)

    with pytest.raises(ValueError, match=r'Identity gives outputs of shapes \[\(1, 48'):
        network_output(Regression(), (4, 4))
    (heatmaps,) = network_output(smooth_model.model, INPUT)
    assert heatmaps.shape == (1, 17, 32, 24)
