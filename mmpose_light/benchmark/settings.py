"""What a benchmark measures and how often."""

import os
from dataclasses import dataclass, fields

from ..apis.zoo import DEFAULT
from ..utils.errors import UserError
from .runtimes import PRECISIONS, RUNTIMES, check_runtime

OUT_DIR = 'work_dirs/benchmark'


@dataclass(frozen=True)
class Group:
    """What is compared with each other: the same thing, done by every model.

    Attributes:
        task (str): 'inference' or 'training'.
        runtime (str): Name in :data:`RUNTIMES`; 'eager' for training.
        precision (str): One of :data:`PRECISIONS`.
        batch_size (int): Images at a time.
    """

    task: str
    runtime: str
    precision: str
    batch_size: int

    @property
    def title(self) -> str:
        """What it is called in tables, such as 'ONNX Runtime, fp32, batch 1'."""
        training = self.task == 'training'
        what = 'Training step' if training else RUNTIMES[self.runtime].title
        return f'{what}, {self.precision}, batch {self.batch_size}'


@dataclass(frozen=True)
class Settings:
    """The settings of a benchmark.

    Args:
        models (Sequence[str]): What
            :func:`~mmpose_light.benchmark.models.find_models` takes. Defaults to those
            of :data:`DEFAULT`
        inference (bool): Whether to measure inference. Defaults to ``True``
        runtimes (Sequence[str]): Names in :data:`RUNTIMES`. Defaults to ``('eager',
            'fused', 'onnxruntime', 'openvino')``
        precisions (Sequence[str]): Some of :data:`PRECISIONS`; each is measured in
            the runtimes that have it. Defaults to ``('fp32',)``
        batch_sizes (Sequence[int]): Images at a time in inference. Defaults to
            ``(1, 8)``
        train_batch_size (int): Images at a time in the training step (forward, loss,
            backward, optimizer), 0 for no training. Defaults to 4
        input_size (Sequence[int], optional): Width and height in pixels. Defaults to
            ``None``, each config's own
        reference (str): The model that ratios refer to. Defaults to ``'hrnet-w32'``
        threads (int, optional): Threads on the CPU. Defaults to ``None``, one for each
            core that this process may use
        device (str): 'cpu' or 'cuda'. Defaults to ``'cpu'``
        rounds (int): Turns that each model gets. Defaults to 5
        runs (int): Runs measured in a turn, at most. Defaults to 10
        memory (bool): Whether to measure the memory of inference. Defaults to ``True``
        channels_last (bool): Whether PyTorch keeps images and weights in the layout
            channels_last, for all models alike. Defaults to ``False``
        cuda_graphs (bool): Whether PyTorch replays inference on a GPU as a CUDA graph.
            Defaults to ``False``

    Raises:
        UserError: If a setting is not what it should be; the message says what would
            do.
        ImportError: If a runtime's package is missing; the message says what to
            install.

    Example:
        >>> from mmpose_light.benchmark.settings import Settings
        >>> settings = Settings(runtimes=['eager'], batch_sizes=[1], threads=1)
        >>> [group.title for group in settings.groups]
        ['PyTorch eager, fp32, batch 1', 'Training step, fp32, batch 4']
    """

    models: tuple[str, ...] = DEFAULT
    inference: bool = True
    runtimes: tuple[str, ...] = ('eager', 'fused', 'onnxruntime', 'openvino')
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
        for field in fields(self):
            if isinstance(getattr(self, field.name), list):
                object.__setattr__(self, field.name, tuple(getattr(self, field.name)))
        if self.threads is None:
            object.__setattr__(self, 'threads', count_cores())
        self._check_numbers()
        self._check_device()
        self._check_runtimes()

    def _check_numbers(self) -> None:
        numbers = [('rounds', self.rounds), ('runs', self.runs)]
        numbers += [('batch size', size) for size in self.batch_sizes]
        numbers += [('input size', size) for size in self.input_size or ()]
        for name, value in numbers:
            if value < 1:
                raise UserError(f'{name} is {value}, expected 1 or more')
        if self.train_batch_size < 0 or self.train_batch_size == 1:
            raise UserError(
                f'training batch size is {self.train_batch_size}: batch norms need 2 '
                'or more; 0 leaves training out'
            )
        cores = count_cores()
        if not 1 <= self.threads <= cores:
            raise UserError(
                f'threads is {self.threads}: this process may use {cores} cores, so 1 '
                f'to {cores} would do'
            )

    def _check_device(self) -> None:
        from ..apis.models import choose_device

        choose_device(self.device)
        if self.device.partition(':')[0] not in ('cpu', 'cuda'):
            raise UserError(f"device {self.device!r}: 'cpu' or 'cuda' would do")
        if self.cuda_graphs and self.device == 'cpu':
            raise UserError("CUDA graphs need device 'cuda', got 'cpu'")

    def _check_runtimes(self) -> None:
        unknown = [name for name in self.precisions if name not in PRECISIONS]
        if unknown:
            raise UserError(
                f'precision {unknown[0]!r} is unknown: {", ".join(PRECISIONS)} would do'
            )
        used = self.runtimes if self.inference else ()
        for name in used:
            check_runtime(name, self.device)
        for precision in self.precisions:
            having = [n for n, r in RUNTIMES.items() if precision in r.precisions]
            if used and not set(having) & set(used):
                raise UserError(
                    f'precision {precision!r} is in none of the runtimes asked for '
                    f'({", ".join(used)}): {", ".join(having)} have it'
                )
        if not self.groups:
            raise UserError(
                'nothing to measure: name a runtime and a batch size, or a training '
                'batch size'
            )

    @property
    def groups(self) -> list[Group]:
        """What is measured, in order."""
        groups = [
            Group('inference', runtime, precision, batch_size)
            for runtime in (self.runtimes if self.inference else ())
            for precision in self.precisions
            if precision in RUNTIMES[runtime].precisions
            for batch_size in self.batch_sizes
        ]
        if self.train_batch_size:
            groups += [
                Group('training', 'eager', precision, self.train_batch_size)
                for precision in self.precisions
                if precision in RUNTIMES['eager'].precisions
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
