"""What a benchmark measures and how often."""

import os
from dataclasses import dataclass

from ..apis.models import choose_device
from .backends import BACKENDS, PRECISIONS, check_backend
from .zoo import DEFAULT


@dataclass(frozen=True)
class Group:
    """What is compared with each other: the same thing, done by every network.

    Attributes:
        task (str): 'inference' or 'training'.
        backend (str): Name in :data:`BACKENDS`; 'eager' for training.
        precision (str): One of :data:`PRECISIONS`.
        batch_size (int): Images at a time.
    """

    task: str
    backend: str
    precision: str
    batch_size: int

    @property
    def title(self) -> str:
        """What it is called in tables, such as 'ONNX Runtime, fp32, batch 1'."""
        training = self.task == 'training'
        what = 'Training step' if training else BACKENDS[self.backend].title
        return f'{what}, {self.precision}, batch {self.batch_size}'


@dataclass(frozen=True)
class Settings:
    """The settings of a benchmark.

    Args:
        models (tuple[str, ...]): Networks by name. Defaults to
            those of :data:`DEFAULT`; ``'all'`` stands for all of :data:`ZOO`
        configs (tuple[str, ...]): Config files of further networks. Defaults to ``()``
        backends (tuple[str, ...]): Names in :data:`BACKENDS`. Defaults to ``('eager',
            'fused', 'onnxruntime', 'openvino')``
        precisions (tuple[str, ...]): Some of :data:`PRECISIONS`; each is measured in
            the backends that have it. Defaults to ``('fp32',)``
        batch_sizes (tuple[int, ...]): Images at a time in inference. Defaults to
            ``(1, 8)``
        train_batch_size (int): Images at a time in the training step (forward, loss,
            backward, optimizer), 0 for no training. Defaults to 4
        input_size (tuple[int, int], optional): Width and height in pixels. Defaults to
            ``None``, each config's own
        reference (str): The network that ratios refer to. Defaults to ``'hrnet-w32'``
        threads (int, optional): Threads on the CPU. Defaults to ``None``, one for each
            core that this process may use
        device (str): 'cpu' or 'cuda'. Defaults to ``'cpu'``
        rounds (int): Turns that each network gets. Defaults to 5
        runs (int): Runs measured in a turn, at most. Defaults to 10
        memory (bool): Whether to measure the memory of inference. Defaults to ``True``
        channels_last (bool): Whether PyTorch keeps images and weights in the layout
            channels_last, for all networks alike. Defaults to ``False``
        cuda_graphs (bool): Whether PyTorch replays inference on a GPU as a CUDA graph.
            Defaults to ``False``

    Raises:
        ValueError: If a setting is not what it should be; the message says what would
            do.
        ImportError: If a backend's package is missing; the message says what to
            install.

    Example:
        >>> from mmpose_light.benchmark.settings import Settings
        >>> settings = Settings(backends=('eager',), batch_sizes=(1,), threads=1)
        >>> [group.title for group in settings.groups]
        ['PyTorch eager, fp32, batch 1', 'Training step, fp32, batch 4']
    """

    models: tuple[str, ...] = DEFAULT
    configs: tuple[str, ...] = ()
    backends: tuple[str, ...] = ('eager', 'fused', 'onnxruntime', 'openvino')
    precisions: tuple[str, ...] = ('fp32',)
    batch_sizes: tuple[int, ...] = (1, 8)
    train_batch_size: int = 4
    input_size: tuple[int, int] | None = None
    reference: str = 'hrnet-w32'
    threads: int | None = None
    device: str = 'cpu'
    rounds: int = 5
    runs: int = 10
    memory: bool = True
    channels_last: bool = False
    cuda_graphs: bool = False

    def __post_init__(self) -> None:
        for name in ('rounds', 'runs'):
            _check_positive(name, getattr(self, name))
        for size in self.batch_sizes:
            _check_positive('batch size', size)
        for size in self.input_size or ():
            _check_positive('input size', size)
        if self.train_batch_size < 0 or self.train_batch_size == 1:
            raise ValueError(
                f'training batch size is {self.train_batch_size}: batch norms need 2 '
                'or more; 0 leaves training out'
            )
        cores = count_cores()
        if self.threads is None:
            object.__setattr__(self, 'threads', cores)
        if not 1 <= self.threads <= cores:
            raise ValueError(
                f'threads is {self.threads}: this process may use {cores} cores, so 1 '
                f'to {cores} would do'
            )
        choose_device(self.device)
        if self.device.split(':')[0] not in ('cpu', 'cuda'):
            raise ValueError(f"device {self.device!r}: 'cpu' or 'cuda' would do")
        if self.cuda_graphs and self.device == 'cpu':
            raise ValueError("CUDA graphs need device 'cuda', got 'cpu'")
        self._check_backends()

    def _check_backends(self) -> None:
        unknown = [name for name in self.precisions if name not in PRECISIONS]
        if unknown:
            raise ValueError(
                f'precision {unknown[0]!r} is unknown: {", ".join(PRECISIONS)} would do'
            )
        for name in self.backends:
            check_backend(name, self.device)
        for precision in self.precisions:
            having = [n for n, b in BACKENDS.items() if precision in b.precisions]
            if self.backends and not set(having) & set(self.backends):
                raise ValueError(
                    f'precision {precision!r} is in none of the backends asked for '
                    f'({", ".join(self.backends)}): {", ".join(having)} have it'
                )
        if not self.groups:
            raise ValueError(
                'nothing to measure: name a backend and a batch size, or a training '
                'batch size'
            )

    @property
    def groups(self) -> list[Group]:
        """What is measured, in order."""
        groups = [
            Group('inference', backend, precision, batch_size)
            for backend in self.backends
            for precision in self.precisions
            if precision in BACKENDS[backend].precisions
            for batch_size in self.batch_sizes
        ]
        if self.train_batch_size:
            groups += [
                Group('training', 'eager', precision, self.train_batch_size)
                for precision in self.precisions
                if precision in BACKENDS['eager'].precisions
            ]
        return list(dict.fromkeys(groups))


def count_cores() -> int:
    """Count the cores that this process may use.

    Returns:
        int: Their number, also where the system tells it for the machine only.
    """
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _check_positive(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f'{name} is {value}, expected 1 or more')
