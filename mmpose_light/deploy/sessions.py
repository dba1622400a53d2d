"""The two runtimes, behind one interface: arrays in, arrays out."""

from pathlib import Path

import numpy as np

from .packages import import_package


class OnnxRuntimeSession:
    """A file opened in ONNX Runtime, on the CPU.

    Args:
        file (str | Path): The ONNX file.
        threads (int, optional): Number of threads. Defaults to ``None``, what ONNX
            Runtime takes for the best

    Raises:
        ImportError: If onnxruntime is not installed.
        ValueError: If ONNX Runtime cannot load the file.
    """

    def __init__(self, file: str | Path, threads: int | None = None) -> None:
        onnxruntime = import_package('onnxruntime')
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 3  # errors
        try:
            self.session = onnxruntime.InferenceSession(
                str(file), options, providers=['CPUExecutionProvider']
            )
        except Exception as error:  # of classes that onnxruntime does not make public
            raise ValueError(
                f'ONNX Runtime {onnxruntime.__version__} cannot load {file}: '
                f'{_first_line(error)}'
            ) from error
        self.input_name = self.session.get_inputs()[0].name

    def run(self, image: np.ndarray) -> list[np.ndarray]:
        """Run the file on its only input and return its outputs, in their order."""
        return self.session.run(None, {self.input_name: image})


class OpenVINOSession:
    """A file opened in OpenVINO, on the CPU, computing in the file's own precision.

    Args:
        file (str | Path): The ONNX file.
        threads (int, optional): Number of threads. Defaults to ``None``, what OpenVINO
            takes for the best

    Raises:
        ImportError: If openvino is not installed.
        ValueError: If OpenVINO cannot load the file.
    """

    def __init__(self, file: str | Path, threads: int | None = None) -> None:
        openvino = import_package('openvino')
        # left to itself it takes bfloat16 where the CPU has it
        options = {'PERFORMANCE_HINT': 'LATENCY', 'INFERENCE_PRECISION_HINT': 'f32'}
        if threads is not None:
            options['INFERENCE_NUM_THREADS'] = threads
        try:
            self.model = openvino.Core().compile_model(str(file), 'CPU', options)
        except RuntimeError as error:
            raise ValueError(
                f'OpenVINO {openvino.__version__} cannot load {file}: '
                f'{_first_line(error)}'
            ) from error

    def run(self, image: np.ndarray) -> list[np.ndarray]:
        """Run the file on its only input and return its outputs, in their order."""
        given = self.model(image)
        return [np.array(given[output]) for output in self.model.outputs]


#: The runtimes by their names.
BACKENDS = {'onnxruntime': OnnxRuntimeSession, 'openvino': OpenVINOSession}


def open_session(
    file: str | Path, backend: str = 'onnxruntime', threads: int | None = None
) -> OnnxRuntimeSession | OpenVINOSession:
    """Open a file.

    Args:
        file (str | Path): The ONNX file.
        backend (str): A key of :data:`BACKENDS`. Defaults to ``'onnxruntime'``
        threads (int, optional): Number of threads. Defaults to ``None``, what the
            backend takes for the best

    Returns:
        OnnxRuntimeSession | OpenVINOSession: It has a method ``run``.

    Raises:
        ImportError: If the backend is not installed.
        ValueError: If there is no such backend, it cannot load the file, or the number
            of threads is less than 1.
    """
    if backend not in BACKENDS:
        raise ValueError(f'backend {backend!r} is unknown: {tuple(BACKENDS)} would do')
    if threads is not None and threads < 1:
        raise ValueError(f'threads is {threads}, expected 1 or more')
    return BACKENDS[backend](file, threads)


def _first_line(error: Exception) -> str:
    """Return what an error says, in brief."""
    return next((line for line in str(error).splitlines() if line.strip()), '?')[:300]
