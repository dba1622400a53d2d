"""How many threads the processor's work is spread over."""

import contextlib
import functools
import os
from collections.abc import Iterator


def count_cores() -> int:
    """Count the cores that this process may use, as far as the system tells."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@functools.cache
def count_free_cores() -> int:
    """Count the cores for this process that other work leaves free, 1 at the least.

    It is the machine's load in the last minute that tells, when this is first asked:
    afterwards the process itself adds to it.
    """
    load = os.getloadavg()[0] if hasattr(os, 'getloadavg') else 0
    free = (os.cpu_count() or 1) - round(load)
    return max(1, min(count_cores(), free))


def set_torch_threads(threads: int | None = None) -> None:
    """Choose how many threads PyTorch uses on the CPU, in this process.

    PyTorch's threads wait for each other after every layer, and spin meanwhile: two of
    them, one of which shares its core with other work, take many times as long as one
    alone.

    Args:
        threads (int, optional): How many. Defaults to ``None``: what OMP_NUM_THREADS or
            MKL_NUM_THREADS says, else PyTorch's own choice, and no more than cores are
            free
    """
    import torch

    if threads is not None:
        torch.set_num_threads(threads)
    elif not {'OMP_NUM_THREADS', 'MKL_NUM_THREADS'} & {*os.environ}:
        torch.set_num_threads(min(torch.get_num_threads(), count_free_cores()))


@contextlib.contextmanager
def keep_torch_threads() -> Iterator[None]:
    """Give PyTorch afterwards the threads that it had before."""
    import torch

    threads = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
