"""Names the hardware and the software that a benchmark ran on."""

import os
import platform
from datetime import datetime
from importlib import metadata

import torch

from ..utils.hardware import name_processor
from ..utils.threads import count_cores

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
    'ncnn',
    'numpy',
)


def describe_environment(command: str | None = None) -> dict[str, str | int]:
    """Describe what a benchmark runs on.

    Returns a dict of 'cpu', 'instructions' (the best that PyTorch uses), 'cores' (of
    this process), 'memory_gib', 'gpu' ('none' without), 'system', 'python', the
    version of each installed package of :data:`PACKAGES`, 'date' and 'command'.
    """
    environment = dict(
        cpu=name_processor(),
        instructions=torch.backends.cpu.get_cpu_capability(),
        cores=count_cores(),
        memory_gib=round(
            os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30
        )
        if hasattr(os, 'sysconf')
        else 'unknown',
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
