"""What a benchmark measures and how often."""

from dataclasses import dataclass, fields

from ..apis.zoo import DEFAULT
from ..deploy.choices import check_choice
from ..utils.errors import UserError
from ..utils.options import option
from ..utils.threads import count_cores
from .runtimes import PRECISIONS, RUNTIMES, check_runtime

OUT_DIR = 'work_dirs/benchmark'


@dataclass(frozen=True)
class Group:
    """What is compared with each other: the same thing, done by every model."""

    task: str  # 'inference' or 'training'
    runtime: str  # name in :data:`RUNTIMES`; 'eager' for training
    precision: str  # one of :data:`PRECISIONS`
    batch_size: int  # images at a time

    @property
    def title(self) -> str:
        """What it is called in tables, such as 'ONNX Runtime, fp32, batch 1'."""
        training = self.task == 'training'
        what = 'Training step' if training else RUNTIMES[self.runtime].title
        return f'{what}, {self.precision}, batch {self.batch_size}'


@dataclass(frozen=True)
class Settings:
    """The settings of a benchmark: each field says what it means.

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
    inference: bool = option(
        True, 'measure inference', off='measure the training step alone'
    )
    runtimes: tuple[str, ...] = option(
        ('eager', 'fused', 'onnxruntime', 'openvino'),
        f'some of {" ".join(RUNTIMES)}: PyTorch as trained, in its inference form and '
        'compiled, and exported files',
        metavar='RUNTIME',
    )
    precisions: tuple[str, ...] = option(
        ('fp32',),
        f'some of {" ".join(PRECISIONS)}, in the runtimes that have them: amp in '
        'PyTorch, fp16 in ONNX Runtime and ncnn, int8 in ONNX Runtime and OpenVINO',
        option='precision',
        metavar='PRECISION',
    )
    batch_sizes: tuple[int, ...] = option((1, 8), 'images at a time', metavar='N')
    train_batch_size: int = option(
        4,
        'images at a time in the training step (forward, loss, backward, optimizer), 0 '
        'for none',
        metavar='N',
    )
    input_size: tuple[int, int] | None = option(
        None, "in pixels (default: each config's own)", metavar=('WIDTH', 'HEIGHT')
    )
    reference: str = option(
        'hrnet-w32',
        'model that ratios refer to, where it is among the measured',
        metavar='NAME',
    )
    threads: int | None = option(
        None, 'threads on the CPU (default: one for each core)'
    )
    device: str = option('cpu', 'cpu or cuda')
    rounds: int = option(5, 'turns that each model gets')
    runs: int = option(10, 'runs measured in a turn, at most')
    memory: bool = option(
        True,
        'measure the memory of inference',
        off='leave out the memory of inference',
    )
    channels_last: bool = option(False, 'memory layout of PyTorch, for all models')
    cuda_graphs: bool = option(
        False, 'replay inference in PyTorch on a GPU as CUDA graphs'
    )

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
        for precision in self.precisions:
            check_choice('precision', precision, PRECISIONS)
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
