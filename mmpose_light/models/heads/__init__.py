"""Heads, registered in MMPose's registry."""

from .fa_head import FAHead
from .float32_rtmcc_head import Float32RTMCCHead
from .fs_head import FSHead

__all__ = ['FAHead', 'FSHead', 'Float32RTMCCHead']
