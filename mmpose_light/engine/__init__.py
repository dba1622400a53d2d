"""What runs along with training and testing."""

from .check_data_hook import CheckDataHook
from .fitting_checkpoint_hook import FittingCheckpointHook

__all__ = ['CheckDataHook', 'FittingCheckpointHook']
