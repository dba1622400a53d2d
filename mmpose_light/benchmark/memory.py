"""The memory that inference takes, each model in a process of its own.

On a CPU it is the process's resident memory at its peak, less what it was before the
model's first run: the images between the layers, and whatever the runtime makes for
itself on the way. What the loaded model takes is told apart from it. Memory that
loading left over is given back before, and the C library keeps no freed images in
reserve: what is measured is what is needed at a time.
"""

import ctypes
import gc
import sys
from pathlib import Path
from typing import Any

import torch

from ..deploy.packages import import_package
from ..utils.timing import Run
from .isolation import run_apart
from .runtimes import RUNTIMES, open_model
from .settings import Group, Settings

RUNS = 3
M_MMAP_THRESHOLD = -3  # of glibc
LARGE = 65536  # bytes


def measure_memory(
    config: Path, group: Group, settings: Settings, file: Path | None = None
) -> tuple[int, int]:
    """Measure the memory of inference in a new process.

    Takes the arguments of :func:`~mmpose_light.benchmark.runtimes.open_model`.

    Returns:
        tuple[int, int]: Bytes that inference takes at its peak, beyond the loaded
        model, and bytes of the loaded model.

    Raises:
        ProcessDiedError: If the process crashes.
        RuntimeError: If the model cannot be run, or the system cannot tell the memory.
    """
    return run_apart(_measure, config, group, settings, file)


def try_apart(*what: Any) -> None:
    """Run a model in a new process, to see whether its runtime crashes."""
    run_apart(_try, *what)


def _try(*what: Any) -> None:
    _repeat(open_model(*what))


def _measure(*what: Any) -> tuple[int, int]:
    _, group, settings, _ = what
    runtime = RUNTIMES[group.runtime]
    if settings.device != 'cpu' and not runtime.open:
        return _measure_cuda(settings.device, *what)
    if settings.device == 'cpu' and sys.platform.startswith('linux'):
        import_package(runtime.package)
        return _measure_cpu(*what)
    _try(*what)
    raise RuntimeError(f'the memory of {runtime.title} cannot be measured here')


def _measure_cpu(*what: Any) -> tuple[int, int]:
    _map_large_blocks()
    start = _read_status('VmRSS')
    run = open_model(*what)
    _give_back()
    loaded = _read_status('VmRSS')
    Path('/proc/self/clear_refs').write_text('5')  # resets the peak
    _repeat(run)
    return _read_status('VmHWM') - loaded, loaded - start


def _measure_cuda(device: str, *what: Any) -> tuple[int, int]:
    start = torch.cuda.memory_allocated(device)
    run = open_model(*what)
    loaded = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    _repeat(run)
    return torch.cuda.max_memory_allocated(device) - loaded, loaded - start


def _repeat(run: Run) -> None:
    for _ in range(RUNS):
        run()


def _map_large_blocks() -> None:
    """Let the C library give back every large block as soon as it is freed.

    Else it keeps some in reserve, sometimes more and sometimes less.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt:
        mallopt(M_MMAP_THRESHOLD, LARGE)


def _give_back() -> None:
    """Give free memory back to the system, where the C library has a call for it."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), 'malloc_trim', None)
    if trim:
        trim(0)


def _read_status(name: str) -> int:
    """Read a size of this process from what Linux tells of it, in bytes."""
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith(f'{name}:'):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f'/proc/self/status tells no {name}')
