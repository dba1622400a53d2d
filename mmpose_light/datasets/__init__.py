"""Data: data sets and transforms, synthetic people, the conversion of LSPET."""

from .in_memory_coco_dataset import InMemoryCocoDataset
from .transforms import LoadImage, RandomScaleRotation

__all__ = ['InMemoryCocoDataset', 'LoadImage', 'RandomScaleRotation']
