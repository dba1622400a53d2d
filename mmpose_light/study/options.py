"""How the networks of a study are trained; the same for all."""

from dataclasses import dataclass

from ..utils.errors import UserError


@dataclass(frozen=True)
class RunOptions:
    """How each network of a study is trained.

    Attributes:
        iterations (int, optional): Training steps, rounded up to whole epochs, after
            which a run can stop and go on. Defaults to ``None``, those of the protocol
        batch_size (int, optional): Images in a step. Defaults to ``None``, those of
            the protocol
        seed (int): Seed of all random numbers. Defaults to 0
        lr_scale (float): Factor on every learning rate. Defaults to 1
        amp (bool, optional): Whether to train in mixed precision, bfloat16 where the
            GPU has it, else float16. Defaults to ``None``, on a GPU
        limit_images (int, optional): Train and validate on the first images alone, to
            rehearse. Defaults to ``None``, all
        workers (int, optional): Processes that prepare images. Defaults to ``None``,
            as many as cores but one, at most 12
        time_budget (float, optional): Minutes after which no training goes on.
            Defaults to ``None``, no end
        split (bool): Whether to start trainings that will not end within
            ``time_budget``. Defaults to ``False``

    Raises:
        UserError: If a number makes no sense, or mixed precision finds no GPU.
    """

    iterations: int | None = None
    batch_size: int | None = None
    seed: int = 0
    lr_scale: float = 1.0
    amp: bool | None = None
    limit_images: int | None = None
    workers: int | None = None
    time_budget: float | None = None
    split: bool = False

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

    @property
    def precision(self) -> str:
        """str: The type that convolutions compute in."""
        import torch  # takes seconds

        if self.amp is False or not torch.cuda.is_available():
            return 'float32'
        return 'bfloat16' if torch.cuda.is_bf16_supported() else 'float16'
