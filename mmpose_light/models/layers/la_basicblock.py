"""The LA-Basicblock of EL-HRNet: the L-Basicblock with CBAM.

Paper: `EL-HRNet <https://doi.org/10.3390/s24020396>`_, Section 2.3.2, Figure 3b,
Equation 10.
"""

from typing import Any

from mmpose.utils.typing import OptConfigType

from .cbam import CBAM
from .l_basicblock import LBasicblock


class LABasicblock(LBasicblock):
    """:class:`LBasicblock` with :class:`CBAM` before the identity is added.

    NConv, norm, ReLU, NConv, norm, CBAM, + identity, ReLU.

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output, an even number.
        reduction (int): Reduction ratio of CBAM. Defaults to 8
        kernel_size (int): Kernel size of CBAM's spatial attention. Defaults to 7
        conv_cfg (dict, optional): The convolution layer inside NConv and CBAM.
            Defaults to ``None``, :class:`torch.nn.Conv2d`
        **kwargs: The other arguments of :class:`LBasicblock`.

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
        reduction: int = 8,
        kernel_size: int = 7,
        conv_cfg: OptConfigType = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(in_channels, out_channels, conv_cfg=conv_cfg, **kwargs)
        self.attention = CBAM(out_channels, reduction, kernel_size, conv_cfg)
