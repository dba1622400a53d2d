"""What can run a network: PyTorch in three ways, ONNX Runtime, OpenVINO.

Opening a backend gives a function that does one run on the same random images each
time. Every backend gets the same number of threads, one stream, and all of its own
optimizations.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..deploy import fuse
from ..deploy.packages import import_package
from .models import build_model, get_input_size, load_config

PRECISIONS = ('fp32', 'amp', 'fp16', 'int8')

Run = Callable[[], object]


@dataclass(frozen=True)
class Job:
    """One network to be run in one way.

    Attributes:
        config (Path): The network's config file.
        input_size (tuple[int, int], optional): Width and height in pixels; None for
            the config's own.
        backend (str): Name in :data:`BACKENDS`.
        precision (str): One of the backend's precisions.
        batch_size (int): Images at a time.
        threads (int): Threads on the CPU.
        device (str): 'cpu', 'cuda', 'cuda:1' …
        channels_last (bool): Whether PyTorch uses that memory layout.
        cuda_graphs (bool): Whether PyTorch replays a CUDA graph.
        file (Path, optional): The network as an ONNX file, for the backends that run
            such.
    """

    config: Path
    input_size: tuple[int, int] | None
    backend: str
    precision: str
    batch_size: int
    threads: int
    device: str = 'cpu'
    channels_last: bool = False
    cuda_graphs: bool = False
    file: Path | None = None


def open_torch(job: Job) -> Run:
    """Open a network in PyTorch: as trained, in its inference form, or compiled.

    The compiled one is the inference form, too. Precision 'amp' is autocast, to
    float16 on a GPU and to bfloat16 on a CPU.

    Args:
        job (Job): What to open.

    Returns:
        Callable: Does one run and returns the heatmaps; on a GPU it does not wait.
    """
    torch.set_num_threads(job.threads)
    config = load_config(job.config, job.input_size)
    model = build_model(config)
    if job.backend != 'eager':
        model = fuse(model)
    layout = torch.channels_last if job.channels_last else torch.contiguous_format
    model = model.to(job.device, memory_format=layout)
    width, height = get_input_size(config)
    images = torch.randn(job.batch_size, 3, height, width, device=job.device)
    images = images.contiguous(memory_format=layout)

    forward = model
    if job.backend == 'compile':
        # PyTorch compiles one function for 8 networks, and runs any more uncompiled
        torch._dynamo.config.cache_size_limit = 1024
        mode = 'reduce-overhead' if job.cuda_graphs else 'default'
        forward = torch.compile(model, dynamic=False, mode=mode)

    @torch.inference_mode()
    def run() -> torch.Tensor:
        with _autocast(job):
            return forward(images, None, mode='tensor')

    if job.backend == 'compile':
        run()  # compiles
    elif job.cuda_graphs:
        return _capture(run)
    return run


def _autocast(job: Job) -> contextlib.AbstractContextManager:
    if job.precision != 'amp':
        return contextlib.nullcontext()
    kind = torch.device(job.device).type
    dtype = torch.float16 if kind == 'cuda' else torch.bfloat16
    return torch.autocast(kind, dtype)


def _capture(run: Run) -> Run:
    """Record a run on a GPU, to be replayed without Python."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


def open_onnxruntime(job: Job) -> Run:
    """Open an exported network in ONNX Runtime.

    Its threads stop spinning after each run: the next run may be another network's.

    Args:
        job (Job): What to open, with its file.

    Returns:
        Callable: Does one run and returns its outputs.

    Raises:
        RuntimeError: If a GPU is wanted and this ONNX Runtime cannot use one.
    """
    ort = import_package('onnxruntime')
    options = ort.SessionOptions()
    options.intra_op_num_threads = job.threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry('session.force_spinning_stop', '1')
    options.log_severity_level = 3
    providers = ['CPUExecutionProvider']
    if job.device != 'cpu':
        index = torch.device(job.device).index or 0
        providers.insert(0, ('CUDAExecutionProvider', {'device_id': index}))
    session = ort.InferenceSession(str(job.file), options, providers=providers)
    if job.device != 'cpu' and 'CUDAExecutionProvider' not in session.get_providers():
        raise RuntimeError(
            'this ONNX Runtime runs on the CPU only: `pip install onnxruntime-gpu` '
            'in the place of onnxruntime'
        )
    (images,) = session.get_inputs()
    feed = {images.name: _random_images(images.shape)}
    return lambda: session.run(None, feed)


def open_openvino(job: Job) -> Run:
    """Open an exported network in OpenVINO, on the CPU.

    Where the processor could compute in bfloat16, OpenVINO is told to keep to float32.

    Args:
        job (Job): What to open, with its file.

    Returns:
        Callable: Does one run and returns its outputs.
    """
    openvino = import_package('openvino')
    compiled = openvino.Core().compile_model(
        str(job.file),
        'CPU',
        {
            'PERFORMANCE_HINT': 'LATENCY',
            'INFERENCE_NUM_THREADS': job.threads,
            'NUM_STREAMS': 1,
            'INFERENCE_PRECISION_HINT': 'f32',
        },
    )
    request = compiled.create_infer_request()
    images = _random_images(compiled.input(0).shape)
    return lambda: request.infer([images])


def _random_images(shape: Sequence[int]) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(tuple(shape), np.float32)


@dataclass(frozen=True)
class Backend:
    """Something that runs networks.

    Attributes:
        title (str): What it is called in tables.
        open (Callable): Makes of a :class:`Job` a function that does one run.
        precisions (tuple[str, ...]): What it can compute in.
        devices (tuple[str, ...]): Where it runs.
        package (str): The module it needs.
        exported (bool): Whether it runs an exported file.
    """

    title: str
    open: Callable[[Job], Run]
    precisions: tuple[str, ...]
    devices: tuple[str, ...]
    package: str
    exported: bool = False


_TORCH = dict(
    open=open_torch,
    precisions=('fp32', 'amp'),
    devices=('cpu', 'cuda'),
    package='torch',
)

BACKENDS = {
    'eager': Backend('PyTorch eager', **_TORCH),
    'fused': Backend('PyTorch fused', **_TORCH),
    'compile': Backend('PyTorch compiled', **_TORCH),
    'onnxruntime': Backend(
        'ONNX Runtime',
        open_onnxruntime,
        precisions=('fp32', 'fp16', 'int8'),
        devices=('cpu', 'cuda'),
        package='onnxruntime',
        exported=True,
    ),
    'openvino': Backend(
        'OpenVINO',
        open_openvino,
        precisions=('fp32', 'int8'),
        devices=('cpu',),
        package='openvino',
        exported=True,
    ),
}


def check_backend(name: str, device: str) -> None:
    """Complain about a backend that cannot be used.

    Args:
        name (str): The name.
        device (str): Where it is to run.

    Raises:
        ValueError: If there is no such backend, or not on that device.
        ImportError: If a package that it needs is missing.
    """
    if name not in BACKENDS:
        raise ValueError(f'backend {name!r} is unknown: {", ".join(BACKENDS)} would do')
    backend = BACKENDS[name]
    if torch.device(device).type not in backend.devices:
        raise ValueError(
            f'backend {name!r} is measured on {", ".join(backend.devices)}, not on '
            f'{device!r}: leave it out'
        )
    import_package(backend.package)
    if backend.exported:
        import_package('onnx')
