"""Metrics, registered in MMPose's registry."""

from .labelled_coco_metric import LabelledCocoMetric
from .torso_pck import TorsoPCK

__all__ = ['LabelledCocoMetric', 'TorsoPCK']
