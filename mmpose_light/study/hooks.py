"""What runs along with a training of the study: its record, its time budget."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from .record import images_per_second, write_record

#: The names of the results, and what the metrics of MMPose and ours call them.
METRICS = {
    'AP': 'coco/AP',
    'AP50': 'coco/AP .5',
    'AP75': 'coco/AP .75',
    'AR': 'coco/AR',
    'PCK': 'torso/PCK@0.2',
    'PCK_people': 'torso/people',
    'PCK_left_out': 'torso/left_out',
}
LOSS_INTERVAL = 50


class RecordHook(Hook):
    """Keep a run's record up to date, in memory and in its file.

    Each point of the loss curve is the mean over the iterations since the last one.
    The first iteration of an epoch, which waits for the data loader, is not timed.

    Args:
        record (dict[str, Any]): The record, changed in place.
        path (Path): Its file.
        say (Callable[[str], None]): Takes a line on each evaluation.
        loss_interval (int): Iterations between two points of the loss curve, and
            between two times the file is written. Defaults to 50
    """

    priority = 'LOW'

    def __init__(
        self,
        record: dict[str, Any],
        path: Path,
        say: Callable[[str], None],
        loss_interval: int = LOSS_INTERVAL,
    ) -> None:
        self.record = record
        self.path = path
        self.say = say
        self.loss_interval = loss_interval
        self._losses: list[torch.Tensor] = []

    def before_train(self, runner: Runner) -> None:
        """Forget what came after the checkpoint that the run goes on from."""
        record, done = self.record, runner.iter
        for curve in ('losses', 'evaluations'):
            record[curve] = [p for p in record[curve] if p['iteration'] <= done]
        record.update(epochs=runner.epoch, iterations=done)
        self._start, self._before = time.monotonic(), record['seconds']
        self._save()

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Take over the loss and the time.

        Raises:
            FloatingPointError: If the loss is not finite.
        """
        now = time.monotonic()
        if batch_idx > 0:
            self.record['timed_iterations'] += 1
            self.record['timed_seconds'] += now - self._last
        self._last = now
        self._losses.append(outputs['loss'].detach())
        done = runner.iter + 1
        if done % self.loss_interval == 0 or done == runner.max_iters:
            self._add_loss(done)
            self._save()

    def after_train_epoch(self, runner: Runner) -> None:
        """Note that an epoch is done."""
        self.record.update(epochs=runner.epoch + 1, iterations=runner.iter)
        self._save()

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Take over the results of an evaluation."""
        point = {name: metrics[key] for name, key in METRICS.items()}
        self.record['evaluations'].append(
            dict(iteration=runner.iter, epoch=runner.epoch, **point)
        )
        self._save()
        speed = images_per_second(self.record)
        self.say(
            f'iteration {runner.iter} of {runner.max_iters}: '
            f'AP {100 * point["AP"]:.1f}, PCK@0.2 {100 * point["PCK"]:.1f}'
            + (f', {speed:.1f} images/s' if speed else '')
        )

    def _add_loss(self, iteration: int) -> None:
        loss = torch.stack(self._losses).mean().item()
        self._losses.clear()
        if not torch.isfinite(torch.tensor(loss)):
            raise FloatingPointError(
                f'the loss is {loss} at iteration {iteration}: try a smaller '
                'learning rate (--lr-scale) or no mixed precision (--no-amp)'
            )
        self.record['losses'].append(dict(iteration=iteration, loss=loss))

    def _save(self) -> None:
        self.record['seconds'] = self._before + time.monotonic() - self._start
        if torch.cuda.is_available():
            peak = torch.cuda.max_memory_allocated()
            self.record['peak_memory'] = max(peak, self.record['peak_memory'] or 0)
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
