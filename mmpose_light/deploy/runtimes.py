"""The runtimes of exported files, behind one interface: arrays in, arrays out.

Both run one stream, which is what one image at a time is fastest with, all of their own
optimizations, and nothing between two runs: threads that wait for more would take the
processor from whatever comes next.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..utils.errors import UserError, first_line
from .choices import check_choice
from .onnx_header import refuse_external_data
from .packages import import_package

#: Types of an input by their names in ONNX Runtime.
_DTYPES = {
    'tensor(float)': np.float32,
    'tensor(float16)': np.float16,
    'tensor(uint8)': np.uint8,
}


class OnnxRuntimeFile:
    """A file with one input, opened in ONNX Runtime: see :func:`open_runtime`.

    Attributes:
        input_shape (tuple[int | None, ...]): Sides of the input; None for any.
        input_dtype (np.dtype): Its type.
    """

    def __init__(
        self, file: str | Path | bytes, threads: int | None, device: str
    ) -> None:
        runtime = import_package('onnxruntime')
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors
        options.add_session_config_entry('session.force_spinning_stop', '1')
        providers: list[Any] = ['CPUExecutionProvider']
        if device != 'cpu':
            if 'CUDAExecutionProvider' not in runtime.get_available_providers():
                raise UserError(
                    f'this ONNX Runtime runs on the CPU only, not on {device!r}: '
                    '`pip install onnxruntime-gpu` in the place of onnxruntime'
                )
            index = int(device.partition(':')[2] or 0)
            providers.insert(0, ('CUDAExecutionProvider', {'device_id': index}))
        self._session = runtime.InferenceSession(
            file if isinstance(file, bytes) else str(file), options, providers=providers
        )
        given = _only(self._session.get_inputs())
        if given.type not in _DTYPES:
            raise ValueError(f'its input is a {given.type}')
        self._name = given.name
        self.input_shape = tuple(
            side if isinstance(side, int) else None for side in given.shape
        )
        self.input_dtype = np.dtype(_DTYPES[given.type])

    def run(self, images: np.ndarray) -> list[np.ndarray]:
        """Return the outputs, in the file's order, for an input."""
        return self._session.run(None, {self._name: images})


class OpenVINOFile:
    """A file with one input, opened in OpenVINO; like :class:`OnnxRuntimeFile`."""

    def __init__(
        self, file: str | Path | bytes, threads: int | None, device: str
    ) -> None:
        runtime = import_package('openvino')
        options = {
            'PERFORMANCE_HINT': 'LATENCY',
            'NUM_STREAMS': 1,
            # left to itself it takes bfloat16 where the CPU has it
            'INFERENCE_PRECISION_HINT': 'f32',
        }
        if threads is not None:
            options['INFERENCE_NUM_THREADS'] = threads
        core = runtime.Core()
        model = (
            core.read_model(file, b'')
            if isinstance(file, bytes)
            else core.read_model(str(file))
        )
        self._model = core.compile_model(model, device.upper(), options)
        self._request = self._model.create_infer_request()
        given = _only(self._model.inputs)
        self.input_shape = tuple(
            None if side.is_dynamic else side.get_length()
            for side in given.partial_shape
        )
        self.input_dtype = np.dtype(given.element_type.to_dtype())

    def run(self, images: np.ndarray) -> list[np.ndarray]:
        """Return the outputs, in the file's order, for an input."""
        given = self._request.infer([images])
        return [given[output] for output in self._model.outputs]


#: An exported file, opened.
RuntimeFile = OnnxRuntimeFile | OpenVINOFile


@dataclass(frozen=True)
class Runtime:
    """Something that runs models."""

    title: str  # what it is called in tables
    package: str  # the module that it needs
    precisions: tuple[str, ...]  # what it computes in
    devices: tuple[str, ...] = ('cpu', 'cuda')  # where it runs
    #: Opens an exported file, or its content, with a number of threads, on a device;
    #: ``None`` where it runs PyTorch's modules.
    open: Callable[[str | Path | bytes, int | None, str], RuntimeFile] | None = None


#: The runtimes of exported files by their names in options.
RUNTIMES = {
    'onnxruntime': Runtime(
        'ONNX Runtime', 'onnxruntime', ('fp32', 'fp16', 'int8'), open=OnnxRuntimeFile
    ),
    'openvino': Runtime(
        'OpenVINO', 'openvino', ('fp32', 'int8'), ('cpu',), OpenVINOFile
    ),
}


def check_runtime(
    name: str, threads: int | None = None, device: str = 'cpu'
) -> Runtime:
    """Complain about a runtime that cannot be used, or return it.

    Raises:
        MissingPackageError: If it is not installed.
        UserError: If there is no such runtime, or not on that device, or the number
            of threads is less than 1.
    """
    check_choice('runtime', name, RUNTIMES)
    runtime = RUNTIMES[name]
    if device.partition(':')[0] not in runtime.devices:
        raise UserError(
            f'{runtime.title} runs on {" and ".join(runtime.devices)} here, not on '
            f'{device!r}'
        )
    if threads is not None and threads < 1:
        raise UserError(f'threads is {threads}, expected 1 or more')
    import_package(runtime.package)
    return runtime


def open_runtime(
    file: str | Path | bytes,
    runtime: str = 'onnxruntime',
    threads: int | None = None,
    device: str = 'cpu',
) -> RuntimeFile:
    """Open an exported file in a runtime.

    Args:
        file (str | Path | bytes): The ONNX file, or its content.
        runtime (str): A key of :data:`RUNTIMES`. Defaults to ``'onnxruntime'``
        threads (int, optional): Number of threads. Defaults to ``None``, what the
            runtime takes for the best
        device (str): 'cpu', 'cuda', 'cuda:1' … Defaults to ``'cpu'``

    Returns:
        RuntimeFile: It has a method ``run``, from an array to the list of outputs, and
        knows its ``input_shape`` (None for any) and its ``input_dtype``.

    Raises:
        MissingPackageError: If the runtime is not installed.
        UserError: If there is no such runtime, not on that device, it cannot load the
            file, the file takes weights from others, or the number of threads is less than 1.
    """
    chosen = check_runtime(runtime, threads, device)
    in_memory = isinstance(file, bytes)
    name = 'the graph' if in_memory else file
    refuse_external_data(file if in_memory else Path(file).read_bytes(), name)
    try:
        return chosen.open(file, threads, device)
    except UserError:
        raise
    except Exception as error:  # of classes that onnxruntime does not make public
        version = import_package(chosen.package).__version__
        raise UserError(
            f'{chosen.title} {version} cannot load {name}: {first_line(error)}'
        ) from error


def _only(inputs: Sequence[Any]) -> Any:
    """Return a graph's input, if it has but one."""
    if len(inputs) != 1:
        raise ValueError(f'it has {len(inputs)} inputs, expected one')
    return inputs[0]
