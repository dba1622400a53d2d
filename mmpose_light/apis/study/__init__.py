"""The study: networks trained and compared under one protocol.

Importing it registers the protocol's own modules.
"""

from .data import StudyData
from .float32_rtmcc_head import Float32RTMCCHead
from .in_memory_dataset import InMemoryCocoDataset
from .labelled_coco_metric import LabelledCocoMetric
from .runner import RunOptions, run_study
from .torso_pck import TorsoPCK

__all__ = [
    'Float32RTMCCHead',
    'InMemoryCocoDataset',
    'LabelledCocoMetric',
    'RunOptions',
    'StudyData',
    'TorsoPCK',
    'run_study',
]
