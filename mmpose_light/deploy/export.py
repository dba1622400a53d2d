"""Writes a network to an ONNX file.

The graph is traced by PyTorch's TorchScript exporter, which PyTorch 2.1 has as well as
the newest. Shapes of images are constants there; with a dynamic batch that exporter
loses track of them, unless :class:`StaticShapes` holds them.
"""

import contextlib
import dataclasses
import inspect
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from ..utils.errors import UserError, first_line
from ..utils.files import whole_file
from .choices import OUTPUTS, FileForm
from .forms import ExportForm, count_channels
from .fusion import fuse, to_graph_form
from .packages import import_package

if TYPE_CHECKING:
    import onnx

INPUT = 'input'


def export_model(
    model: nn.Module, file: str | Path, *, input_size: tuple[int, int], **form: Any
) -> Path:
    """Write a top-down network to an ONNX file, in its inference form.

    The file holds the graph alone: no flip test, no decoding, no metadata
    (:func:`~mmpose_light.apis.export.export` adds these, and checks). Its
    input is called ``input``: float32, (N, 3, H, W), normalized by the mean and the
    standard deviation of the model's data preprocessor.

    Args:
        model (nn.Module): A built :class:`TopdownPoseEstimator` of MMPose in eval
            mode, whose head gives heatmaps or SimCC vectors. It is left as it is.
        file (str | Path): The file to write; one that is there is replaced.
        input_size (tuple[int, int]): Width and height of the input in pixels.
        **form (Any): Fields of :class:`~mmpose_light.deploy.choices.FileForm`:
            ``output``, ``channels``, ``batch``, ``precision`` …

    Returns:
        Path: The file.

    Raises:
        MissingPackageError: If a package of ``pip install mmpose-light[deploy]`` is
            missing.
        UserError: If a field is not one of those that there are, the model is no
            top-down model, or it cannot be exported in this form.
        ValueError: If the model is in training mode.

    Example:
        >>> import mmpose_light
        >>> from mmpose.apis import init_model
        >>> from mmpose_light.deploy import export_model
        >>> model = init_model('config.py', device='cpu')  # doctest: +SKIP
        >>> export_model(model, 'a.onnx', input_size=(192, 256))  # doctest: +SKIP
        PosixPath('a.onnx')
    """
    wanted = dataclasses.asdict(FileForm(**form))
    form = ExportForm(
        model,
        input_size=input_size,
        **{key: wanted.pop(key) for key in ('output', 'channels', 'preprocess')},
    )
    return save_graph(make_graph(form, **wanted), file)


def make_graph(
    form: ExportForm,
    *,
    runtime: str = 'onnxruntime',
    batch: int | None = None,
    precision: str = 'fp32',
    simplify: bool = True,
    opset: int = 17,
) -> 'onnx.ModelProto':
    """Write a network in its form, which is left as it is, down as a graph.

    ``runtime`` is the one that the graph is to be fastest in, 'onnxruntime' or
    'openvino'; the other one runs it, too. What else it takes are fields of
    :class:`FileForm`.

    Raises:
        MissingPackageError: If a package is missing.
        UserError: If PyTorch cannot export the network so.
    """
    graph = _trace(to_graph_form(fuse(form), runtime), batch, opset)
    if simplify:
        graph = import_package('onnxslim').slim(graph)
    return _to_half(graph) if precision == 'fp16' else graph


class StaticShapes(TorchFunctionMode):
    """Within it, all sides of a tensor but the first are plain numbers for a tracer.

    Traced sides are part of the graph: where kernels, paddings or pooled sizes are made
    of them, as Lite-HRNet and BiFPN do, PyTorch does not export the graph for any
    number of images, although images of one size leave nothing to compute.
    """

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        given = func(*args, **(kwargs or {}))
        if func in (torch.Tensor.shape.__get__, torch.Tensor.size):
            if isinstance(given, tuple):  # of all sides
                return (*given[:1], *map(int, given[1:]))
            return given if args[1:] in ((), (0,)) else int(given)
        return given


def _trace(form: ExportForm, batch: int | None, opset: int) -> 'onnx.ModelProto':
    """Write a module down as a graph."""
    onnx = import_package('onnx')
    width, height = form.input_size
    count = 2 if batch is None else batch  # 1 could be taken for a constant
    device = next(form.parameters()).device
    channels = count_channels(form.model)
    if form.preprocess:
        size = count, height, width, channels
        image = torch.zeros(size, dtype=torch.uint8, device=device)
    else:
        image = torch.zeros(count, channels, height, width, device=device)
    names = OUTPUTS[form.output]
    options = {}
    if batch is None:
        options['dynamic_axes'] = {name: {0: 'batch'} for name in (INPUT, *names)}
    # PyTorch 2.5 brought another exporter, and with it the argument to choose
    if 'dynamo' in inspect.signature(torch.onnx.export).parameters:
        options['dynamo'] = False
    buffer = io.BytesIO()
    try:
        with StaticShapes(), torch.no_grad(), _silence():
            torch.onnx.export(
                form,
                (image,),
                buffer,
                input_names=[INPUT],
                output_names=list(names),
                opset_version=opset,
                do_constant_folding=False,  # the simplifier does it
                **options,
            )
    except (torch.onnx.errors.OnnxExporterError, RuntimeError) as error:
        remedy = 'a fixed one (batch=1, `--batch 1`) may do' if batch is None else ''
        kind = 'any batch size' if batch is None else f'batch size {batch}'
        raise UserError(
            f'PyTorch cannot export this model for {kind}: {first_line(error)}. {remedy}'.rstrip()
        ) from error
    return onnx.load_from_string(buffer.getvalue())


@contextlib.contextmanager
def _silence():
    """Keep still what the exporter says about itself and about constant shapes."""
    with warnings.catch_warnings():
        for kind in (DeprecationWarning, FutureWarning, UserWarning):  # and its own
            warnings.simplefilter('ignore', kind)
        warnings.simplefilter('ignore', torch.jit.TracerWarning)
        yield


def _to_half(graph: 'onnx.ModelProto') -> 'onnx.ModelProto':
    """Compute in half precision, between inputs and outputs that stay."""
    import_package('onnxruntime')
    from onnxruntime.transformers.float16 import convert_float_to_float16
    from onnxruntime.transformers.onnx_model import OnnxModel

    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)  # weights below half precision
        graph = convert_float_to_float16(graph, keep_io_types=True)
    OnnxModel(graph).topological_sort()  # the casts came last, the first one too
    return graph


def save_openvino(graph: 'onnx.ModelProto', file: str | Path, precision: str) -> Path:
    """Write a graph as OpenVINO's files: ``.xml``, and its weights in ``.bin``.

    Precision 'fp16' is that of the weights, which OpenVINO computes with as it likes.
    """
    openvino = import_package('openvino')
    model = openvino.Core().read_model(graph.SerializeToString(), b'')
    openvino.save_model(model, file, compress_to_fp16=precision == 'fp16')
    return Path(file)


def save_graph(graph: 'onnx.ModelProto', file: str | Path) -> Path:
    """Write a graph to a file, whole or not at all; one that is there is replaced."""
    with whole_file(file) as part:
        part.write_bytes(graph.SerializeToString())
    return Path(file)
