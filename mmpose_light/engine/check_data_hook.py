"""Looks through the data before the first step."""

from collections.abc import Sequence

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from ..utils.data_check import refuse_bad_data


@HOOKS.register_module()
class CheckDataHook(Hook):
    """Refuse data that would stop a training later, or make it worthless.

    Points that are no numbers train to NaN, images of another size than the annotations
    tell train on nonsense, and a missing ``area`` ends a run after its first epoch:
    all without a word before. See :func:`~mmpose_light.utils.data_check.check_config`.

    Args:
        enable (bool): Whether to look. Defaults to ``True``

    Example:
        >>> default_hooks = dict(check_data=dict(type='CheckDataHook'))
    """

    def __init__(self, enable: bool = True) -> None:
        self.enable = enable

    def before_train(self, runner: Runner) -> None:
        """Look at the data of training and validation.

        Raises:
            UserError: Names all that was found, and how to go on all the same.
        """
        self._check(runner, ('train', 'val'))

    def before_test(self, runner: Runner) -> None:
        """Look at the data of the test.

        Raises:
            UserError: Names all that was found, and how to go on all the same.
        """
        self._check(runner, ('test',))

    def _check(self, runner: Runner, splits: Sequence[str]) -> None:
        if self.enable and is_main_process():
            for note in refuse_bad_data(runner.cfg, splits):
                runner.logger.warning(note)
