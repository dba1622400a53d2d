"""Refuses to test a model with the checkpoint of another one."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from ..checkpoints.loading import find_misfit


@HOOKS.register_module()
class FittingCheckpointHook(Hook):
    """Stop a test whose checkpoint does not fill the model.

    MMEngine fills whatever keys match and logs a warning about the others: a
    checkpoint of another model is tested as if it were this one's, and gives figures
    with no meaning. Training may start from weights that fit in part.

    Example:
        >>> custom_hooks = [dict(type='FittingCheckpointHook')]
    """

    def __init__(self) -> None:
        self._misfit: str | None = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare a checkpoint that has been read with the model."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        self._misfit = find_misfit(model, checkpoint, runner._load_from)

    def before_test(self, runner: Runner) -> None:
        """Stop here if the checkpoint does not fit.

        Raises:
            ValueError: The message says how many keys do not fit and names some.
        """
        if self._misfit:
            raise ValueError(self._misfit)
