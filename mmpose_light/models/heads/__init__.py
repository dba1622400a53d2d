"""Heads, registered in MMPose's registry."""

from .fa_head import FAHead
from .fs_head import FSHead

__all__ = ['FAHead', 'FSHead']
