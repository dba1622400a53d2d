"""BiFPN, the neck of EffBase.

Paper: `EfficientDet <https://arxiv.org/abs/1911.09070>`_, Section 3, Figure 3; as the
baseline in `MEMe <https://doi.org/10.3390/s22020632>`_, Figure 4a.

Every node has 1×1 convolutions of its own for inputs of other channels, as in
EfficientDet's code; the paper does not say.
"""

import operator
from collections.abc import Sequence
from functools import reduce

import torch
import torch.nn.functional as F
from mmcv.cnn import build_activation_layer, build_conv_layer, build_norm_layer
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import ConfigType, OptConfigType, OptMultiConfig
from torch import Tensor, nn

from ..init_cfg import FAN_IN_INIT_CFG
from ..layers import fill_norm_cfg, match_channels


def same_max_pool(x: Tensor) -> Tensor:
    """Max-pool 3×3 with stride 2, padded like TensorFlow's "SAME".

    An even side is padded at its end only, which is what rounding up does; an odd one
    at both ends.
    """
    height, width = x.shape[-2:]
    return F.max_pool2d(x, 3, 2, padding=(height % 2, width % 2), ceil_mode=True)


class BiFPNNode(nn.Module):
    """Weighted sum of features, activation, separable 3×3 convolution, norm.

    The weights are normalized the fast way: relu(v_j) / (sum of relu(v_k) + 1e-4).

    Args:
        in_channels (Sequence[int]): Channels of each input. Inputs of other channels
            than ``out_channels`` pass through a 1×1 convolution and a norm layer.
        out_channels (int): Channels of the output.
        conv_cfg (dict, optional): The convolution layers.
        norm_cfg (dict): The normalization layers.
        act_cfg (dict): The activation.
    """

    eps = 1e-4

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int,
        conv_cfg: OptConfigType,
        norm_cfg: ConfigType,
        act_cfg: ConfigType,
    ) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            match_channels(channels, out_channels, conv_cfg, norm_cfg, bias=True)
            for channels in in_channels
        )
        self.weights = nn.Parameter(torch.ones(len(in_channels)))
        self.act = build_activation_layer(act_cfg)
        self.depthwise_conv = build_conv_layer(
            conv_cfg,
            out_channels,
            out_channels,
            kernel_size=3,
            padding=1,
            groups=out_channels,
            bias=False,
        )
        self.pointwise_conv = build_conv_layer(
            conv_cfg, out_channels, out_channels, kernel_size=1
        )
        self.norm = build_norm_layer(norm_cfg, out_channels)[1]

    def normalized_weights(self) -> Tensor:
        """Return the weight of each input, shape (inputs, )."""
        weights = self.weights.relu()
        return weights / (weights.sum() + self.eps)

    def forward(self, *feats: Tensor) -> Tensor:
        """Join features of one size to (N, ``out_channels``, H, W)."""
        weights = self.normalized_weights()
        terms = (
            conv(x) * weight.to(x.dtype)
            for conv, weight, x in zip(self.convs, weights, feats, strict=True)
        )
        x = self.act(reduce(operator.add, terms))
        return self.norm(self.pointwise_conv(self.depthwise_conv(x)))


class BiFPNCell(nn.Module):
    """One pass from the lowest resolution to the highest, and one back.

    On the way back, levels that have both neighbors see their input again.

    Args:
        in_channels (Sequence[int]): Channels of each level, from the highest
            resolution to the lowest.
        out_channels (int): Channels of every level of the output.
        **cfgs: The layers, as of :class:`BiFPNNode`.
    """

    def __init__(
        self, in_channels: Sequence[int], out_channels: int, **cfgs: OptConfigType
    ) -> None:
        super().__init__()
        *others, last = in_channels

        def nodes(*inputs: Sequence[int]) -> nn.ModuleList:
            return nn.ModuleList(
                BiFPNNode(channels, out_channels, **cfgs) for channels in inputs
            )

        above = [out_channels] * (len(others) - 1) + [last]
        self.top_down = nodes(*zip(others, above, strict=True))
        self.bottom_up = nodes(
            *((channels, out_channels, out_channels) for channels in others[1:]),
            (last, out_channels),
        )

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Map all levels to as many of the same resolutions."""
        *feats, last = feats
        mids = [last]
        for node, feat in zip(reversed(self.top_down), reversed(feats), strict=True):
            mids.append(node(feat, F.interpolate(mids[-1], feat.shape[-2:])))
        lowest, *mids, highest = mids

        outs = [highest]
        *middles, end = self.bottom_up
        for node, feat, mid in zip(middles, feats[1:], reversed(mids), strict=True):
            outs.append(node(feat, mid, same_max_pool(outs[-1])))
        outs.append(end(lowest, same_max_pool(outs[-1])))
        return tuple(outs)


@MODELS.register_module()
class BiFPN(BaseModule):
    """Bidirectional feature pyramid of EfficientDet.

    Where more levels are asked for than there are, the lowest resolution is pooled,
    the first time after a 1×1 convolution and a norm layer where channels differ.

    Args:
        in_channels (Sequence[int]): Channels of each level, from the highest
            resolution to the lowest, each half of the one before; two or more.
        out_channels (int): Channels of every level of the output: 64, 88, 112 and 160
            for EfficientDet-D0 to D3.
        num_blocks (int): Number of repetitions: 3, 4, 5 and 6 for EfficientDet-D0 to
            D3.
        num_outs (int): Number of levels of the output. Defaults to 5
        conv_cfg (dict, optional): The convolution layers. Defaults to ``None``,
            :class:`torch.nn.Conv2d`
        norm_cfg (dict): The normalization layers; epsilon and momentum of batch norms
            default to 1e-3 and 0.01. Defaults to ``dict(type='BN')``
        act_cfg (dict): The activation. Defaults to ``dict(type='SiLU')``
        init_cfg (dict or list[dict], optional): Initialization of the weights.
            Defaults to Kaiming's (fan-in) and norm layers of one

    Raises:
        ValueError: If there are fewer than two levels, fewer outputs than inputs, or
            no block.

    Example:
        >>> import torch
        >>> from mmpose_light.models import BiFPN
        >>> feats = [torch.rand(1, c, s, s) for c, s in [(40, 64), (112, 32), (320, 16)]]
        >>> neck = BiFPN([40, 112, 320], out_channels=64, num_blocks=3)
        >>> [tuple(level.shape[1:]) for level in neck(feats)]
        [(64, 64, 64), (64, 32, 32), (64, 16, 16), (64, 8, 8), (64, 4, 4)]
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int,
        num_blocks: int,
        num_outs: int = 5,
        conv_cfg: OptConfigType = None,
        norm_cfg: ConfigType = dict(type='BN'),
        act_cfg: ConfigType = dict(type='SiLU'),
        init_cfg: OptMultiConfig = FAN_IN_INIT_CFG,
    ) -> None:
        super().__init__(init_cfg)
        if len(in_channels) < 2 or num_outs < len(in_channels):
            raise ValueError(
                'BiFPN needs two levels or more, and as many outputs or more, but got '
                f'in_channels={list(in_channels)} and num_outs={num_outs}'
            )
        if num_blocks < 1:
            raise ValueError(f'BiFPN needs a block or more, but got {num_blocks}')
        norm_cfg = fill_norm_cfg(norm_cfg, eps=1e-3, momentum=0.01)
        self.num_ins = len(in_channels)
        self.num_extra = num_outs - self.num_ins
        if self.num_extra:
            self.extra_conv = match_channels(
                in_channels[-1], out_channels, conv_cfg, norm_cfg, bias=True
            )
        first = [*in_channels, *[out_channels] * self.num_extra]
        self.blocks = nn.Sequential(
            *(
                BiFPNCell(
                    first if block == 0 else [out_channels] * num_outs,
                    out_channels,
                    conv_cfg=conv_cfg,
                    norm_cfg=norm_cfg,
                    act_cfg=act_cfg,
                )
                for block in range(num_blocks)
            )
        )

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Map all levels to ``num_outs`` levels of ``out_channels`` each.

        Raises:
            ValueError: If there are more or fewer levels than ``in_channels``.
        """
        if len(feats) != self.num_ins:
            raise ValueError(
                f'BiFPN was built for {self.num_ins} levels, but got {len(feats)}'
            )
        feats = list(feats)
        for extra in range(self.num_extra):
            x = self.extra_conv(feats[-1]) if extra == 0 else feats[-1]
            feats.append(same_max_pool(x))
        return self.blocks(feats)
