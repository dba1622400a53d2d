"""What runs along with training and testing."""

from .check_data_hook import CheckDataHook
from .fitting_checkpoint_hook import FittingCheckpointHook
from .whole_checkpoint_hook import WholeCheckpointHook

__all__ = ['CheckDataHook', 'FittingCheckpointHook', 'WholeCheckpointHook']
