"""What runs along with training and testing."""

from .fitting_checkpoint_hook import FittingCheckpointHook

__all__ = ['FittingCheckpointHook']
