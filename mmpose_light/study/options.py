"""How the networks of a study are trained; the same for all."""

from dataclasses import dataclass

from ..utils.errors import UserError
from ..utils.options import option


@dataclass(frozen=True)
class RunOptions:
    """How each network of a study is trained: each field says what it means.

    Raises:
        UserError: If a number makes no sense, or mixed precision finds no GPU.
    """

    iterations: int | None = option(
        None,
        'training steps, rounded up to whole epochs, after which a run can stop and go '
        "on (default: the protocol's)",
        option='iters',
        metavar='N',
    )
    batch_size: int | None = option(None, "images in a step (default: the protocol's)")
    seed: int = option(0, 'seed of all random numbers')
    lr_scale: float = option(1.0, 'factor on all learning rates')
    amp: bool | None = option(
        None,
        'mixed precision: bfloat16, or float16 on older GPUs (default: on a GPU)',
    )
    cuda_graphs: bool = option(False, 'replay forward and backward pass as CUDA graphs')
    limit_images: int | None = option(
        None, 'the first N images of each set alone, to rehearse', metavar='N'
    )
    workers: int | None = option(
        None, 'processes that prepare images (default: by cores, at most 12)'
    )
    time_budget: float | None = option(
        None,
        'stop with a checkpoint before so many minutes are over, and start no run that '
        'would not end in them',
        metavar='MINUTES',
    )
    split: bool = option(
        False,
        'with --time-budget: start such runs all the same, the next call goes on',
    )

    def __post_init__(self) -> None:
        for name, least in (
            ('iterations', 1),
            ('batch_size', 2),  # batch normalization wants two
            ('limit_images', 1),
            ('workers', 0),
            ('seed', 0),
        ):
            value = getattr(self, name)
            if value is not None and value < least:
                raise UserError(f'{name} must be at least {least}, got {value}')
        for name in ('lr_scale', 'time_budget'):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UserError(f'{name} must be positive, got {value}')
        if self.split and self.time_budget is None:
            raise UserError('split spreads runs over time budgets: give time_budget')
        if self.amp and self.precision == 'float32':
            raise UserError('mixed precision needs a GPU, and there is none: --no-amp')
        if self.cuda_graphs and not _has_gpu():
            raise UserError(
                'CUDA graphs need a GPU, and there is none: leave --cuda-graphs out'
            )

    @property
    def precision(self) -> str:
        """str: The type that convolutions compute in."""
        if self.amp is False or not _has_gpu():
            return 'float32'
        import torch

        return 'bfloat16' if torch.cuda.is_bf16_supported() else 'float16'


def _has_gpu() -> bool:
    import torch  # takes seconds

    return torch.cuda.is_available()
