"""Export from config and checkpoint: the check, the table, and everything broken."""

import copy
import sys

import cv2
import numpy as np
import onnx
import pytest
import torch
from mmengine.config import Config

from mmpose_light.apis import export
from mmpose_light.apis.export import check_differences
from mmpose_light.apis.person_crops import crop_people, crop_synthetic_people
from mmpose_light.cli import main
from mmpose_light.deploy import ExportedModel
from mmpose_light.deploy.verify import TOLERANCES, Difference
from mmpose_light.utils.errors import MissingPackageError

pytestmark = pytest.mark.usefixtures('deploy_packages')


def command(model, out, *args) -> int:
    args = ['export', model.config, '--weights', model.checkpoint, '--out', out, *args]
    return main([str(arg) for arg in (*args, '--threads', 1)])


def write_photos(folder, count=3):
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(count):
        small = rng.integers(0, 256, (8, 6, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f'{index}.png'), cv2.resize(small, (90, 120)))
    return folder


def test_metadata_and_form(export_smooth_model):
    done = export_smooth_model(output='simcc', channels='bgr', batch=1)
    said = ExportedModel(done.file).metadata
    assert said == done.metadata
    assert said.model == 'smooth'
    assert said.input_size == (96, 128)
    assert (said.channels, said.output, said.precision) == ('bgr', 'simcc', 'fp32')
    assert said.mean == [123.675, 116.28, 103.53]
    assert said.std == [58.395, 57.12, 57.375]
    assert said.codec['simcc_split_ratio'] == 2.0
    assert said.box_padding == 1.25 and said.use_udp is False
    graph = onnx.load(done.file).graph
    shapes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.output)
    }
    assert shapes == {
        'input': [1, 3, 128, 96],
        'simcc_x': [1, 17, 192],
        'simcc_y': [1, 17, 256],
    }


def test_input_of_raw_pixels(export_smooth_model):
    graph = onnx.load(export_smooth_model(preprocess=True).file).graph
    kind = graph.input[0].type.tensor_type
    assert kind.elem_type == onnx.TensorProto.UINT8
    assert [dim.dim_value for dim in kind.shape.dim][1:] == [128, 96, 3]


def test_int8(smooth_model, tmp_path, capsys):
    photos = write_photos(tmp_path / 'photos')
    out = tmp_path / 'a.onnx'
    args = ['--precision', 'int8', '--calibration-images', photos, '--quantize-ends']
    assert command(smooth_model, out, *args) == 0
    assert 'int8' in capsys.readouterr().out
    types = {node.op_type for node in onnx.load(out).graph.node}
    assert {'QuantizeLinear', 'DequantizeLinear'} <= types
    assert ExportedModel(out).metadata.precision == 'int8'


def test_random_weights(smooth_model, tmp_path):
    with pytest.warns(RuntimeWarning, match='weights are random'):
        done = export(smooth_model.config, tmp_path / 'a.onnx', threads=1)
    assert done.differences[0].relative < 1e-5


def test_a_file_that_differs_is_not_left(smooth_model, tmp_path, monkeypatch, capsys):
    """And the one that was there before stays."""
    out = tmp_path / 'a.onnx'
    out.write_bytes(b'the one before')
    assert command(smooth_model, out) == 2
    assert 'a.onnx is there already' in capsys.readouterr().err

    def trace_another(form, **options):
        other = copy.deepcopy(form)
        other.model.head.final_layer.bias.data += 1
        return original(other, **options)

    module = sys.modules['mmpose_light.apis.export']  # apis.export is the function
    original = module.make_graph
    monkeypatch.setattr(module, 'make_graph', trace_another)
    assert command(smooth_model, out, '--overwrite') == 2
    error = capsys.readouterr().err
    assert 'gives something else than PyTorch: output heatmaps differs by 1' in error
    assert out.read_bytes() == b'the one before'
    assert list(tmp_path.iterdir()) == [out]
    assert command(smooth_model, out, '--overwrite', '--tolerance', '1') == 0


@pytest.mark.parametrize('preprocess', [False, True])
def test_network_that_only_rounds(smooth_model, tmp_path, preprocess):
    """As a hardly trained one: large values that cancel out in the next layer."""
    checkpoint = torch.load(smooth_model.checkpoint, weights_only=True)
    state, block = checkpoint['state_dict'], 'backbone.layer1.0.'
    state[block + 'bn2.bias'] += 1e5
    state[block + 'bn3.running_mean'] += 1e5 * state[block + 'conv3.weight'].sum(
        (1, 2, 3)
    )
    torch.save(checkpoint, tmp_path / 'a.pth')
    out = tmp_path / 'a.onnx'
    with pytest.warns(RuntimeWarning, match='not stable yet: by rounding alone'):
        done = export(
            smooth_model.config,
            out,
            tmp_path / 'a.pth',
            threads=1,
            preprocess=preprocess,
        )
    assert done.differences[0].relative > TOLERANCES['fp32']
    assert out.is_file()


def test_tolerances():
    near = Difference('heatmaps', 0.1, 0.005, 0.001)
    check_differences([near], 'fp16')
    with pytest.raises(ValueError, match=r'0\.50% of its range, where 0\.01%'):
        check_differences([near], 'fp32')
    with pytest.raises(ValueError, match='differs'):
        check_differences([Difference('a', 0, 0, 0), near], 'fp16', tolerance=1e-3)


# Crops


def test_crops_of_annotated_people(smooth_model, coco_people):
    config = smooth_model.model.cfg
    everyone = crop_people(config, coco_people.folder, coco_people.ann_file)
    assert everyone.shape[1:] == (128, 96, 3) and everyone.dtype == np.uint8
    assert len(everyone) == sum(len(boxes) for _, boxes in coco_people.photos)
    some = crop_people(config, coco_people.folder, coco_people.ann_file, count=5)
    np.testing.assert_array_equal(some[[0, -1]], everyone[[0, -1]])
    whole = crop_people(config, coco_people.photos[0][0])
    assert len(whole) == 1 and (whole[0] != everyone[0]).any()


def test_crops_of_drawn_people(smooth_model):
    crops = crop_synthetic_people(smooth_model.model.cfg, count=3)
    assert crops.shape == (3, 128, 96, 3)
    assert crops.std() > 10
    assert (crops[0] != crops[1]).any()


# What is broken


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(output='keypoints'), "output 'keypoints' is unknown"),
        (dict(precision='int4'), "'int4' is unknown: fp32, fp16, int8 would do"),
        (dict(precision='int8'), "'int8' needs calibration_images"),
        (dict(calibration_images='a.png'), 'only it takes them'),
        (dict(calibration_ann_file='a.json'), 'give the folder of its images'),
        (dict(opset=8), 'opset 8 cannot be written: 13 to 17'),
        (
            dict(format='tflite'),
            "format 'tflite' is unknown: onnx, openvino, ncnn would",
        ),
        (dict(format='ncnn'), r'a\.onnx is to be a file whose name ends in \.param'),
        (dict(images='no.png'), 'input no.png does not exist'),
        (dict(threads=0), 'threads is 0'),
    ],
)
def test_bad_arguments(smooth_model, tmp_path, options, message):
    args = (smooth_model.config, tmp_path / 'a.onnx', smooth_model.checkpoint)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        export(*args, **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(batch=2), r'ncnn files know no batch \(it is 2\)'),
        (dict(preprocess=True), 'know no preprocess'),
        (dict(opset=13), 'know no opset'),
        (
            dict(precision='int8', calibration_images='a.png'),
            "no precision 'int8' here: fp32, fp16 would do",
        ),
    ],
)
def test_what_ncnn_has_not(smooth_model, tmp_path, options, message):
    args = (smooth_model.config, tmp_path / 'a.param', smooth_model.checkpoint)
    with pytest.raises(ValueError, match=message):
        export(*args, **options)


@pytest.mark.parametrize('suffix, package', [('.param', 'pnnx'), ('.xml', 'openvino')])
def test_a_missing_package(smooth_model, tmp_path, monkeypatch, suffix, package):
    if suffix == '.param':
        pytest.importorskip('ncnn', reason='ncnn: pip install mmpose-light[ncnn]')
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=f'{package} is not installed'):
        export(smooth_model.config, tmp_path / f'a{suffix}', smooth_model.checkpoint)


def test_weights_of_another_file_stay(export_smooth_model, smooth_model, tmp_path):
    """Two formats keep weights under the same name."""
    ours = tmp_path / 'a.xml'
    args = (smooth_model.config, ours, smooth_model.checkpoint)
    (tmp_path / 'a.bin').write_bytes(b'of a.param')
    with pytest.raises(ValueError, match=r'a\.bin is there already'):
        export(*args, overwrite=True)
    ours.touch()  # now they are its own
    done = export(*args, overwrite=True, threads=1)
    assert sorted(done.files) == sorted(tmp_path.iterdir())
    assert ExportedModel(ours).metadata.model == 'smooth'


def test_bad_files(smooth_model, tmp_path):
    config, checkpoint = smooth_model.config, smooth_model.checkpoint
    out = tmp_path / 'a.onnx'
    with pytest.raises(FileNotFoundError, match=r'config no\.py does not exist'):
        export('no.py', out, checkpoint)
    with pytest.raises(
        FileNotFoundError, match=r'no\.pth does not exist: --weights takes a file'
    ):
        export(config, out, 'no.pth')
    with pytest.raises(ValueError, match=r'a\.pt is to be a file whose name ends in'):
        export(config, tmp_path / 'a.pt', checkpoint)
    other = tmp_path / 'other.pth'
    torch.save(dict(state_dict=torch.nn.Linear(2, 3).state_dict()), other)
    with pytest.raises(ValueError, match=r'other\.pth does not fit the model'):
        export(config, out, other)
    broken = tmp_path / 'broken.png'
    broken.write_text('no picture')
    with pytest.raises(ValueError, match=r'image .*broken\.png cannot be read'):
        export(config, out, checkpoint, images=broken)
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ValueError, match='empty holds no images'):
        export(
            config,
            out,
            checkpoint,
            precision='int8',
            calibration_images=tmp_path / 'empty',
        )
    assert not out.exists()


def test_models_that_no_metadata_can_tell(smooth_model, tmp_path):
    out = tmp_path / 'a.onnx'
    config = Config.fromfile(smooth_model.config)
    config.test_dataloader.dataset.pipeline.insert(
        2, dict(type='RandomFlip', direction='horizontal')
    )
    config.dump(tmp_path / 'flip.py')
    with pytest.raises(ValueError, match="pipeline consists of .*'RandomFlip'"):
        export(tmp_path / 'flip.py', out, smooth_model.checkpoint)

    config = Config.fromfile(smooth_model.config)
    config.model.head.out_channels = 16
    config.dump(tmp_path / 'k16.py')
    with pytest.warns(RuntimeWarning), pytest.raises(ValueError, match='16 keypoints'):
        export(tmp_path / 'k16.py', out)
