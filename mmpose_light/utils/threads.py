"""How many threads the processor's work is spread over."""

import os


def count_cores() -> int:
    """Count the cores that this process may use, as far as the system tells."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def count_free_cores() -> int:
    """Count the cores that other work left free in the last minute: 1 at the least."""
    load = os.getloadavg()[0] if hasattr(os, 'getloadavg') else 0
    return max(1, count_cores() - round(load))


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
