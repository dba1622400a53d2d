"""CBAM, the attention of EL-HRNet's LA-Basicblock.

Papers: `EL-HRNet <https://doi.org/10.3390/s24020396>`_, Section 2.3.1, Figure 4,
Equations 5 to 7; first in `CBAM: Convolutional Block Attention Module
<https://arxiv.org/abs/1807.06521>`_.

The EL-HRNet paper does not name the reduction ratio; 8 is the one that gives its
5.0 M parameters. As in the original CBAM the shared MLP and the 7×7 convolution
have no bias; unlike there, no normalization follows the 7×7 convolution.

Maxima are taken by the operators that remember where they stood: their backward pass
touches those places alone, while that of ``amax`` reads everything several times.
"""

import torch
import torch.nn.functional as F
from mmcv.cnn import build_conv_layer
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn


class ChannelAttention(nn.Module):
    """Weights the channels by what their average and maximum say (Equation 5).

    The hidden layer of the shared MLP has ``channels / reduction`` channels, at least
    one.

    Raises:
        ValueError: If ``reduction`` is less than one.
    """

    def __init__(
        self, channels: int, reduction: int = 8, conv_cfg: OptConfigType = None
    ) -> None:
        super().__init__()
        if reduction < 1:
            raise ValueError(f'reduction must be at least 1, but got {reduction}')
        hidden = max(1, channels // reduction)
        self.mlp = nn.Sequential(
            build_conv_layer(conv_cfg, channels, hidden, kernel_size=1, bias=False),
            nn.ReLU(inplace=True),
            build_conv_layer(conv_cfg, hidden, channels, kernel_size=1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Give the channel attention map (N, C, 1, 1) of an input (N, C, H, W)."""
        average = x.mean(dim=(2, 3), keepdim=True)
        maximum = F.adaptive_max_pool2d(x, 1)
        return torch.sigmoid(self.mlp(average) + self.mlp(maximum))


class SpatialAttention(nn.Module):
    """Weights the places by what the channels say there (Equation 6).

    Raises:
        ValueError: If ``kernel_size`` is even or less than one.
    """

    def __init__(self, kernel_size: int = 7, conv_cfg: OptConfigType = None) -> None:
        super().__init__()
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(
                f'kernel_size must be a positive odd number, but got {kernel_size}'
            )
        self.conv = build_conv_layer(
            conv_cfg, 2, 1, kernel_size, padding=kernel_size // 2, bias=False
        )

    def forward(self, x: Tensor) -> Tensor:
        """Give the spatial attention map (N, 1, H, W) of an input (N, C, H, W)."""
        maximum = x.max(dim=1, keepdim=True).values
        average = x.mean(dim=1, keepdim=True)
        return torch.sigmoid(self.conv(torch.cat([maximum, average], dim=1)))


class CBAM(nn.Module):
    """Channel attention, then spatial attention (Equation 7).

    Args:
        channels (int): Channels of the input and of the output.
        reduction (int): Reduction ratio of the channel attention. Defaults to 8
        kernel_size (int): Kernel size of the spatial attention, an odd number. Defaults
            to 7
        conv_cfg (dict, optional): The convolution layer to build. Defaults to
            ``None``, :class:`torch.nn.Conv2d`

    Raises:
        ValueError: If ``reduction`` is less than one or ``kernel_size`` is not
            a positive odd number.

    Example:
        >>> import torch
        >>> from mmpose_light.models.layers import CBAM
        >>> CBAM(32)(torch.rand(1, 32, 64, 48)).shape
        torch.Size([1, 32, 64, 48])
    """

    def __init__(
        self,
        channels: int,
        reduction: int = 8,
        kernel_size: int = 7,
        conv_cfg: OptConfigType = None,
    ) -> None:
        super().__init__()
        self.channel = ChannelAttention(channels, reduction, conv_cfg)
        self.spatial = SpatialAttention(kernel_size, conv_cfg)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        x = x * self.channel(x)
        return x * self.spatial(x)
