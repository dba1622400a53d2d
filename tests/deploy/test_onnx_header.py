"""Reading an ONNX file's header, against the package onnx."""

import pytest

from mmpose_light.deploy.onnx_header import read_header
from mmpose_light.utils.errors import MissingFileError, UserError

onnx = pytest.importorskip('onnx', reason='onnx: pip install mmpose-light[deploy]')


def write(file, shape, properties, weights=3):
    helper = onnx.helper
    given = helper.make_tensor_value_info('x', onnx.TensorProto.FLOAT, shape)
    made = helper.make_tensor_value_info('y', onnx.TensorProto.FLOAT, shape)
    numbers = helper.make_tensor(
        'w', onnx.TensorProto.FLOAT, [weights], [0.5] * weights
    )
    node = helper.make_node('Identity', ['x'], ['y'])
    graph = helper.make_graph([node], 'g', [given], [made], [numbers])
    model = helper.make_model(graph)
    helper.set_model_props(model, properties)
    onnx.save(model, file)


@pytest.mark.parametrize('batch', [1, 200, 'N', None])
def test_header(tmp_path, batch):
    properties = {'names': '["näse", "øre"]', 'empty': '', 'long': 'x' * 1000}
    write(tmp_path / 'a.onnx', [batch, 3, 8, 8], properties, weights=10_000)
    header = read_header(tmp_path / 'a.onnx')
    assert header.properties == properties
    assert header.batch == (batch if isinstance(batch, int) else None)


def test_what_is_no_onnx_file(tmp_path):
    file = tmp_path / 'a.onnx'
    with pytest.raises(MissingFileError, match='does not exist'):
        read_header(file)
    write(file, [1, 3, 8, 8], {'a': 'b'}, weights=1000)
    content = file.read_bytes()
    cuts = [content[:-1], content[: len(content) // 2], content[:10]]
    for broken in (*cuts, b'', b'no graph', b'\x08'):
        file.write_bytes(broken)
        with pytest.raises(UserError, match='truncated or no ONNX file'):
            read_header(file)
