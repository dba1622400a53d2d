"""Refuses to test a model with the checkpoint of another one."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from ..checkpoints.loading import find_misfit
from ..utils.errors import UserError


@HOOKS.register_module()
class FittingCheckpointHook(Hook):
    """Stop a test whose checkpoint does not fill the model.

    MMEngine fills whatever keys match and logs a warning about the others: a
    checkpoint of another model is tested as if it were this one's, and gives figures
    with no meaning. Training may start from weights that fit in part, and fills the
    rest: what has been trained may be tested.

    Example:
        >>> custom_hooks = [dict(type='FittingCheckpointHook')]
    """

    def __init__(self) -> None:
        self._misfit: str | None = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare a checkpoint that has been read with the model.

        Raises:
            UserError: If the checkpoint holds no state dict.
        """
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        # none is given where a run is resumed from its own last checkpoint
        source = runner._load_from or f'of the run in {runner.work_dir}'
        self._misfit = find_misfit(model, checkpoint, source)

    def after_train(self, runner: Runner) -> None:
        """Forget the checkpoint: the weights are those of the training."""
        self._misfit = None

    def before_test(self, runner: Runner) -> None:
        """Stop here if the checkpoint does not fit.

        Raises:
            UserError: The message says how many keys do not fit and names some.
        """
        if self._misfit:
            raise UserError(self._misfit)
