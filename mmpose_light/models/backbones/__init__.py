"""Backbones, registered in MMPose's registry."""

from .eeffnet import EEffNet
from .effnet import EffNet
from .el_hrnet import ELHRNet

__all__ = ['EEffNet', 'ELHRNet', 'EffNet']
