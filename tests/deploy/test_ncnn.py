"""Networks as ncnn's files: the size of the input, and what cannot be converted."""

import re
import shutil

import cv2
import numpy as np
import pytest
import torch

from mmpose_light.deploy import ExportedModel
from mmpose_light.deploy.forms import ExportForm, run_torch
from mmpose_light.deploy.ncnn import write_ncnn
from mmpose_light.deploy.runtimes import open_runtime
from mmpose_light.utils.errors import UserError

pytestmark = pytest.mark.usefixtures('ncnn_packages')

SIZE = (96, 128)


def test_any_number_of_images(smooth_model, tmp_path):
    form = ExportForm(smooth_model.model, SIZE, output='simcc')
    opened = open_runtime(write_ncnn(form, tmp_path / 'a.param'), threads=1)
    assert opened.input_shape == (None, 3, 128, 96)
    assert {path.name for path in tmp_path.iterdir()} == {'a.param', 'a.bin'}
    images = np.random.default_rng(0).standard_normal((3, 3, 128, 96), np.float32)
    for count in (3, 1):
        expected = run_torch(form, images[:count])
        for ours, theirs in zip(opened.run(images[:count]), expected, strict=True):
            assert ours.shape == theirs.shape
            assert np.abs(ours - theirs).max() < 1e-5 * np.ptp(theirs)


def test_what_cannot_be_converted(smooth_model, tmp_path, monkeypatch):
    class Spectrum(torch.nn.Module):
        def forward(self, x):
            return torch.linalg.svdvals(x)[..., None, :] * x

    monkeypatch.setattr(smooth_model.model.head, 'final_layer', Spectrum().eval())
    with pytest.raises(UserError, match='svd'):
        write_ncnn(ExportForm(smooth_model.model, SIZE), tmp_path / 'a.param')
    assert not list(tmp_path.iterdir())


def test_program_of_the_documents(export_smooth_model, repo_dir, tmp_path, monkeypatch):
    """It finds what ``infer`` finds, but for the quarter of a heatmap's pixel."""
    done = export_smooth_model(format='ncnn')
    for file in done.files:
        shutil.copy(file, tmp_path / f'model.ncnn{file.suffix}')
    page = (repo_dir / 'docs/deploy.md').read_text(encoding='utf-8')
    (program,) = re.findall(r'```python\n(# poses\.py\n.*?)```', page, re.S)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(program, names)
    small = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    image = cv2.resize(small, (160, 120), interpolation=cv2.INTER_CUBIC)
    for box in ([10, 5, 70, 90], [40, 20, 150, 75]):
        found = names['estimate'](image, box)
        keypoints, scores = ExportedModel(done.file, threads=1).estimate(image, [box])
        step = 1.25 * max((box[2] - box[0]) / 96, (box[3] - box[1]) / 128)
        apart = np.abs(found[:, :2] - keypoints[0])
        assert apart.max() <= step + 1e-3  # 4 pixels of the crop, a quarter of them
        np.testing.assert_allclose(found[:, 2], scores[0], atol=1e-5)
