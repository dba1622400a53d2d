"""Names the hardware and the software that a benchmark ran on."""

import platform
from datetime import datetime
from importlib import metadata
from pathlib import Path

import torch

from ..utils.hardware import name_processor
from .settings import count_cores

PACKAGES = (
    'mmpose-light',
    'mmpose',
    'mmcv',
    'mmcv-lite',
    'mmengine',
    'torch',
    'onnx',
    'onnxruntime',
    'onnxruntime-gpu',
    'openvino',
    'numpy',
)


def describe_environment(command: str | None = None) -> dict[str, str | int]:
    """Describe what a benchmark runs on.

    Args:
        command (str, optional): The command line that started it. Defaults to ``None``

    Returns:
        dict: What there is to know, by name: 'cpu', 'instructions' (the best that
        PyTorch uses), 'cores' (of this process), 'memory_gib', 'gpu' ('none' without),
        'system', 'python', the version of each installed package of :data:`PACKAGES`,
        'date' and 'command'.
    """
    environment = dict(
        cpu=name_processor(),
        instructions=torch.backends.cpu.get_cpu_capability(),
        cores=count_cores(),
        memory_gib=_read_memory(),
        gpu=torch.cuda.get_device_name() if torch.cuda.is_available() else 'none',
        system=platform.platform(),
        python=platform.python_version(),
    )
    for package in PACKAGES:
        try:
            environment[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    date = datetime.now().astimezone().isoformat(timespec='seconds')
    return dict(environment, date=date, command=command or '')


def _read_memory() -> int | str:
    for line in _read_lines('/proc/meminfo'):
        if line.startswith('MemTotal:'):
            return round(int(line.split()[1]) / 2**20)
    return 'unknown'


def _read_lines(path: str) -> list[str]:
    """Read a file that only Linux has."""
    return Path(path).read_text().splitlines() if Path(path).is_file() else []
