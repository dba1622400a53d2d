"""Evaluation: the registered metrics."""

from .metrics import *  # noqa: F403
