"""What can run a model: PyTorch in three ways, ONNX Runtime, OpenVINO.

Every runtime gets the same number of threads, one stream, and all of its own
optimizations. This module is light: what a runtime needs is imported when it opens a
model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..utils.errors import UserError
from ..utils.timing import Run

if TYPE_CHECKING:
    import numpy as np

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


RUNTIMES = {
    'eager': Runtime('PyTorch eager'),
    'fused': Runtime('PyTorch fused'),
    'compile': Runtime('PyTorch compiled'),
    'onnxruntime': Runtime('ONNX Runtime', 'onnxruntime', ('fp32', 'fp16', 'int8')),
    'openvino': Runtime('OpenVINO', 'openvino', ('fp32', 'int8'), ('cpu',)),
}


def check_runtime(name: str, device: str) -> None:
    """Complain about a runtime that cannot be used.

    Args:
        name (str): The name.
        device (str): Where it is to run.

    Raises:
        UserError: If there is no such runtime, or not on that device.
        ImportError: If a package that it needs is missing.
    """
    if name not in RUNTIMES:
        raise UserError(f'runtime {name!r} is unknown: {", ".join(RUNTIMES)} would do')
    runtime = RUNTIMES[name]
    if device.partition(':')[0] not in runtime.devices:
        raise UserError(
            f'runtime {name!r} is measured on {", ".join(runtime.devices)}, not on '
            f'{device!r}: leave it out'
        )
    if runtime.exported:
        from ..deploy.packages import import_package

        import_package(runtime.package)
        import_package('onnx')


def open_model(
    config: Path, group: Group, settings: Settings, file: Path | None = None
) -> Run:
    """Open a model in a runtime.

    Args:
        config (Path): The model's config file.
        group (Group): What runs it, in which precision, with how many images at a time.
        settings (Settings): Input size, threads, device, and PyTorch's settings.
        file (Path, optional): The model as an ONNX file, for the runtimes that run
            such. Defaults to ``None``

    Returns:
        Callable: Does one run, on the same random images each time.
    """
    if not RUNTIMES[group.runtime].exported:
        from .torch_runtime import open_torch

        return open_torch(config, group, settings)
    from .exported import open_runtime

    runtime = open_runtime(
        file, group.runtime, threads=settings.threads, device=settings.device
    )
    images = _make_images(runtime.input_shape)
    return lambda: runtime.run(images)


def _make_images(shape: Sequence[int]) -> np.ndarray:
    import numpy as np

    return np.random.default_rng(0).standard_normal(tuple(shape), np.float32)
