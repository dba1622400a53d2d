"""The old name of :func:`~mmpose_light.deploy.runtimes.open_runtime`."""

from pathlib import Path

from .runtimes import RuntimeFile, open_runtime


def open_session(
    file: str | Path, backend: str = 'onnxruntime', threads: int | None = None
) -> RuntimeFile:
    """Open a file on the CPU, as :func:`open_runtime` does."""
    return open_runtime(file, backend, threads)
