"""Transforms, registered in MMPose's registry."""

from .loading import LoadImage
from .random_scale_rotation import RandomScaleRotation

__all__ = ['LoadImage', 'RandomScaleRotation']
