"""Reading an ONNX file's header, against the package onnx."""

import pytest

from mmpose_light.deploy.onnx_header import read_properties, refuse_external_data
from mmpose_light.utils.errors import UserError

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


def test_properties(tmp_path):
    properties = {'names': '["näse", "øre"]', 'empty': '', 'long': 'x' * 1000}
    write(tmp_path / 'a.onnx', ['N', 3, 8, 8], properties, weights=10_000)
    assert read_properties(tmp_path / 'a.onnx') == properties


def test_what_is_no_onnx_file(tmp_path):
    file = tmp_path / 'a.onnx'
    write(file, [1, 3, 8, 8], {'a': 'b'}, weights=1000)
    content = file.read_bytes()
    cuts = [content[:-1], content[: len(content) // 2], content[:10]]
    for broken in (*cuts, b'', b'no graph', b'\x08'):
        file.write_bytes(broken)
        with pytest.raises(UserError, match='truncated or no ONNX file'):
            read_properties(file)


def outside():
    tensor = onnx.TensorProto(name='w', data_type=1, dims=[9], data_location=1)
    tensor.external_data.add(key='location', value='../../secret')
    return tensor


def in_node(**attribute):
    helper = onnx.helper
    node = helper.make_node('Any', [], ['w'])
    node.attribute.append(onnx.AttributeProto(name='a', **attribute))
    return helper.make_graph([node], 'g', [], [])


def in_graph(**parts):
    return onnx.GraphProto(name='g', **parts)


@pytest.mark.parametrize(
    'parts',
    [
        dict(graph=in_graph(initializer=[outside()])),
        dict(graph=in_graph(sparse_initializer=[dict(values=outside())])),
        dict(graph=in_graph(sparse_initializer=[dict(indices=outside())])),
        dict(graph=in_node(t=outside())),
        dict(graph=in_node(tensors=[outside()])),
        dict(graph=in_node(sparse_tensor=dict(values=outside()))),
        dict(graph=in_node(sparse_tensors=[dict(indices=outside())])),
        dict(graph=in_node(g=in_node(g=in_node(t=outside())))),
        dict(graph=in_node(graphs=[in_graph(initializer=[outside()])])),
        dict(functions=[dict(node=in_node(t=outside()).node)]),
        dict(functions=[dict(attribute_proto=[dict(name='a', t=outside())])]),
        dict(training_info=[dict(algorithm=in_graph(initializer=[outside()]))]),
        dict(training_info=[dict(initialization=in_node(t=outside()))]),
    ],
    ids=str,
)
def test_weights_in_other_files_are_refused(parts):
    content = onnx.ModelProto(**parts).SerializeToString()
    with pytest.raises(UserError, match='x.onnx takes weights from other files'):
        refuse_external_data(content, 'x.onnx')


def test_weights_in_the_file_are_not_refused():
    tensor = onnx.helper.make_tensor('w', onnx.TensorProto.FLOAT, [2], [1, 2])
    for graph in (in_graph(initializer=[tensor]), in_node(g=in_node(t=tensor))):
        content = onnx.ModelProto(graph=graph).SerializeToString()
        assert refuse_external_data(content, 'x.onnx') is None


def test_bytes_that_others_read_otherwise():
    """A number of more than 32 bits, which readers cut, and groups, which they skip."""
    graph = in_graph(initializer=[outside()])
    content = onnx.ModelProto(graph=graph).SerializeToString()
    field = bytes([7 << 3 | 2])
    assert content[:1] == field
    disguised = bytes([field[0] | 0x80, 0x80, 0x80, 0x80, 0x10]) + content[1:]
    group = bytes([9 << 3 | 3, 9 << 3 | 4]) + content
    for given in (disguised, group, b'\xff' * 1_000_000):
        with pytest.raises(UserError, match='x.onnx'):
            refuse_external_data(given, 'x.onnx')
