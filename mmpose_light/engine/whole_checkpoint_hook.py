"""Checkpoints that are whole, and a training that goes on as if never stopped."""

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.dataset import DefaultSampler
from mmengine.dist import broadcast_object_list, get_rank, is_main_process
from mmengine.fileio import LocalBackend, get_file_backend, register_backend
from mmengine.hooks import CheckpointHook
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmpose.registry import HOOKS

from ..checkpoints.loading import find_whole_checkpoint
from ..utils.errors import UserError
from ..utils.files import remove_parts, whole_file
from .random_states import SeededItems, seed_everything

BACKEND = 'whole_file'


class WholeFileBackend(LocalBackend):
    """MMEngine's files on the disk, written whole or not at all."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write a file, which takes its place once it is on the disk.

        Args:
            obj (bytes): What it holds.
            filepath (str | Path): Where it belongs.

        Raises:
            UserError: If it cannot be written, for want of room for one.
        """
        try:
            with whole_file(filepath, sync=True) as part:
                part.write_bytes(obj)
        except OSError as error:
            raise UserError(
                f'checkpoint {filepath} cannot be written ({error.strerror}); those '
                'from before are there: make room, and go on with --resume'
            ) from error


register_backend(BACKEND, WholeFileBackend, force=True)


class _LateRemoval:
    """A backend that only notes what it is to remove."""

    def __init__(self, backend: LocalBackend) -> None:
        self._backend = backend
        self.outdated: list[str] = []
        self.remove = self.rmtree = self.outdated.append

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


@HOOKS.register_module()
class WholeCheckpointHook(CheckpointHook):
    """MMEngine's hook, without a moment at which work could be lost.

    - A checkpoint, the best one too, is written beside its place and takes it when it
      is on the disk, then ``last_checkpoint`` names it, and then the outdated one is
      deleted. MMEngine deletes first, and writes in place.
    - ``resume`` passes over a checkpoint that is torn, and says so.
    - A run resumed at an epoch ends with the weights of one that was never stopped
      (:mod:`~mmpose_light.engine.random_states`): an evaluation that was due after the
      checkpoint is made up for, as schedules and the best checkpoint depend on it, and
      samples are shuffled by the seed of the interrupted run. That takes a loop over
      epochs and the ``DefaultSampler``; with others the random numbers of workers are
      MMEngine's.

    Args:
        **kwargs: Those of :class:`mmengine.hooks.CheckpointHook`. Files that do not lie
            on a disk are written as there.

    Example:
        >>> default_hooks = dict(checkpoint=dict(type='WholeCheckpointHook', interval=1))
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._resumed: dict = {}  # what the checkpoint tells that is gone on from
        self._evaluated = False
        self._items: SeededItems | None = None

    def before_run(self, runner: Runner) -> None:
        """Choose the newest whole checkpoint where the run is to go on from its last.

        Args:
            runner (Runner): The runner.
        """
        if not runner._resume or runner._load_from is not None:
            return
        found = [None]
        if is_main_process():
            found = [find_whole_checkpoint(runner.work_dir, runner.logger.warning)]
        broadcast_object_list(found)
        if found[0] is None:
            runner.logger.warning(
                f'no whole checkpoint in {runner.work_dir}: the training begins anew'
            )
            runner._resume = False
        else:
            runner._load_from = str(found[0])

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Note what the hook said in a checkpoint.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): The checkpoint.
        """
        self._resumed = checkpoint.get('meta', {})

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Say in a checkpoint what a run that goes on from it has to know.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): The checkpoint.
        """
        seed = getattr(runner.train_dataloader.sampler, 'seed', None)
        checkpoint['meta'].update(evaluated=self._evaluated, sampler_seed=seed)

    def before_train(self, runner: Runner) -> None:
        """Prepare the places of checkpoints and the random numbers, make up for a test.

        Args:
            runner (Runner): The runner.
        """
        super().before_train(runner)
        if type(self.file_backend) is LocalBackend and not self.file_client_args:
            self.backend_args = dict(backend=BACKEND)
            self.file_backend = get_file_backend(backend_args=self.backend_args)
            if is_main_process():
                for folder in {self.out_dir, runner.work_dir}:
                    remove_parts(folder)
        resumed = self._resumed if runner.iter else {}
        loader, loop = runner.train_dataloader, runner.train_loop
        if isinstance(loop, EpochBasedTrainLoop):
            if type(loader.sampler) is DefaultSampler:
                if resumed.get('sampler_seed') is not None:
                    loader.sampler.seed = resumed['sampler_seed']
                seed = [runner.seed]
                broadcast_object_list(seed)  # they may differ by process
                self._items = SeededItems(loader.dataset, seed[0])
                loader.dataset.__getitems__ = self._items
            if resumed.get('evaluated') is False and _evaluates(loop):
                runner.logger.info(f'Evaluating epoch {loop.epoch}, which was left out')
                runner.val_loop.run()

    def before_train_epoch(self, runner: Runner) -> None:
        """Tell the samples' random numbers the epoch.

        Args:
            runner (Runner): The runner.
        """
        if self._items is not None:
            self._items.epoch.fill_(runner.epoch)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Sequence | None = None
    ) -> None:
        """Begin an epoch with random numbers of its own, in each process.

        Args:
            runner (Runner): The runner.
            batch_idx (int): The step of the epoch. Data are loaded at the first, which
                may have drawn random numbers.
            data_batch (Sequence, optional): The data. Defaults to ``None``
        """
        if batch_idx == 0:
            seed_everything(runner.seed, runner.epoch, get_rank())

    def after_train_epoch(self, runner: Runner) -> None:
        """Save a checkpoint if it is time.

        Args:
            runner (Runner): The runner.
        """
        self._evaluated = False
        super().after_train_epoch(runner)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float]) -> None:
        """Save the best checkpoint, and the last one with what it depends on.

        Args:
            runner (Runner): The runner.
            metrics (dict[str, float]): Results of the evaluation.
        """
        self._evaluated = True
        super().after_val_epoch(runner, metrics)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict[str, float]) -> None:
        backend, self.file_backend = self.file_backend, _LateRemoval(self.file_backend)
        try:
            super()._save_best_checkpoint(runner, metrics)
            outdated = self.file_backend.outdated
        finally:
            self.file_backend = backend
        saved = {str(getattr(self, 'best_ckpt_path', None))}
        saved.update(map(str, getattr(self, 'best_ckpt_path_dict', {}).values()))
        for path in set(outdated) - saved:
            self._remove(path)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        ids, outdated = [], []
        if self.max_keep_ckpts > 0:
            # the checkpoint names the outdated ones: should the run end before they
            # are deleted, MMEngine does it when the run goes on
            ids = [*(i for i in self.keep_ckpt_ids if i != step), step]
            outdated = ids[: -self.max_keep_ckpts]
            runner.message_hub.update_info('keep_ckpt_ids', ids)

        name = self.filename_tmpl.format(step)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            name,
            self.file_client_args,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        if is_main_process():
            last = Path(runner.work_dir, 'last_checkpoint')
            with whole_file(last, sync=True) as part:
                part.write_text(self.last_ckpt)
            for old in outdated:
                path = self.filename_tmpl.format(old)
                self._remove(self.file_backend.join_path(self.out_dir, path))
        if self.max_keep_ckpts > 0:
            self.keep_ckpt_ids = deque(ids, self.max_keep_ckpts)
            runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))

    def _remove(self, path: str) -> None:
        """Remove a checkpoint, which DeepSpeed writes as a folder."""
        if self.file_backend.isfile(path):
            self.file_backend.remove(path)
        elif self.file_backend.isdir(path):
            self.file_backend.rmtree(path)


def _evaluates(loop: EpochBasedTrainLoop) -> bool:
    """Say whether a loop evaluates after its last epoch, by its own condition."""
    loop._decide_current_val_interval()
    return (
        loop.runner.val_loop is not None
        and loop.epoch >= loop.val_begin
        and (loop.epoch % loop.val_interval == 0 or loop.epoch == loop.max_epochs)
    )
