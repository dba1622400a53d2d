"""Exported files in ONNX Runtime and OpenVINO, behind one interface."""

from pathlib import Path

import numpy as np

from ..deploy.packages import import_package
from ..utils.errors import UserError


class OnnxRuntime:
    """A file opened in ONNX Runtime.

    Its threads stop spinning after each run: the next run may be another model's.

    Args:
        file (Path): The ONNX file.
        threads (int): Threads on the CPU.
        device (str): 'cpu', 'cuda', 'cuda:1' …

    Raises:
        UserError: If a GPU is wanted and this ONNX Runtime cannot use one.
    """

    def __init__(self, file: Path, threads: int, device: str) -> None:
        ort = import_package('onnxruntime')
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.add_session_config_entry('session.force_spinning_stop', '1')
        options.log_severity_level = 3  # errors
        providers = ['CPUExecutionProvider']
        if device != 'cpu':
            index = int(device.partition(':')[2] or 0)
            providers.insert(0, ('CUDAExecutionProvider', {'device_id': index}))
        self.session = ort.InferenceSession(str(file), options, providers=providers)
        used = self.session.get_providers()
        if device != 'cpu' and 'CUDAExecutionProvider' not in used:
            raise UserError(
                'this ONNX Runtime runs on the CPU only: `pip install onnxruntime-gpu` '
                'in the place of onnxruntime'
            )
        (images,) = self.session.get_inputs()
        self.input_name, self.input_shape = images.name, tuple(images.shape)

    def run(self, images: np.ndarray) -> list[np.ndarray]:
        """Run the file and return its outputs."""
        return self.session.run(None, {self.input_name: images})


class OpenVINO:
    """A file opened in OpenVINO, on the CPU.

    Where the processor could compute in bfloat16, OpenVINO is told to keep to float32.

    Args:
        file (Path): The ONNX file.
        threads (int): Threads on the CPU.
        device (str): 'cpu'.
    """

    def __init__(self, file: Path, threads: int, device: str) -> None:
        options = {
            'PERFORMANCE_HINT': 'LATENCY',
            'INFERENCE_NUM_THREADS': threads,
            'NUM_STREAMS': 1,
            'INFERENCE_PRECISION_HINT': 'f32',
        }
        core = import_package('openvino').Core()
        model = core.compile_model(str(file), device.upper(), options)
        self.request = model.create_infer_request()
        self.input_shape = tuple(model.input(0).shape)

    def run(self, images: np.ndarray) -> list[np.ndarray]:
        """Run the file and return its outputs."""
        return list(self.request.infer([images]).values())


def open_runtime(
    file: Path, runtime: str, threads: int, device: str
) -> OnnxRuntime | OpenVINO:
    """Open a file.

    Args:
        file (Path): The ONNX file.
        runtime (str): 'onnxruntime' or 'openvino'.
        threads (int): Threads on the CPU.
        device (str): 'cpu', 'cuda', 'cuda:1' …

    Returns:
        OnnxRuntime | OpenVINO: It has ``run(images)`` and ``input_shape``.
    """
    kinds = dict(onnxruntime=OnnxRuntime, openvino=OpenVINO)
    return kinds[runtime](file, threads, device)
