"""Exported files against PyTorch, in both runtimes, for networks of many kinds."""

import sys
import warnings
from pathlib import Path

import mmpose
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.apis import init_model

from mmpose_light.deploy import export_model
from mmpose_light.deploy.choices import FORMATS
from mmpose_light.deploy.runtimes import open_runtime

pytestmark = pytest.mark.usefixtures('deploy_packages')

ZOO = Path(mmpose.__file__).parent / '.mim/configs/body_2d_keypoint'
SIZE = (96, 128)
RUNTIMES = FORMATS['onnx'].runtimes


def small_efficientnet(config):
    """The family's network with the small backbone of the tests."""
    config.model.backbone.type = f'Small{config.model.backbone.type}'
    config.model.neck.update(in_channels=[16, 24, 40], num_blocks=1)
    without_init(config)


def shallow_lite_hrnet(config):
    extra = config.model.backbone.extra
    extra.num_stages = 2
    extra.stages_spec.num_modules = (1, 1, 1)
    extra.stages_spec.num_blocks = (1, 1, 1)


def without_init(config):
    config.model.backbone.init_cfg = None


def small_hourglass(config):
    """Two stages, each with heatmaps of its own."""
    config.model.backbone = dict(
        type='HourglassNet',
        downsample_times=1,
        num_stacks=2,
        stage_channels=(256, 16),
        stage_blocks=(1, 1),
        feat_channel=16,
    )
    config.model.head.update(in_channels=16, num_stages=2)


NETWORKS = {
    'EffBase': (
        'configs/eeffpose/ablation/td-hm_eeffpose-p0-000_4xb16-215e_coco-256x192.py',
        small_efficientnet,
    ),
    'EEffPose': (
        'configs/eeffpose/td-hm_eeffpose-p0_4xb16-215e_coco-256x192.py',
        small_efficientnet,
    ),
    'Lite-HRNet': (
        ZOO / 'topdown_heatmap/coco/td-hm_litehrnet-18_8xb64-210e_coco-256x192.py',
        shallow_lite_hrnet,
    ),
    'ShuffleNetV2': (
        ZOO / 'topdown_heatmap/coco/td-hm_shufflenetv2_8xb64-210e_coco-256x192.py',
        without_init,
    ),
    'Hourglass': (
        ZOO / 'topdown_heatmap/coco/td-hm_hourglass52_8xb32-210e_coco-256x256.py',
        small_hourglass,
    ),
    'RTMPose': (
        ZOO / 'rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192.py',
        without_init,
    ),
}


def run_torch(model, image):
    with torch.no_grad():
        given = model(torch.from_numpy(image), None, mode='tensor')
    given = given[-1] if isinstance(given, list) else given  # the last stage
    return [x.numpy() for x in (given if isinstance(given, tuple) else (given,))]


def noise(count, size=SIZE):
    rng = np.random.default_rng(count)
    return rng.standard_normal((count, 3, size[1], size[0])).astype(np.float32)


def assert_near(found, expected, tolerance=1e-5):
    """Largest difference, relative to the range with zero in it."""
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.shape == theirs.shape
        extent = np.ptp([theirs.min(), theirs.max(), 0])
        assert np.abs(ours - theirs).max() <= tolerance * extent


@pytest.fixture(scope='module')
def file(smooth_model, tmp_path_factory):
    """EL-HRNet for any number of images."""
    file = tmp_path_factory.mktemp('export') / 'el.onnx'
    return export_model(smooth_model.model, file, input_size=SIZE)


@pytest.mark.parametrize('runtime', RUNTIMES)
def test_any_number_of_images(smooth_model, file, runtime):
    opened = open_runtime(file, runtime, threads=1)
    for count in (1, 3):
        image = noise(count)
        assert_near(opened.run(image), run_torch(smooth_model.model, image))


@pytest.mark.parametrize('runtime', RUNTIMES)
@pytest.mark.parametrize('batch', [1, 2])
def test_fixed_number_of_images(smooth_model, tmp_path, runtime, batch):
    file = export_model(
        smooth_model.model, tmp_path / 'a.onnx', input_size=SIZE, batch=batch
    )
    opened = open_runtime(file, runtime, threads=1)
    image = noise(batch)
    assert_near(opened.run(image), run_torch(smooth_model.model, image))
    if runtime == 'onnxruntime':
        with pytest.raises(Exception, match='Got: 4 Expected'):
            opened.run(noise(4))


@pytest.mark.parametrize('name', NETWORKS)
def test_networks(name, repo_dir, tmp_path):
    """Any number of images, at a size that is not that of the config."""
    path, change = NETWORKS[name]
    config = Config.fromfile(repo_dir / path)
    size = SIZE
    if name == 'RTMPose':
        size = (192, 256)  # its head knows the size
    if change:
        change(config)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        model = init_model(config, device='cpu')
    file = export_model(model, tmp_path / 'a.onnx', input_size=size)
    for runtime in RUNTIMES:
        opened = open_runtime(file, runtime, threads=1)
        for count in (1, 2):
            image = noise(count, size)
            assert_near(opened.run(image), run_torch(model, image))


def test_the_model_is_left_as_it_is(smooth_model, file):
    assert not smooth_model.model.training
    assert any(
        isinstance(layer, torch.nn.BatchNorm2d)
        for layer in smooth_model.model.modules()
    )


def test_simplifying_changes_nothing_but_the_graph(smooth_model, file, tmp_path):
    import onnx

    plain = export_model(
        smooth_model.model, tmp_path / 'a.onnx', input_size=SIZE, simplify=False
    )
    image = noise(1)
    found = [open_runtime(f, threads=1).run(image) for f in (file, plain)]
    assert_near(*found, tolerance=1e-6)
    nodes = [len(onnx.load(f).graph.node) for f in (file, plain)]
    assert nodes[0] < nodes[1]


@pytest.mark.parametrize('opset', [13, 17])
def test_opset(smooth_model, tmp_path, opset):
    import onnx

    file = export_model(
        smooth_model.model, tmp_path / 'a.onnx', input_size=SIZE, opset=opset
    )
    assert [
        item.version for item in onnx.load(file).opset_import if not item.domain
    ] == [opset]
    image = noise(1)
    found = open_runtime(file, threads=1).run(image)
    assert_near(found, run_torch(smooth_model.model, image))


@pytest.mark.parametrize('runtime', RUNTIMES)
def test_half_precision(smooth_model, file, tmp_path, runtime):
    half = export_model(
        smooth_model.model, tmp_path / 'a.onnx', input_size=SIZE, precision='fp16'
    )
    assert half.stat().st_size < 0.65 * file.stat().st_size
    image = noise(2)
    found = open_runtime(half, runtime, threads=1).run(image)
    assert found[0].dtype == np.float32
    expected = run_torch(smooth_model.model, image)
    assert_near(found, expected, tolerance=1e-2)
    # and it is half precision indeed: weights have 11 bits
    assert np.abs(found[0] - expected[0]).max() > 1e-5 * np.ptp(expected[0])


@pytest.mark.parametrize(
    'options, message',
    [
        (
            dict(output='keypoints'),
            "output 'keypoints' is unknown: heatmap, simcc would",
        ),
        (dict(channels='gray'), "channels 'gray' is unknown"),
        (dict(batch=0), 'batch is 0, expected 1 or more'),
        (dict(opset=9), 'opset 9 cannot be written: 13 to 17 would do'),
        (dict(opset=21), 'opset 21 cannot be written'),
        (dict(precision='int8'), "precision 'int8' is unknown"),
    ],
)
def test_bad_arguments(smooth_model, tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        export_model(
            smooth_model.model, tmp_path / 'a.onnx', input_size=SIZE, **options
        )
    assert not list(tmp_path.iterdir())


def test_bad_models(smooth_model, tmp_path):
    with pytest.raises(ValueError, match='Conv2d, expected a TopdownPoseEstimator'):
        export_model(torch.nn.Conv2d(3, 3, 1), tmp_path / 'a.onnx', input_size=SIZE)
    smooth_model.model.train()
    try:
        with pytest.raises(ValueError, match='eval'):
            export_model(smooth_model.model, tmp_path / 'a.onnx', input_size=SIZE)
    finally:
        smooth_model.model.eval()


def test_missing_package(smooth_model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxslim', None)  # as if it were not installed
    with pytest.raises(ImportError, match=r'onnxslim.*mmpose-light\[deploy\]'):
        export_model(smooth_model.model, tmp_path / 'a.onnx', input_size=SIZE)


def test_what_pytorch_cannot_export(smooth_model, tmp_path, monkeypatch):
    class Spectrum(torch.nn.Module):
        def forward(self, x):
            return torch.linalg.svdvals(x)[..., None, :] * x

    monkeypatch.setattr(smooth_model.model.head, 'final_layer', Spectrum().eval())
    with pytest.raises(ValueError, match='cannot export.*svd.*--batch 1'):
        export_model(smooth_model.model, tmp_path / 'a.onnx', input_size=SIZE)
