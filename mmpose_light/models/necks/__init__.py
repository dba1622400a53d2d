"""Necks, registered in MMPose's registry."""

from .bifpn import BiFPN
from .tf_neck import TFNeck

__all__ = ['BiFPN', 'TFNeck']
