"""The memory that inference takes, each network in a process of its own.

On a CPU it is the process's resident memory at its peak, less what it was before the
network's first run: the images between the layers, and whatever the backend makes for
itself on the way. What the loaded network takes is told apart from it. A process is
forked off a server that has imported what is needed and nothing else, so nothing of
another network is in it. Memory that loading left over is given back before, and the C
library keeps no freed images in reserve: what is measured is what is needed at a time.
"""

import ctypes
import gc
import multiprocessing
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from ..deploy.packages import import_package
from .backends import BACKENDS, Job

RUNS = 3
M_MMAP_THRESHOLD = -3  # of glibc
LARGE = 65536  # bytes


class ProcessDied(RuntimeError):
    """The process that ran a network ended without a word: its backend crashed."""


@dataclass(frozen=True)
class Memory:
    """The memory of a network.

    Attributes:
        peak (int): Bytes that inference takes at its peak, beyond the loaded network.
        loaded (int): Bytes of the loaded network.
    """

    peak: int
    loaded: int


def measure_memory(job: Job) -> Memory:
    """Measure the memory of inference in a new process.

    Args:
        job (Job): What to run.

    Returns:
        Memory: The memory.

    Raises:
        ProcessDied: If the process crashes.
        RuntimeError: If the network cannot be run, or the system cannot tell the
            memory.
    """
    if not sys.platform.startswith('linux'):
        raise RuntimeError('the peak of a process can be reset on Linux only')
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload([__name__])
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measure_and_send, args=(job, sender))
    process.start()
    sender.close()
    try:
        answer = receiver.recv()
    except EOFError:
        process.join()
        raise ProcessDied(
            f'{BACKENDS[job.backend].title} crashed (exit code {process.exitcode})'
        ) from None
    finally:
        receiver.close()
        process.join()
    if isinstance(answer, str):
        raise RuntimeError(answer)
    return answer


def _measure_and_send(job: Job, sender: Connection) -> None:
    warnings.simplefilter('ignore')  # the host's
    try:
        measure = _measure_cpu if job.device == 'cpu' else _measure_cuda
        answer = measure(job)
    except Exception as error:
        answer = f'{type(error).__name__}: {error}'
    sender.send(answer)


def _measure_cpu(job: Job) -> Memory:
    import_package(BACKENDS[job.backend].package)
    _map_large_blocks()
    start = _read_status('VmRSS')
    run = BACKENDS[job.backend].open(job)
    _give_back()
    loaded = _read_status('VmRSS')
    Path('/proc/self/clear_refs').write_text('5')  # resets the peak
    _repeat(run)
    return Memory(_read_status('VmHWM') - loaded, loaded - start)


def _measure_cuda(job: Job) -> Memory:
    if BACKENDS[job.backend].exported:
        raise RuntimeError(f'{job.backend} does not tell its memory on a GPU')
    start = torch.cuda.memory_allocated(job.device)
    run = BACKENDS[job.backend].open(job)
    loaded = torch.cuda.memory_allocated(job.device)
    torch.cuda.reset_peak_memory_stats(job.device)
    _repeat(run)
    return Memory(torch.cuda.max_memory_allocated(job.device) - loaded, loaded - start)


def _repeat(run: Callable[[], object]) -> None:
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
