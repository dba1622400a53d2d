"""Eight bits for weights and activations, by ONNX Runtime's static quantization.

The graph stays one of floats with pairs of QuantizeLinear and DequantizeLinear between
them (QDQ), which ONNX Runtime and OpenVINO both turn into integer kernels. Scales of
weights are found for each output channel, those of activations from what real people
give (calibration).
"""

import contextlib
import fnmatch
import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..utils.errors import UserError
from .choices import check_choice
from .packages import import_package

if TYPE_CHECKING:
    import onnx

#: What is computed in eight bits, for each runtime: the operators on whose inputs and
#: outputs tensors are quantized, and those whose outputs stay in float. What is not
#: listed stays in float: maxima and averages over channels, the sigmoids and the
#: scaling of attention, whose small values set the accuracy; and Concat, for which
#: OpenVINO 2026.4 crashes on EL-HRNet with a fixed batch. OpenVINO fuses an activation
#: into the integer convolution before it, unless something is quantized in between;
#: ONNX Runtime has integer convolutions with quantized outputs only.
OPERATORS = {
    'openvino': dict(quantized=('Conv',), float_outputs=('Conv',)),
    'onnxruntime': dict(
        quantized=('Conv', 'Add', 'Relu', 'MaxPool', 'Resize'), float_outputs=()
    ),
}

#: Convolutions that change nothing, of
#: :class:`~mmpose_light.deploy.graph_light_block.GraphLightBlock`: in eight bits they
#: would.
COPIES = '*/copy/Conv'

#: How: see ``quantize_static`` of ONNX Runtime.
SETTINGS = dict(
    per_channel=True,
    reduce_range=False,  # CPUs without VNNI would need it
)


def quantize(
    graph: 'onnx.ModelProto',
    images: np.ndarray,
    *,
    runtime: str = 'openvino',
    float_ends: bool = True,
    float_nodes: Sequence[str] = (),
) -> 'onnx.ModelProto':
    """Quantize a graph to eight bits.

    Args:
        graph (onnx.ModelProto): The graph in float32, with one input.
        images (np.ndarray): Its input, for some tens to hundreds of people.
        runtime (str): The runtime that it is to be fast in, of :data:`OPERATORS`; the
            other one runs it, too. Defaults to ``'openvino'``, whose eight bits are
            the faster ones
        float_ends (bool): Whether the first and the last convolution stay in float32.
        float_nodes (Sequence[str]): Patterns (``*`` and ``?``) of the names of further
            nodes that stay in float32.

    Returns:
        onnx.ModelProto: The quantized graph, with float32 inputs and outputs.

    Raises:
        MissingPackageError: If onnx or onnxruntime is not installed.
        UserError: If there are no images, the runtime is unknown, or no node fits a
            pattern.
    """
    check_choice('runtime of eight bits', runtime, OPERATORS)
    if len(images) == 0:
        raise UserError('no images to calibrate on: give some tens of people')
    onnx = import_package('onnx')
    quantization = import_package('onnxruntime.quantization')
    excluded = _float_nodes(graph, float_ends, float_nodes)
    with tempfile.TemporaryDirectory() as folder, _quiet_log():
        source, target = Path(folder, 'fp32.onnx'), Path(folder, 'int8.onnx')
        onnx.save(graph, source)  # a graph in memory would be changed
        quantization.quantize_static(
            source,
            target,
            _make_reader(graph, images, quantization.CalibrationDataReader),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=list(OPERATORS[runtime]['quantized']),
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.MinMax,
            nodes_to_exclude=excluded,
            extra_options=dict(
                ActivationSymmetric=False,
                WeightSymmetric=True,
                OpTypesToExcludeOutputQuantization=list(
                    OPERATORS[runtime]['float_outputs']
                ),
            ),
            **SETTINGS,
        )
        return onnx.load(target)


def _float_nodes(
    graph: 'onnx.ModelProto', float_ends: bool, patterns: Sequence[str]
) -> list[str]:
    """Return the names of the nodes that stay in float32."""
    nodes = graph.graph.node
    names = [node.name for node in nodes]
    convs = [node.name for node in nodes if node.op_type == 'Conv']
    excluded = [convs[0], convs[-1]] if float_ends and convs else []
    excluded += fnmatch.filter(convs, COPIES)
    for pattern in patterns:
        found = fnmatch.filter(names, pattern)
        if not found:
            raise UserError(
                f'no node is called {pattern!r}: names are such as {convs[:2]}, and '
                '* stands for anything'
            )
        excluded += found
    return sorted(set(excluded))


def _make_reader(graph: 'onnx.ModelProto', images: np.ndarray, base: type) -> object:
    """Return what hands the images to ONNX Runtime, as many at a time as it takes."""
    value = graph.graph.input[0]
    batch = value.type.tensor_type.shape.dim[0].dim_value or 1

    class Reader(base):
        def __init__(self) -> None:
            self.batches: Iterator[np.ndarray] = iter(
                np.take(images, range(start, start + batch), axis=0, mode='wrap')
                for start in range(0, len(images), batch)
            )

        def get_next(self) -> dict[str, np.ndarray] | None:
            chunk = next(self.batches, None)
            return None if chunk is None else {value.name: chunk}

    return Reader()


@contextlib.contextmanager
def _quiet_log() -> Iterator[None]:
    """Keep still ONNX Runtime's advice to do what has been done: tidy up the graph."""
    level = logging.root.level
    logging.root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logging.root.setLevel(level)
