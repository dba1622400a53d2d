"""NConv, the light 3×3 convolution of EL-HRNet.

Paper: `Human Pose Estimation Based on Efficient and Lightweight High-Resolution
Network (EL-HRNet) <https://doi.org/10.3390/s24020396>`_, Section 2.2.1, Figure 2.

The paper leaves the number of groups open; its parameter count of 9/2·C for the
3×3 convolution holds for the depth-wise case only, which is the default here.
"""

import torch
from mmcv.cnn import build_conv_layer
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn


class NConv(nn.Module):
    """A 1×1 convolution to half of the channels, a 3×3 group convolution on its
    result, and both concatenated.

    It takes the place of a plain convolution: the signature is that of
    :class:`torch.nn.Conv2d`, so that ``build_conv_layer(dict(type=NConv), ...)``
    builds it. There is no normalization or activation between the two parts.

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output, an even number.
        kernel_size (int): Kernel size of the group convolution, an odd number.
            Defaults to 3
        stride (int): Stride, taken by the 1×1 convolution. Defaults to 1
        padding (int, optional): Padding of the group convolution. Defaults to
            ``None``, which keeps the size
        dilation (int): Dilation of the group convolution. Defaults to 1
        groups (int, optional): Groups of the group convolution, a divisor of
            ``out_channels / 2``. Defaults to ``None``, one group a channel
            (depth-wise)
        bias (bool): Whether both convolutions have a bias. Defaults to ``False``
        conv_cfg (dict, optional): The convolution layer to build both parts of.
            Defaults to ``None``, :class:`torch.nn.Conv2d`

    Raises:
        ValueError: If ``out_channels`` is odd, ``groups`` does not divide half of it,
            or ``kernel_size`` is even.

    Example:
        >>> import torch
        >>> from mmpose_light.models.layers import NConv
        >>> NConv(32, 32)(torch.rand(1, 32, 64, 48)).shape
        torch.Size([1, 32, 64, 48])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        stride: int = 1,
        padding: int | None = None,
        dilation: int = 1,
        groups: int | None = None,
        bias: bool = False,
        conv_cfg: OptConfigType = None,
    ) -> None:
        super().__init__()
        if out_channels % 2:
            raise ValueError(
                f'NConv halves its output channels, but got out_channels='
                f'{out_channels}; give an even number'
            )
        if kernel_size % 2 == 0:
            raise ValueError(
                f'kernel_size must be odd, for both halves to have one size, but got '
                f'{kernel_size}'
            )
        half = out_channels // 2
        groups = half if groups is None else groups
        if groups < 1 or half % groups:
            raise ValueError(
                f'groups={groups} does not divide the {half} channels of the '
                f'group convolution (out_channels={out_channels}); give a divisor '
                f'of {half}, or None for depth-wise'
            )
        if padding is None:
            padding = dilation * (kernel_size - 1) // 2

        self.pointwise = build_conv_layer(
            conv_cfg, in_channels, half, kernel_size=1, stride=stride, bias=bias
        )
        self.group = build_conv_layer(
            conv_cfg,
            half,
            half,
            kernel_size=kernel_size,
            padding=padding,
            dilation=dilation,
            groups=groups,
            bias=bias,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, ``in_channels``, H, W) to (N, ``out_channels``, H', W')."""
        x = self.pointwise(x)
        return torch.cat([x, self.group(x)], dim=1)
