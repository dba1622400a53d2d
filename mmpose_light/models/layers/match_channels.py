"""What brings features to a number of channels, in AddUp, FixUp and BiFPN.

Papers: `MEMe <https://doi.org/10.3390/s22020632>`_, Equations 3 and 5, and
`EfficientDet <https://arxiv.org/abs/1911.09070>`_, Section 3.
"""

from collections import OrderedDict

from mmcv.cnn import build_conv_layer, build_norm_layer
from mmpose.utils.typing import ConfigType, OptConfigType
from torch import nn

from .norm_cfg import fill_norm_cfg


def match_channels(
    in_channels: int,
    out_channels: int,
    conv_cfg: OptConfigType = None,
    norm_cfg: ConfigType = dict(type='BN'),
    bias: bool = False,
) -> nn.Module:
    """Build a 1×1 convolution and a norm layer where channels differ.

    Args:
        in_channels (int): Channels of the input.
        out_channels (int): Channels of the output.
        conv_cfg (dict, optional): The convolution layer. Defaults to ``None``,
            :class:`torch.nn.Conv2d`
        norm_cfg (dict): The normalization layer; epsilon and momentum of a batch norm
            default to 1e-3 and 0.01. Defaults to ``dict(type='BN')``
        bias (bool): Whether the convolution has a bias, as the published weights of
            BiFPN have. Defaults to ``False``

    Returns:
        nn.Module: The two layers, named as in mmcv's ``ConvModule`` (which warns of a
        bias before a batch norm); the identity where the channels are equal.
    """
    if in_channels == out_channels:
        return nn.Identity()
    norm_cfg = fill_norm_cfg(norm_cfg, eps=1e-3, momentum=0.01)
    conv = build_conv_layer(
        conv_cfg, in_channels, out_channels, kernel_size=1, bias=bias
    )
    norm_name, norm = build_norm_layer(norm_cfg, out_channels)
    return nn.Sequential(OrderedDict([('conv', conv), (norm_name, norm)]))
