"""Transforms, registered in MMPose's registry."""

from .random_scale_rotation import RandomScaleRotation

__all__ = ['RandomScaleRotation']
