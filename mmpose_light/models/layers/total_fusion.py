"""The total fusion block of EEffNet and TFNeck: AddUp, MixUp, FixUp.

Paper: `MEMe <https://doi.org/10.3390/s22020632>`_, Section 3.2, Figure 4b,
Equations 2 to 5.

The paper leaves the resizing and the weights open; both follow the published models
(see :class:`AddUp`). Where it differs from them, they decide by default: AddUp
activates with SiLU, not with the Mish of Equation 3 (``act_cfg=dict(type='Mish')``).
"""

import operator
from collections.abc import Sequence
from functools import reduce

import torch
import torch.nn.functional as F
from mmcv.cnn import build_activation_layer
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmpose.utils.typing import ConfigType, OptConfigType
from torch import Tensor, nn

from .inverted_residual import InvertedResidual
from .match_channels import match_channels
from .norm_cfg import fill_norm_cfg

if 'Mish' not in MMENGINE_MODELS:  # the one activation of the paper mmcv leaves out
    MMENGINE_MODELS.register_module(name='Mish', module=nn.Mish)


class AddUp(nn.Module):
    r"""Weighted sum of all scales at the resolution of one of them (Equation 3).

    .. math::
        s_i^{add} = act\Big(\sum_j w_j \cdot Resize_{j \to i}(s_j)\Big), \qquad
        w_j = \frac{relu(v_j)}{\sum_k relu(v_k) + 10^{-5}}

    with one learnable :math:`v_j` for each output channel. Resize is max-pooling and
    then :func:`match_channels` for a higher resolution, :func:`match_channels` and
    then bilinear upsampling (corners aligned) for a lower one. Each scale has half
    the resolution of the one before, rounded up, so inputs need not be multiples of
    anything.

    Args:
        in_channels (Sequence[int]): Channels of each scale, from the highest
            resolution to the lowest.
        out_channels (int): Channels of the output.
        index (int): The scale whose resolution the output has, from 0.
        conv_cfg (dict, optional): The convolution layers. Defaults to ``None``,
            :class:`torch.nn.Conv2d`
        norm_cfg (dict): The normalization layers. Defaults to ``dict(type='BN')``
        act_cfg (dict): The activation. Defaults to ``dict(type='SiLU')``

    Raises:
        ValueError: If ``index`` is no scale of ``in_channels``.

    Example:
        >>> import torch
        >>> from mmpose_light.models.layers import AddUp
        >>> feats = [torch.rand(1, 40, 64, 48), torch.rand(1, 80, 32, 24)]
        >>> AddUp([40, 80], 64, index=1)(feats).shape
        torch.Size([1, 64, 32, 24])
    """

    eps = 1e-5

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int,
        index: int,
        conv_cfg: OptConfigType = None,
        norm_cfg: ConfigType = dict(type='BN'),
        act_cfg: ConfigType = dict(type='SiLU'),
    ) -> None:
        super().__init__()
        num_scales = len(in_channels)
        if index not in range(num_scales):
            raise ValueError(
                f'index must be a scale of in_channels={list(in_channels)}, from 0 to '
                f'{num_scales - 1}, but got {index}'
            )
        self.index = index
        # ceil_mode rounds up as the convolutions of the backbone do
        self.pools = nn.ModuleList(
            nn.MaxPool2d(2 ** (index - j), ceil_mode=True)
            if j < index
            else nn.Identity()
            for j in range(num_scales)
        )
        self.convs = nn.ModuleList(
            match_channels(channels, out_channels, conv_cfg, norm_cfg)
            for channels in in_channels
        )
        self.weights = nn.Parameter(
            torch.full((num_scales, out_channels, 1, 1), 1 / num_scales)
        )
        self.act = build_activation_layer(act_cfg)

    def normalized_weights(self) -> Tensor:
        """Return the w of the equation, shape (scales, ``out_channels``, 1, 1)."""
        weights = self.weights.relu()
        return weights / (weights.sum(dim=0) + self.eps)

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Map all scales to (N, ``out_channels``, H, W) of scale ``index``."""
        size = feats[self.index].shape[-2:]
        terms = []
        for j, weight in enumerate(self.normalized_weights()):
            x = self.convs[j](self.pools[j](feats[j]))
            # weighted before upsampling, which is linear: the same at less cost
            x = x * weight.to(x.dtype)
            if j > self.index:
                x = F.interpolate(x, size, mode='bilinear', align_corners=True)
            terms.append(x)
        return self.act(reduce(operator.add, terms))


class TotalFusion(nn.Module):
    """Fuse every scale into every scale (Equation 2).

    For each scale: AddUp gathers all scales, MixUp (Equation 4) is an inverted
    residual of kernel size 5 and expansion 6 without skip connection, FixUp
    (Equation 5) adds the scale's own input, through :func:`match_channels`.

    Args:
        in_channels (Sequence[int]): Channels of each scale, from the highest
            resolution to the lowest, each half of the one before.
        out_channels (Sequence[int]): Channels of each scale of the output.
        drop_path_rate (float): Probability, in training and for each sample, that
            only FixUp is left of a scale. Defaults to 0.0
        conv_cfg (dict, optional): The convolution layers. Defaults to ``None``,
            :class:`torch.nn.Conv2d`
        norm_cfg (dict): The normalization layers. For batch norms, epsilon and
            momentum default to 1e-3 and 0.01 in AddUp and FixUp, to 1e-5 and 0.1 in
            MixUp. Defaults to ``dict(type='BN')``
        act_cfg (dict): The activation of AddUp. Defaults to ``dict(type='SiLU')``
        mixup_act_cfg (dict): The activation of MixUp. Defaults to
            ``dict(type='SiLU')``
        with_cp (bool): Whether to save memory by computing MixUp again in the
            backward pass. Defaults to ``False``

    Raises:
        ValueError: If there is no scale, or not as many output as input scales, or
            if ``drop_path_rate`` is not in [0, 1).

    Example:
        >>> import torch
        >>> from mmpose_light.models.layers import TotalFusion
        >>> feats = [torch.rand(1, 40, 64, 48), torch.rand(1, 80, 32, 24)]
        >>> outs = TotalFusion([40, 80], [64, 64])(feats)
        >>> [tuple(out.shape) for out in outs]
        [(1, 64, 64, 48), (1, 64, 32, 24)]
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: Sequence[int],
        drop_path_rate: float = 0.0,
        conv_cfg: OptConfigType = None,
        norm_cfg: ConfigType = dict(type='BN'),
        act_cfg: ConfigType = dict(type='SiLU'),
        mixup_act_cfg: ConfigType = dict(type='SiLU'),
        with_cp: bool = False,
    ) -> None:
        super().__init__()
        if not in_channels or len(in_channels) != len(out_channels):
            raise ValueError(
                'total fusion needs one number of output channels for each scale, '
                f'but got in_channels={list(in_channels)} and '
                f'out_channels={list(out_channels)}'
            )
        self.addups = nn.ModuleList(
            AddUp(in_channels, channels, index, conv_cfg, norm_cfg, act_cfg)
            for index, channels in enumerate(out_channels)
        )
        self.mixups = nn.ModuleList(
            InvertedResidual(
                channels,
                channels,
                kernel_size=5,
                with_skip=False,
                drop_path_rate=drop_path_rate,
                conv_cfg=conv_cfg,
                norm_cfg=fill_norm_cfg(norm_cfg, eps=1e-5, momentum=0.1),
                act_cfg=mixup_act_cfg,
                with_cp=with_cp,
            )
            for channels in out_channels
        )
        self.fixups = nn.ModuleList(
            match_channels(*channels, conv_cfg, norm_cfg)
            for channels in zip(in_channels, out_channels, strict=True)
        )

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Map all scales to as many of the same resolutions.

        Raises:
            ValueError: If there are more or fewer scales than ``in_channels``.
        """
        if len(feats) != len(self.addups):
            raise ValueError(
                f'total fusion was built for {len(self.addups)} scales, but got '
                f'{len(feats)}'
            )
        return tuple(
            mixup(addup(feats)) + fixup(feat)
            for addup, mixup, fixup, feat in zip(
                self.addups, self.mixups, self.fixups, feats, strict=True
            )
        )
