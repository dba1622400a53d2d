"""The table of runtimes: what opens, what it says of its input, what does not open."""

import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from mmpose_light.deploy.choices import FORMATS
from mmpose_light.deploy.runtimes import RUNTIMES, check_runtime, open_runtime
from mmpose_light.utils.errors import MissingPackageError, UserError

pytestmark = pytest.mark.usefixtures('deploy_packages')

OF_ONNX = FORMATS['onnx'].runtimes

TYPES = {
    TensorProto.FLOAT: np.float32,
    TensorProto.FLOAT16: np.float16,
    TensorProto.UINT8: np.uint8,
}


def make_graph(kind=TensorProto.FLOAT, shape=('batch', 3)):
    """Take x and give x as floats and the sum of each row."""
    nodes = [
        helper.make_node('Cast', ['x'], ['same'], to=TensorProto.FLOAT),
        helper.make_node('ReduceMax', ['same'], ['largest'], axes=[1], keepdims=0),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        'two outputs',
        [value('x', kind, shape)],
        [
            value('largest', TensorProto.FLOAT, shape[:1]),
            value('same', TensorProto.FLOAT, shape),
        ],
    )
    opset = [helper.make_opsetid('', 13)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8)


@pytest.fixture(scope='module')
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp('runtimes') / 'a.onnx'
    onnx.save(make_graph(), path)
    return path


@pytest.mark.parametrize('name', OF_ONNX)
def test_outputs_come_in_order_and_stay(name, file):
    """A later run does not change what an earlier one gave."""
    opened = open_runtime(file, name, threads=1)
    assert opened.input_shape == (None, 3)
    assert opened.input_dtype == np.float32
    inputs = [
        np.array(rows, np.float32) for rows in ([[1, 2, 3], [9, 8, 7]], [[4] * 3])
    ]
    found = [opened.run(x) for x in inputs]
    for x, (largest, same) in zip(inputs, found, strict=True):
        np.testing.assert_array_equal(same, x)
        np.testing.assert_array_equal(largest, x.max(1))


@pytest.mark.parametrize('name', OF_ONNX)
@pytest.mark.parametrize('kind', TYPES)
def test_types_of_an_input(tmp_path, name, kind):
    onnx.save(make_graph(kind, (2, 3)), tmp_path / 'a.onnx')
    opened = open_runtime(tmp_path / 'a.onnx', name)
    assert opened.input_shape == (2, 3)
    assert opened.input_dtype == TYPES[kind]
    x = np.arange(6).reshape(2, 3).astype(opened.input_dtype)
    largest, same = opened.run(x)
    np.testing.assert_array_equal(same, x)
    np.testing.assert_array_equal(largest, [2, 5])


@pytest.mark.parametrize(
    'options, message',
    [
        (
            dict(runtime='tensorrt'),
            "'tensorrt' is unknown: onnxruntime, openvino, ncnn",
        ),
        (dict(runtime='ncnn'), r'ncnn does not run .*: onnxruntime and openvino run'),
        (dict(threads=0), 'threads is 0, expected 1 or more'),
        (dict(runtime='openvino', device='cuda'), "runs on cpu here, not on 'cuda'"),
        (dict(device='tpu'), "runs on cpu and cuda here, not on 'tpu'"),
    ],
)
def test_bad_arguments(file, options, message):
    with pytest.raises(UserError, match=message):
        open_runtime(file, **options)


def test_a_runtime_without_the_gpu_that_is_wanted(file, monkeypatch):
    import onnxruntime

    monkeypatch.setattr(
        onnxruntime, 'get_available_providers', lambda: ['CPUExecutionProvider']
    )
    with pytest.raises(UserError, match='CPU only.*pip install onnxruntime-gpu'):
        open_runtime(file, device='cuda:0')


@pytest.mark.parametrize('name', OF_ONNX)
def test_files_that_no_runtime_loads(tmp_path, name):
    (tmp_path / 'a.onnx').write_bytes(b'no graph')
    with pytest.raises(UserError, match=r'a\.onnx cannot be read'):
        open_runtime(tmp_path / 'a.onnx', name)
    graph = make_graph()
    graph.graph.node[0].op_type = 'Unknown'
    onnx.save(graph, tmp_path / 'a.onnx')
    with pytest.raises(UserError, match=r'cannot load .*a\.onnx: '):
        open_runtime(tmp_path / 'a.onnx', name)
    with pytest.raises(UserError, match=r'b\.onnx does not exist'):
        open_runtime(tmp_path / 'b.onnx', name)


@pytest.mark.parametrize('name', OF_ONNX)
def test_more_than_one_input(tmp_path, name):
    graph = make_graph()
    other = graph.graph.input.add()
    other.CopyFrom(graph.graph.input[0])
    other.name = 'z'
    graph.graph.node.add(op_type='Add', input=['same', 'z'], output=['sum'])
    graph.graph.output[1].name = 'sum'
    onnx.save(graph, tmp_path / 'a.onnx')
    with pytest.raises(UserError, match='has 2 inputs, expected one'):
        open_runtime(tmp_path / 'a.onnx', name)


@pytest.mark.parametrize('name', OF_ONNX)
def test_weights_in_other_files(name, tmp_path):
    """Neither runtime opens them, though they are there."""
    graph = make_graph()
    shift = onnx.numpy_helper.from_array(np.ones(3, np.float32), 'shift')
    onnx.external_data_helper.set_external_data(shift, 'shift.bin')
    (tmp_path / 'shift.bin').write_bytes(shift.raw_data)
    shift.ClearField('raw_data')
    graph.graph.initializer.append(shift)
    (tmp_path / 'a.onnx').write_bytes(graph.SerializeToString())
    with pytest.raises(UserError, match=r'a\.onnx takes weights from other files'):
        open_runtime(tmp_path / 'a.onnx', name)
    (tmp_path / 'a.onnx').rename(tmp_path / 'a.xml')  # OpenVINO goes by the content
    (tmp_path / 'a.bin').touch()
    with pytest.raises(UserError, match=r'a\.xml cannot be read, it is no xml'):
        open_runtime(tmp_path / 'a.xml', 'openvino')


@pytest.mark.parametrize('name', RUNTIMES)
def test_a_missing_package(name, monkeypatch):
    monkeypatch.setitem(sys.modules, RUNTIMES[name].package, None)
    with pytest.raises(MissingPackageError, match=r'mmpose-light\[(deploy|ncnn)\]'):
        check_runtime(name)


LIGHT = ('choices', 'metadata', 'quantization', 'runtime', 'runtimes', 'verify')


def test_what_runs_files_needs_no_pytorch(file):
    code = (
        'import importlib, sys\n'
        f'for name in {LIGHT!r}:\n'
        "    importlib.import_module(f'mmpose_light.deploy.{name}')\n"
        'from mmpose_light.cli import export\n'
        'from mmpose_light.deploy.runtimes import open_runtime\n'
        f'open_runtime({str(file)!r})\n'
        "loaded = {'torch', 'mmengine', 'mmcv', 'mmpose'} & set(sys.modules)\n"
        'assert not loaded, loaded\n'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
