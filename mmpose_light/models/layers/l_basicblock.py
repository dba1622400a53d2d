"""The L-Basicblock of EL-HRNet: a residual block of two light convolutions.

Paper: `EL-HRNet <https://doi.org/10.3390/s24020396>`_, Section 2.2.1, Figure 2b,
Equations 8 and 9.
"""

from typing import Any

import torch.utils.checkpoint as cp
from mmpose.models.backbones.resnet import BasicBlock
from mmpose.utils.typing import ConfigType, OptConfigType, OptMultiConfig
from torch import Tensor, nn

from .nconv import NConv


class LBasicblock(BasicBlock):
    """MMPose's :class:`BasicBlock` with :class:`NConv` for its 3×3 convolutions.

    NConv, norm, ReLU, NConv, norm, + identity, ReLU.

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output, an even number.
        stride (int): Stride of the first convolution. Defaults to 1
        dilation (int): Dilation of the first convolution. Defaults to 1
        downsample (nn.Module, optional): What brings the identity to the shape of
            the output. Defaults to ``None``
        groups (int, optional): Groups of both NConv. Defaults to ``None``,
            depth-wise
        with_cp (bool): Whether to save memory by computing the block again in the
            backward pass. Defaults to ``False``
        conv_cfg (dict, optional): The convolution layer inside NConv. Defaults to
            ``None``, :class:`torch.nn.Conv2d`
        norm_cfg (dict): The normalization layer. Defaults to ``dict(type='BN')``
        init_cfg (dict or list[dict], optional): Initialization of the weights.
            Defaults to ``None``

    Raises:
        ValueError: If the channels or groups do not suit :class:`NConv`.

    Example:
        >>> import torch
        >>> from mmpose_light.models.layers import LBasicblock
        >>> LBasicblock(32, 32)(torch.rand(1, 32, 64, 48)).shape
        torch.Size([1, 32, 64, 48])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        dilation: int = 1,
        downsample: nn.Module | None = None,
        groups: int | None = None,
        with_cp: bool = False,
        conv_cfg: OptConfigType = None,
        norm_cfg: ConfigType = dict(type='BN'),
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            stride=stride,
            dilation=dilation,
            downsample=downsample,
            with_cp=with_cp,
            conv_cfg=dict(type=NConv, groups=groups, conv_cfg=conv_cfg),
            norm_cfg=norm_cfg,
            init_cfg=init_cfg,
        )
        self.attention = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, ``in_channels``, H, W) to (N, ``out_channels``, H', W')."""

        def _inner_forward(x: Tensor) -> Tensor:
            identity = x if self.downsample is None else self.downsample(x)
            out = self.relu(self.norm1(self.conv1(x)))
            out = self.attention(self.norm2(self.conv2(out)))
            return out + identity

        if self.with_cp and x.requires_grad:
            out = cp.checkpoint(_inner_forward, x, use_reentrant=False)
        else:
            out = _inner_forward(x)
        return self.relu(out)

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args: Any
    ) -> None:
        """Leave out a plain BasicBlock's norm layers.

        They share the names of this block's, but belong to its 3×3 convolutions:
        an HRNet checkpoint initializes what is not in the blocks.
        """
        if f'{prefix}conv1.weight' in state_dict:
            for key in [k for k in state_dict if k.startswith(prefix)]:
                del state_dict[key]
        super()._load_from_state_dict(state_dict, prefix, *args)
