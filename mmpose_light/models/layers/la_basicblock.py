"""The LA-Basicblock of EL-HRNet: the L-Basicblock with CBAM.

Paper: `EL-HRNet <https://doi.org/10.3390/s24020396>`_, Section 2.3.2, Figure 3b,
Equation 10.
"""

from mmpose.utils.typing import ConfigType, OptConfigType, OptMultiConfig
from torch import nn

from .cbam import CBAM
from .l_basicblock import LBasicblock


class LABasicblock(LBasicblock):
    """:class:`LBasicblock` with :class:`CBAM` before the identity is added.

    NConv, norm, ReLU, NConv, norm, CBAM, + identity, ReLU.

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output, an even number.
        stride (int): Stride of the first convolution. Defaults to 1
        dilation (int): Dilation of the first convolution. Defaults to 1
        downsample (nn.Module, optional): What brings the identity to the shape of
            the output. Defaults to ``None``
        groups (int, optional): Groups of both NConv. Defaults to ``None``,
            depth-wise
        reduction (int): Reduction ratio of CBAM. Defaults to 8
        kernel_size (int): Kernel size of CBAM's spatial attention. Defaults to 7
        with_cp (bool): Whether to save memory by computing the block again in the
            backward pass. Defaults to ``False``
        conv_cfg (dict, optional): The convolution layer inside NConv and CBAM.
            Defaults to ``None``, :class:`torch.nn.Conv2d`
        norm_cfg (dict): The normalization layer. Defaults to ``dict(type='BN')``
        init_cfg (dict or list[dict], optional): Initialization of the weights.
            Defaults to ``None``

    Raises:
        ValueError: If an argument does not suit :class:`NConv` or :class:`CBAM`.

    Example:
        >>> import torch
        >>> from mmpose_light.models.layers import LABasicblock
        >>> LABasicblock(32, 32)(torch.rand(1, 32, 64, 48)).shape
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
        reduction: int = 8,
        kernel_size: int = 7,
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
            groups=groups,
            with_cp=with_cp,
            conv_cfg=conv_cfg,
            norm_cfg=norm_cfg,
            init_cfg=init_cfg,
        )
        self.attention = CBAM(out_channels, reduction, kernel_size, conv_cfg)
