"""The runtimes of exported files, behind one interface: arrays in, arrays out.

ONNX Runtime and OpenVINO run one stream, which is what one image at a time is fastest
with, all of their own optimizations, and nothing between two runs: threads that wait for
more would take the processor from whatever comes next. ncnn, made for phones, takes one
image at a time.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..utils.errors import MissingFileError, UserError, first_line
from .choices import FORMATS, Format, check_choice, find_format
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

    def __init__(self, file: str | Path, threads: int | None, device: str) -> None:
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
        self.session = runtime.InferenceSession(str(file), options, providers=providers)
        given = _only(self.session.get_inputs())
        if given.type not in _DTYPES:
            raise ValueError(f'its input is a {given.type}')
        self._name = given.name
        self.input_shape = tuple(
            side if isinstance(side, int) else None for side in given.shape
        )
        self.input_dtype = np.dtype(_DTYPES[given.type])

    def run(self, images: np.ndarray) -> list[np.ndarray]:
        """Return the outputs, in the file's order, for an input."""
        return self.session.run(None, {self._name: images})


class OpenVINOFile:
    """A file with one input, opened in OpenVINO; like :class:`OnnxRuntimeFile`."""

    def __init__(self, file: str | Path, threads: int | None, device: str) -> None:
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
        self._model = core.compile_model(str(file), device.upper(), options)
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


class NcnnFile:
    """A file with one input, opened in ncnn; like :class:`OnnxRuntimeFile`.

    A file with weights in half precision is computed in it, too, where the processor
    has it, which ARM's have; any other in full precision.
    """

    def __init__(self, file: str | Path, threads: int | None, device: str) -> None:
        runtime = import_package('ncnn')
        weights = Path(file).with_suffix('.bin')
        self.input_shape = (None, *_read_ncnn_input(file))
        self.input_dtype = np.dtype(np.float32)
        self._net = runtime.Net()
        options = self._net.opt
        if threads is not None:
            options.num_threads = threads
        if HALF not in weights.read_bytes():
            for name in ('fp16_packed', 'fp16_storage', 'fp16_arithmetic'):
                setattr(options, f'use_{name}', False)
        if self._net.load_param(str(file)) or self._net.load_model(str(weights)):
            raise ValueError(f'it and {weights.name} are no pair, or one is truncated')
        self._name = _only(self._net.input_names())
        self._mat = runtime.Mat
        self._outputs = sorted(self._net.output_names())

    def run(self, images: np.ndarray) -> list[np.ndarray]:
        """Return the outputs, in the file's order, for an input."""
        given = [self._run_one(image) for image in images]
        return [np.stack(parts) for parts in zip(*given, strict=True)]

    def _run_one(self, image: np.ndarray) -> list[np.ndarray]:
        run = self._net.create_extractor()
        run.input(self._name, self._mat(np.ascontiguousarray(image)))
        return [np.array(run.extract(name)[1]) for name in self._outputs]


#: What marks weights in half precision in a file of ncnn's.
HALF = b'\x47\x6b\x30\x01'


def _read_ncnn_input(file: str | Path) -> list[int]:
    """Read the sides of the input, (C, H, W), of a file of ncnn's."""
    with open(file, encoding='utf-8', errors='replace') as lines:
        head = ''.join(next(lines, '') for _ in range(3))
    sides = re.search(r'^Input .* 0=(\d+) 1=(\d+) 2=(\d+)$', head, re.MULTILINE)
    if not sides:
        raise UserError(
            f'{file} does not begin with the size of its input, it is truncated or none '
            'of this package: export the model with `mmpose-light export`'
        )
    return [int(side) for side in reversed(sides.groups())]


#: An exported file, opened.
RuntimeFile = OnnxRuntimeFile | OpenVINOFile | NcnnFile


@dataclass(frozen=True)
class Runtime:
    """Something that runs models."""

    title: str  # what it is called in tables
    package: str  # the module that it needs
    precisions: tuple[str, ...]  # what it computes in
    devices: tuple[str, ...] = ('cpu', 'cuda')  # where it runs
    #: Opens an exported file with a number of threads, on a device; ``None`` where it
    #: runs PyTorch's modules.
    open: Callable[[str | Path, int | None, str], RuntimeFile] | None = None


#: The runtimes of exported files by their names in options.
RUNTIMES = {
    'onnxruntime': Runtime(
        'ONNX Runtime', 'onnxruntime', ('fp32', 'fp16', 'int8'), open=OnnxRuntimeFile
    ),
    'openvino': Runtime(
        'OpenVINO', 'openvino', ('fp32', 'int8'), ('cpu',), OpenVINOFile
    ),
    'ncnn': Runtime('ncnn', 'ncnn', ('fp32', 'fp16'), ('cpu',), NcnnFile),
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
    check_threads(threads)
    import_package(runtime.package)
    return runtime


def check_threads(threads: int | None) -> None:
    """Complain about a number of threads that is less than 1."""
    if threads is not None and threads < 1:
        raise UserError(f'threads is {threads}, expected 1 or more')


def open_runtime(
    file: str | Path,
    runtime: str | None = None,
    threads: int | None = None,
    device: str = 'cpu',
) -> RuntimeFile:
    """Open an exported file in a runtime.

    Args:
        file (str | Path): The file, one of :data:`~mmpose_light.deploy.choices.FORMATS`.
        runtime (str, optional): A key of :data:`RUNTIMES`. Defaults to ``None``, the
            usual one for such a file
        threads (int, optional): Number of threads. Defaults to ``None``, what the
            runtime takes for the best
        device (str): 'cpu', 'cuda', 'cuda:1' … Defaults to ``'cpu'``

    Returns:
        RuntimeFile: It has a method ``run``, from an array to the list of outputs, and
        knows its ``input_shape`` (None for any) and its ``input_dtype``.

    Raises:
        MissingFileError: If it or the file of its weights does not exist.
        MissingPackageError: If the runtime is not installed.
        UserError: If there is no such runtime, not on that device, it cannot load the
            file, that takes weights from any others, or the number of threads is less
            than 1.
    """
    kind = find_format(file) or FORMATS['onnx']
    if runtime in RUNTIMES and runtime not in kind.runtimes:
        raise UserError(
            f'{RUNTIMES[runtime].title} does not run {file}: {" and ".join(kind.runtimes)} '
            f'run{"s" * (len(kind.runtimes) == 1)} {kind.suffix} files'
        )
    opened = check_runtime(runtime or kind.runtimes[0], threads, device)
    _check_files(file, kind)
    try:
        return opened.open(file, threads, device)
    except UserError:
        raise
    except Exception as error:  # of classes that onnxruntime does not make public
        version = import_package(opened.package).__version__
        raise UserError(
            f'{opened.title} {version} cannot load {file}: {first_line(error)}'
        ) from error


def _check_files(file: str | Path, kind: Format) -> None:
    """Complain about a missing file, or weights from any other, before it is opened."""
    if not Path(file).is_file():
        raise MissingFileError(f'exported file {file} does not exist')
    weights = kind.files(file)[0]
    if not weights.is_file():
        raise MissingFileError(
            f'the weights of {file} are missing: {weights} belongs beside it'
        )
    content = Path(file).read_bytes()
    if kind is FORMATS['onnx']:
        refuse_external_data(content, file)
    elif kind is FORMATS['openvino'] and not content.startswith(b'<'):
        # OpenVINO goes by the content, and would run an ONNX file of this name
        raise UserError(f'{file} cannot be read, it is no xml: export the model again')


def _only(inputs: Sequence[Any]) -> Any:
    """Return a graph's input, if it has but one."""
    if len(inputs) != 1:
        raise ValueError(f'it has {len(inputs)} inputs, expected one')
    return inputs[0]
