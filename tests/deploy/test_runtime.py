"""Exported files from picture to keypoints, against MMPose's own inference."""

import json
import shutil

import cv2
import numpy as np
import onnx
import pytest
import torch
from mmengine.config import Config
from mmpose.apis import inference_topdown, init_model

from mmpose_light.apis import export
from mmpose_light.deploy import ExportedModel
from mmpose_light.deploy.forms import HeatmapsToSimCC
from mmpose_light.deploy.runtime import make_input
from mmpose_light.utils.errors import MissingFileError, UserError

pytestmark = pytest.mark.usefixtures('deploy_packages')

BACKENDS = ('onnxruntime', 'openvino')
BOXES = np.array([[10.0, 5, 70, 90], [40, 20, 110, 75], [0, 0, 30, 119]])


@pytest.fixture(scope='module')
def image():
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return cv2.resize(small, (160, 120), interpolation=cv2.INTER_CUBIC)


def expect(model, image, boxes=None):
    people = [one.pred_instances for one in inference_topdown(model, image, boxes)]
    return (
        np.concatenate([one.keypoints for one in people]),
        np.concatenate([one.keypoint_scores for one in people]),
    )


@pytest.mark.parametrize('backend', BACKENDS)
@pytest.mark.parametrize(
    'options',
    [
        dict(),
        dict(channels='bgr'),
        dict(preprocess=True),
        dict(preprocess=True, channels='bgr', batch=1),
        dict(batch=2),
    ],
    ids=str,
)
def test_keypoints_are_mmposes(
    smooth_model, export_smooth_model, image, backend, options
):
    model = ExportedModel(export_smooth_model(**options).file, backend, threads=1)
    expected = expect(smooth_model.model, image, BOXES)
    for found, theirs in zip(model.estimate(image, BOXES), expected, strict=True):
        np.testing.assert_allclose(found, theirs, atol=1e-3)
    # and the whole picture
    np.testing.assert_allclose(
        model.estimate(image)[0], expect(smooth_model.model, image)[0], atol=1e-3
    )


@pytest.mark.parametrize('format', ['openvino', 'ncnn'])
def test_keypoints_of_other_formats(smooth_model, export_smooth_model, image, format):
    model = ExportedModel(export_smooth_model(format=format).file, threads=1)
    expected = expect(smooth_model.model, image, BOXES)
    for found, theirs in zip(model.estimate(image, BOXES), expected, strict=True):
        np.testing.assert_allclose(found, theirs, atol=1e-3)


@pytest.mark.parametrize('format', ['openvino', 'ncnn'])
def test_half_precision_of_other_formats(smooth_model, export_smooth_model, format):
    whole, half = (
        export_smooth_model(format=format, **options)
        for options in (dict(), dict(precision='fp16'))
    )
    sizes = [done.file.with_suffix('.bin').stat().st_size for done in (whole, half)]
    assert sizes[1] < 0.65 * sizes[0]
    apart = [done.differences[0].relative for done in (whole, half)]
    assert apart[0] < 1e-5 < apart[1] < 1e-2


@pytest.mark.parametrize('format', ['openvino', 'ncnn'])
def test_files_that_do_not_belong_together(export_smooth_model, tmp_path, format):
    done = export_smooth_model(format=format)
    file = tmp_path / done.file.name
    for part in done.files:
        shutil.copy(part, tmp_path)
    weights = file.with_suffix('.bin')
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(UserError, match=rf'cannot load .*{file.name}'):
        ExportedModel(file)
    weights.unlink()
    with pytest.raises(MissingFileError, match=r'smooth\.bin belongs beside it'):
        ExportedModel(file)
    shutil.copy(done.file.with_suffix('.bin'), tmp_path)
    for content in ('', 'hello', done.file.read_text()[:3000]):
        file.write_text(content)
        with pytest.raises(UserError, match=rf'{file.name}'):
            ExportedModel(file)
    with pytest.raises(UserError, match=r'does not run .*: (ncnn|openvino) runs \.'):
        ExportedModel(done.file, 'onnxruntime')


@pytest.mark.parametrize('backend', BACKENDS)
@pytest.mark.parametrize('precision', ['fp16', 'int8'])
def test_other_precisions_stay_near(
    smooth_model, export_smooth_model, image, tmp_path, backend, precision
):
    """In pixels of the input, which show what the heatmaps' quarter pixels leave."""
    options = dict(precision=precision)
    if precision == 'int8':
        cv2.imwrite(str(tmp_path / 'a.png'), image)
        options['calibration_images'] = tmp_path
    model = ExportedModel(export_smooth_model(**options).file, backend, threads=1)
    found, _ = model.estimate(image, BOXES)
    expected, _ = expect(smooth_model.model, image, BOXES)
    sides = (BOXES[:, 2:] - BOXES[:, :2]).max(1)
    distances = np.linalg.norm(found - expected, axis=-1) / sides[:, None]
    assert np.median(distances) < 0.02
    assert np.mean(distances < 0.05) > 0.9


@pytest.mark.parametrize(
    'options, backend',
    [(dict(), backend) for backend in BACKENDS]
    + [(dict(format='ncnn', channels='bgr'), 'ncnn')],
)
def test_simcc_is_mmposes_but_for_the_quarter_pixel(
    smooth_model, export_smooth_model, image, options, backend
):
    done = export_smooth_model(output='simcc', **options)
    model = ExportedModel(done.file, backend, threads=1)
    assert model.metadata.codec['type'] == 'SimCCLabel'
    found, scores = model.estimate(image, BOXES)
    expected, expected_scores = expect(smooth_model.model, image, BOXES)
    # pixels of the picture for one of the input
    width, height = (BOXES[:, 2:] - BOXES[:, :2]).T
    pixel = 1.25 * np.maximum(width / 96, height / 128)
    distances = np.linalg.norm(found - expected, axis=-1) / pixel[:, None]
    assert np.median(distances) <= 1
    assert np.mean(distances < 2) > 0.8  # the others have two peaks as high
    np.testing.assert_allclose(
        scores, expected_scores, atol=0.1 * np.ptp(expected_scores)
    )


def test_udp(smooth_model, image, tmp_path):
    """Another alignment of heatmap and input, and another way to cut people out."""
    config = Config.fromfile(smooth_model.config)
    codec = dict(
        type='UDPHeatmap', input_size=(96, 128), heatmap_size=(24, 32), sigma=2
    )
    config.model.head.decoder = codec
    for transform in config.test_dataloader.dataset.pipeline:
        if transform['type'] == 'TopdownAffine':
            transform['use_udp'] = True
    config.dump(tmp_path / 'udp.py')
    model = init_model(config, str(smooth_model.checkpoint), device='cpu')
    expected, _ = expect(model, image, BOXES)
    assert np.abs(expected - expect(smooth_model.model, image, BOXES)[0]).max() > 0.5

    options = dict(weights=smooth_model.checkpoint, threads=1)
    done = export(tmp_path / 'udp.py', tmp_path / 'udp.onnx', **options)
    found, _ = ExportedModel(done.file, threads=1).estimate(image, BOXES)
    np.testing.assert_allclose(found, expected, atol=1e-3)

    out = tmp_path / 'simcc.onnx'
    done = export(tmp_path / 'udp.py', out, output='simcc', **options)
    crops = np.stack([cv2.resize(image, (96, 128))])
    found = ExportedModel(done.file, threads=1).run(crops)
    pixels = torch.from_numpy(make_input(crops, done.metadata))
    with torch.no_grad():
        heatmaps = model(pixels, None, mode='tensor')
        vectors, others = (
            HeatmapsToSimCC((96, 128), (24, 32), unbiased)(heatmaps)
            for unbiased in (True, False)
        )
    for ours, theirs, other in zip(found, vectors, others, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
        assert np.abs(ours - other.numpy()).max() > 0.01


def test_nobody(export_smooth_model, image):
    keypoints, scores = ExportedModel(export_smooth_model().file).estimate(image, [])
    assert keypoints.shape == (0, 17, 2) and scores.shape == (0, 17)


def test_no_network_is_built(export_smooth_model, image, monkeypatch):
    model = ExportedModel(export_smooth_model().file)

    def forbidden(*args, **kwargs):
        raise AssertionError('a layer of PyTorch ran')

    monkeypatch.setattr(torch.nn.Module, '__call__', forbidden)
    assert model.estimate(image, BOXES)[0].shape == (3, 17, 2)


def test_bad_boxes(export_smooth_model, image):
    model = ExportedModel(export_smooth_model().file)
    with pytest.raises(ValueError, match=r'shape \(1, 5\), expected \(N, 4\)'):
        model.estimate(image, [[0, 0, 9, 9, 1]])


def test_bad_files(export_smooth_model, tmp_path):
    file = tmp_path / 'a.onnx'
    with pytest.raises(FileNotFoundError, match=r'exported file .*a\.onnx does not'):
        ExportedModel(file)
    content = export_smooth_model().file.read_bytes()
    for broken in (b'', b'no graph', content[: len(content) // 2]):
        file.write_bytes(broken)
        with pytest.raises(ValueError, match='truncated or no ONNX file'):
            ExportedModel(file)
    graph = onnx.load_from_string(content)
    del graph.metadata_props[:]
    onnx.save(graph, file)
    with pytest.raises(ValueError, match=r'a\.onnx does not say how to run it'):
        ExportedModel(file)
    with pytest.raises(ValueError, match="runtime 'tensorrt' is unknown"):
        ExportedModel(export_smooth_model().file, 'tensorrt')


@pytest.mark.parametrize(
    ('name', 'value', 'message'),
    [
        (
            'codec',
            '{"type": "os.system", "command": "touch hurt"}',
            "'os.system' is un",
        ),
        ('codec', '{"type": "subprocess.Popen", "args": ["touch", "hurt"]}', 'unknown'),
        ('codec', '{"type": "UDPHeatmap"}', 'does not do what its metadata say'),
        (
            'input_size',
            '[96, 64]',
            r'the input of .* is \(None, 3, 128, 96\), and \(N, ',
        ),
    ],
)
def test_metadata_of_another_file(
    export_smooth_model, tmp_path, monkeypatch, name, value, message
):
    """A codec is one of MMPose's, and never what its registry imports by a name."""
    monkeypatch.chdir(tmp_path)
    graph = onnx.load(export_smooth_model().file)
    next(p for p in graph.metadata_props if p.key == name).value = value
    onnx.save(graph, 'a.onnx')
    with pytest.raises(UserError, match=message):
        ExportedModel('a.onnx', threads=1)
    assert [p.name for p in tmp_path.iterdir()] == ['a.onnx']


def test_outputs_of_another_file(export_smooth_model, tmp_path, image):
    graph = onnx.load(export_smooth_model().file)
    about = {p.key: p for p in graph.metadata_props}
    for key in ('keypoint_names', 'keypoint_colors'):
        about[key].value = json.dumps(json.loads(about[key].value)[:5])
    for key in ('skeleton_links', 'skeleton_link_colors', 'flip_pairs'):
        about[key].value = '[]'
    onnx.save(graph, tmp_path / 'a.onnx')
    model = ExportedModel(tmp_path / 'a.onnx', threads=1)
    with pytest.raises(UserError, match=r'a\.onnx does not do what its metadata say'):
        model.estimate(image)


def test_absurd_batch(export_smooth_model, tmp_path):
    graph = onnx.load(export_smooth_model(batch=2).file)
    graph.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2**40
    onnx.save(graph, tmp_path / 'a.onnx')
    with pytest.raises(UserError):
        ExportedModel(tmp_path / 'a.onnx', threads=1)
