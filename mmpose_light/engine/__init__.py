"""What runs along with training and testing."""

from .check_data_hook import CheckDataHook
from .cuda_graph_hook import CUDAGraphHook
from .fitting_checkpoint_hook import FittingCheckpointHook
from .whole_checkpoint_hook import WholeCheckpointHook

__all__ = [
    'CUDAGraphHook',
    'CheckDataHook',
    'FittingCheckpointHook',
    'WholeCheckpointHook',
]
