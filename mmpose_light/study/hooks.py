"""What runs along with a training of the study: its progress, its time budget."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from .record import METRICS, write_record

CHECK_INTERVAL = 50


class ProgressHook(Hook):
    """Keep in a run's record how far it came, and stop it where its loss is lost.

    Args:
        record (dict[str, Any]): The record, changed in place.
        path (Path): Its file, written at the end of each epoch and evaluation.
        say (Callable[[str], None]): Takes a line on each evaluation.
        interval (int): Iterations between two looks at the loss.
    """

    priority = 'LOW'

    def __init__(
        self,
        record: dict[str, Any],
        path: Path,
        say: Callable[[str], None],
        interval: int = CHECK_INTERVAL,
    ) -> None:
        self.record = record
        self.path = path
        self.say = say
        self.interval = interval

    def before_train(self, runner: Runner) -> None:
        """Note where the run begins or goes on."""
        self._start, self._before = time.monotonic(), self.record['seconds']
        self._save(runner.epoch, runner.iter)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Look at the loss.

        Raises:
            FloatingPointError: If it is not finite.
        """
        if not self.every_n_train_iters(runner, self.interval):
            return
        loss = outputs['loss']
        if not loss.isfinite():
            raise FloatingPointError(
                f'the loss is {loss.item()} at iteration {runner.iter + 1}: try a '
                'smaller learning rate (--lr-scale) or no mixed precision (--no-amp)'
            )

    def after_train_epoch(self, runner: Runner) -> None:
        """Note that an epoch is done."""
        self._save(runner.epoch + 1, runner.iter)

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Say what an evaluation gave."""
        self._save(runner.epoch, runner.iter)
        self.say(
            f'iteration {runner.iter} of {runner.max_iters}: '
            f'AP {100 * metrics[METRICS["AP"]]:.1f}, '
            f'PCK@0.2 {100 * metrics[METRICS["PCK"]]:.1f}'
        )

    def _save(self, epochs: int, iterations: int) -> None:
        seconds = self._before + time.monotonic() - self._start
        self.record.update(epochs=epochs, iterations=iterations, seconds=seconds)
        write_record(self.path, self.record)


class TimeBudgetHook(Hook):
    """Stop a training, with a checkpoint, where its time ends.

    Training stops after the last epoch that ends in time, as far as the epochs before
    tell, and after the first if the whole would not end in time.

    Args:
        deadline (float): When the time ends, by ``time.monotonic()``.
        split (bool): Whether a training may be spread over several calls, so that one
            that will not end in time goes on as long as it can. Defaults to ``False``
    """

    priority = 'LOWEST'

    def __init__(self, deadline: float, split: bool = False) -> None:
        self.deadline = deadline
        self.split = split

    def before_train(self, runner: Runner) -> None:
        """Note when the training began."""
        self._start, self._first = time.monotonic(), runner.epoch

    def after_train_epoch(self, runner: Runner) -> None:
        """Save a checkpoint and stop if the time does not suffice."""
        now, epoch = time.monotonic(), runner.epoch + 1
        per_epoch = (now - self._start) / (epoch - self._first)
        left = runner.max_epochs - epoch
        trial = epoch == self._first + 1 and not self.split
        wanted = per_epoch * (left if trial else min(left, 1))
        if left and now + wanted > self.deadline:
            path = f'epoch_{epoch}.pth'
            if not (Path(runner.work_dir) / path).is_file():
                runner.save_checkpoint(runner.work_dir, path, by_epoch=True)
            runner.train_loop.stop_training = True
