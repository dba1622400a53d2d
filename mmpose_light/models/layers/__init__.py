"""The building blocks of the networks; they import nothing else of ours."""

from .cbam import CBAM
from .inverted_residual import InvertedResidual
from .l_basicblock import LBasicblock
from .la_basicblock import LABasicblock
from .match_channels import match_channels
from .memory_layout import to_fast_layout
from .nconv import NConv
from .norm_cfg import fill_norm_cfg
from .total_fusion import AddUp, TotalFusion

__all__ = [
    'CBAM',
    'AddUp',
    'InvertedResidual',
    'LABasicblock',
    'LBasicblock',
    'NConv',
    'TotalFusion',
    'fill_norm_cfg',
    'match_channels',
    'to_fast_layout',
]
