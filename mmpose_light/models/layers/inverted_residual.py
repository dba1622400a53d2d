"""The inverted residual of EfficientNet, which the MEMe paper calls MobileBlock.

Papers: `EfficientNet <https://arxiv.org/abs/1905.11946>`_, Section 4, and
`MEMe <https://doi.org/10.3390/s22020632>`_, Equation 4.

It is MMPose's block with stochastic depth and a skip connection that can be left out.
"""

import torch.utils.checkpoint as cp
from mmcv.cnn.bricks import DropPath
from mmpose.models.backbones.utils import InvertedResidual as _InvertedResidual
from mmpose.utils.typing import ConfigType, OptConfigType
from torch import Tensor, nn


class InvertedResidual(_InvertedResidual):
    """1×1 expansion, depth-wise convolution, squeeze and excitation, 1×1 projection.

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output.
        kernel_size (int): Kernel size of the depth-wise convolution, an odd number.
            Defaults to 3
        stride (int): Stride of the depth-wise convolution, 1 or 2. Defaults to 1
        expand_ratio (int): Expansion of the channels, 1 or more; with 1 there is no expanding
            convolution. Defaults to 6
        with_skip (bool): Whether the input is added to the output where both have
            the same shape. Defaults to ``True``
        drop_path_rate (float): Probability, in training and for each sample, that
            the block gives zero (its skip connection stays). With ``with_skip`` it
            has no effect where the shapes differ. Defaults to 0.0
        conv_cfg (dict, optional): The convolution layers. Defaults to ``None``,
            :class:`torch.nn.Conv2d`
        norm_cfg (dict): The normalization layers. Defaults to ``dict(type='BN')``
        act_cfg (dict): The activation. Defaults to ``dict(type='SiLU')``
        with_cp (bool): Whether to save memory by computing the block again in the
            backward pass. Defaults to ``False``

    Raises:
        ValueError: If the kernel size is even, the stride neither 1 nor 2,
            ``expand_ratio`` below 1, there are fewer than 4 input channels, or ``drop_path_rate`` is not in [0, 1).

    Example:
        >>> import torch
        >>> from mmpose_light.models.layers import InvertedResidual
        >>> InvertedResidual(40, 80, stride=2)(torch.rand(1, 40, 32, 24)).shape
        torch.Size([1, 80, 16, 12])
    """

    # squeezed channels = input channels of the block / 4
    se_ratio = 4

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        stride: int = 1,
        expand_ratio: int = 6,
        with_skip: bool = True,
        drop_path_rate: float = 0.0,
        conv_cfg: OptConfigType = None,
        norm_cfg: ConfigType = dict(type='BN'),
        act_cfg: ConfigType = dict(type='SiLU'),
        with_cp: bool = False,
    ) -> None:
        if kernel_size % 2 == 0:
            raise ValueError(f'kernel_size must be odd, but got {kernel_size}')
        if stride not in (1, 2):
            raise ValueError(f'stride must be 1 or 2, but got {stride}')
        if expand_ratio < 1:
            raise ValueError(f'expand_ratio must be 1 or more, but got {expand_ratio}')
        if in_channels < self.se_ratio:
            raise ValueError(
                f'squeeze and excitation needs {self.se_ratio} input channels or '
                f'more, but got in_channels={in_channels}'
            )
        if not 0 <= drop_path_rate < 1:
            raise ValueError(
                f'drop_path_rate must be in [0, 1), but got {drop_path_rate}'
            )
        mid_channels = in_channels * expand_ratio
        super().__init__(
            in_channels,
            out_channels,
            mid_channels,
            kernel_size=kernel_size,
            stride=stride,
            se_cfg=dict(
                channels=mid_channels,
                ratio=self.se_ratio * expand_ratio,
                act_cfg=(act_cfg, dict(type='Sigmoid')),
            ),
            with_expand_conv=expand_ratio != 1,
            conv_cfg=conv_cfg,
            norm_cfg=norm_cfg,
            act_cfg=act_cfg,
            with_cp=with_cp,
        )
        self.with_res_shortcut = self.with_res_shortcut and with_skip
        drops = drop_path_rate > 0 and (self.with_res_shortcut or not with_skip)
        self.drop_path = DropPath(drop_path_rate) if drops else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, ``in_channels``, H, W) to (N, ``out_channels``, H', W')."""

        def _inner_forward(x: Tensor) -> Tensor:
            out = self.expand_conv(x) if self.with_expand_conv else x
            out = self.depthwise_conv(out)
            out = self.se(out)
            out = self.linear_conv(out)
            out = self.drop_path(out)
            return x + out if self.with_res_shortcut else out

        if self.with_cp and x.requires_grad:
            return cp.checkpoint(_inner_forward, x, use_reentrant=False)
        return _inner_forward(x)
