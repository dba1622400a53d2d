"""What can run a model: PyTorch in three ways, ONNX Runtime, OpenVINO, ncnn.

Every runtime gets the same number of threads, one stream, and all of its own
optimizations. This module is light: what a runtime needs is imported when it opens a
model.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..deploy import runtimes as deploy
from ..deploy.choices import check_choice
from ..deploy.packages import import_package
from ..utils.timing import Run

if TYPE_CHECKING:
    from .settings import Group, Settings

PRECISIONS = ('fp32', 'amp', 'fp16', 'int8')


_TORCH = dict(eager='PyTorch eager', fused='PyTorch fused', compile='PyTorch compiled')
RUNTIMES = {
    name: deploy.Runtime(title, 'torch', ('fp32', 'amp'))
    for name, title in _TORCH.items()
} | deploy.RUNTIMES


def check_runtime(name: str, device: str) -> None:
    """Complain about a runtime that cannot be used.

    Raises:
        UserError: If there is no such runtime, or not on that device.
        ImportError: If a package that it needs is missing.
    """
    check_choice('runtime', name, RUNTIMES)
    if RUNTIMES[name].open:
        deploy.check_runtime(name, device=device)
        import_package('pnnx' if name == 'ncnn' else 'onnx')


def open_model(
    config: Path, group: Group, settings: Settings, file: Path | None = None
) -> Run:
    """Open a model in a runtime.

    Returns what does one run, on the same random images each time. ``file`` is the
    model as an exported file, for the runtimes that run such.
    """
    if not RUNTIMES[group.runtime].open:
        from .torch_runtime import open_torch

        return open_torch(config, group, settings)
    runtime = deploy.open_runtime(
        file, group.runtime, threads=settings.threads, device=settings.device
    )
    random = np.random.default_rng(0)
    shape = (group.batch_size, *runtime.input_shape[1:])
    images = random.standard_normal(shape, np.float32)
    images = images.astype(runtime.input_dtype)
    return lambda: runtime.run(images)
