"""What can run a model: PyTorch in three ways, ONNX Runtime, OpenVINO.

Every runtime gets the same number of threads, one stream, and all of its own
optimizations. This module is light: what a runtime needs is imported when it opens a
model.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..deploy import runtimes as deploy
from ..deploy.choices import check_choice
from ..deploy.packages import import_package
from ..utils.errors import UserError
from ..utils.timing import Run

if TYPE_CHECKING:
    from .settings import Group, Settings

PRECISIONS = ('fp32', 'amp', 'fp16', 'int8')


@dataclass(frozen=True)
class Runtime:
    """Something that runs models.

    Attributes:
        title (str): What it is called in tables.
        package (str): The module it needs.
        precisions (tuple[str, ...]): What it can compute in.
        devices (tuple[str, ...]): Where it runs.
    """

    title: str
    package: str = 'torch'
    precisions: tuple[str, ...] = ('fp32', 'amp')
    devices: tuple[str, ...] = ('cpu', 'cuda')

    @property
    def exported(self) -> bool:
        """Whether it runs an exported file."""
        return self.package != 'torch'


_TORCH = dict(eager='PyTorch eager', fused='PyTorch fused', compile='PyTorch compiled')
RUNTIMES = {name: Runtime(title) for name, title in _TORCH.items()} | {
    name: Runtime(runtime.title, runtime.package, runtime.precisions, runtime.devices)
    for name, runtime in deploy.RUNTIMES.items()
}


def check_runtime(name: str, device: str) -> None:
    """Complain about a runtime that cannot be used.

    Raises:
        UserError: If there is no such runtime, or not on that device.
        ImportError: If a package that it needs is missing.
    """
    check_choice('runtime', name, RUNTIMES)
    runtime = RUNTIMES[name]
    if device.partition(':')[0] not in runtime.devices:
        raise UserError(
            f'runtime {name!r} is measured on {", ".join(runtime.devices)}, not on '
            f'{device!r}: leave it out'
        )
    if runtime.exported:
        import_package(runtime.package)
        import_package('onnx')


def open_model(
    config: Path, group: Group, settings: Settings, file: Path | None = None
) -> Run:
    """Open a model in a runtime.

    Returns what does one run, on the same random images each time. ``file`` is the
    model as an ONNX file, for the runtimes that run such.
    """
    if not RUNTIMES[group.runtime].exported:
        from .torch_runtime import open_torch

        return open_torch(config, group, settings)
    runtime = deploy.open_runtime(
        file, group.runtime, threads=settings.threads, device=settings.device
    )
    random = np.random.default_rng(0)
    images = random.standard_normal(runtime.input_shape, np.float32)
    images = images.astype(runtime.input_dtype)
    return lambda: runtime.run(images)
