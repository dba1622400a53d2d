"""Eight bits: what becomes of the graph, of its outputs, and what cannot be done."""

import copy
from fnmatch import fnmatch

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from mmpose_light.deploy import export_model, quantize
from mmpose_light.deploy.export import save_graph
from mmpose_light.deploy.quantization import COPIES
from mmpose_light.deploy.runtimes import open_runtime

pytestmark = pytest.mark.usefixtures('deploy_packages')

SIZE = (96, 128)


def noise(count):
    rng = np.random.default_rng(count)
    return rng.standard_normal((count, 3, SIZE[1], SIZE[0])).astype(np.float32)


@pytest.fixture(scope='module')
def graph(smooth_model, tmp_path_factory):
    model = copy.deepcopy(smooth_model.model)
    for norm in model.modules():  # equal weights would be one, and quantized as one
        if isinstance(norm, nn.BatchNorm2d):
            norm.weight.data *= torch.empty_like(norm.weight).uniform_(0.99, 1.01)
    file = tmp_path_factory.mktemp('quantize') / 'a.onnx'
    return onnx.load(export_model(model, file, input_size=SIZE, batch=2))


def weights_of(graph, conv):
    """Return the type and the scales of a convolution's weights, None in float32."""
    made = {output: node for node in graph.graph.node for output in node.output}
    given = {item.name: item for item in graph.graph.initializer}
    source = made.get(conv.input[1])
    if source is None or source.op_type != 'DequantizeLinear':
        return None
    weight, scales = (onnx.numpy_helper.to_array(given[n]) for n in source.input[:2])
    return weight.dtype, scales


def convolutions(graph, copies=False):
    """List those that compute something, or those that copy."""
    return [
        node
        for node in graph.graph.node
        if node.op_type == 'Conv' and fnmatch(node.name, COPIES) == copies
    ]


def test_weights_have_eight_bits_and_a_scale_for_each_channel(graph):
    found = quantize(graph, noise(4))
    quantized = [weights_of(found, conv) for conv in convolutions(found)]
    assert quantized[0] is None and quantized[-1] is None  # the ends
    inner = [item for item in quantized[1:-1] if item]
    assert len(inner) > 0.9 * len(quantized)
    assert all(dtype == np.int8 for dtype, _ in inner)
    assert max(scales.size for _, scales in inner) > 8
    both = quantize(graph, noise(4), float_ends=False)
    assert all(weights_of(both, conv) for conv in convolutions(both))
    copies = convolutions(both, copies=True)
    assert copies and not any(weights_of(both, conv) for conv in copies)


@pytest.mark.parametrize('runtime', ['onnxruntime', 'openvino'])
def test_outputs_stay_near(graph, tmp_path, runtime):
    images = noise(6)
    file = save_graph(quantize(graph, images), tmp_path / 'int8.onnx')
    plain = save_graph(graph, tmp_path / 'fp32.onnx')
    expected = open_runtime(plain, threads=1).run(images[:2])[0]
    found = open_runtime(file, runtime, threads=1).run(images[:2])[0]
    apart = np.abs(found - expected) / np.ptp(expected)
    assert 1e-5 < apart.max() < 0.25
    assert apart.mean() < 0.03


def test_nodes_that_stay_in_float(graph):
    stage4 = [c.name for c in convolutions(graph) if '/stage4' in c.name]
    found = quantize(graph, noise(2), float_nodes=['*/stage4*'])
    kept = {
        conv.name for conv in convolutions(found) if weights_of(found, conv) is None
    }
    assert stage4 and kept >= set(stage4)
    assert len(kept) == len(stage4) + 2
    with pytest.raises(ValueError, match=r"no node is called '\*/stage9/\*': names"):
        quantize(graph, noise(2), float_nodes=['*/stage9/*'])


def test_an_odd_number_of_images(graph):
    """The file takes two at a time, and all of them count."""
    images = noise(3)
    images[2] *= 10

    def input_scale(given):
        found = quantize(graph, given, float_ends=False)
        (first,) = (node for node in found.graph.node if 'input' in node.input)
        assert first.op_type == 'QuantizeLinear'
        values = {item.name: item for item in found.graph.initializer}
        return float(onnx.numpy_helper.to_array(values[first.input[1]]))

    assert input_scale(images) > 5 * input_scale(images[:2])


def test_no_images(graph):
    with pytest.raises(ValueError, match='no images to calibrate on'):
        quantize(graph, noise(2)[:0])


def test_openvino_gets_float_activations(graph):
    """Convolutions are quantized for both; only one form quantizes what they give."""
    counts = {}
    for runtime in ('openvino', 'onnxruntime'):
        found = quantize(graph, noise(2), runtime=runtime)
        types = [weights_of(found, conv) for conv in convolutions(found)]
        assert sum(item is not None for item in types) == len(types) - 2
        consumers = {name: n.op_type for n in found.graph.node for name in n.input}
        counts[runtime] = sum(
            consumers.get(conv.output[0]) == 'QuantizeLinear'
            for conv in convolutions(found)
        )
    assert counts['onnxruntime'] > counts['openvino']


def test_unknown_runtime(graph):
    with pytest.raises(ValueError, match="'tensorrt'.*openvino"):
        quantize(graph, noise(2), runtime='tensorrt')
