"""FSHead, the final sum head of EffBase.

Paper: `MEMe <https://doi.org/10.3390/s22020632>`_, Section 3.3, Figure 5a,
Equation 6.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmpose.models.heads import HeatmapHead
from mmpose.registry import MODELS
from mmpose.utils.typing import ConfigType, OptConfigType, OptMultiConfig
from torch import Tensor, nn

from ..init_cfg import FAN_IN_INIT_CFG
from ..layers import fill_norm_cfg


@MODELS.register_module()
class FSHead(HeatmapHead):
    r"""Final sum head: the heatmaps of all scales are added.

    .. math::
        H = \sum_j ConvBN_j(s_j)

    with nearest upsampling to the size of the first scale. Loss, prediction with flip
    test, and decoding are those of MMPose's :class:`HeatmapHead`.

    Args:
        in_channels (Sequence[int]): Channels of each scale, from the highest
            resolution to the lowest; any number of scales.
        out_channels (int): Number of keypoints.
        conv_cfg (dict, optional): The convolution layers. Defaults to ``None``,
            :class:`torch.nn.Conv2d`
        norm_cfg (dict): The normalization layers; epsilon and momentum of batch norms
            default to 1e-3 and 0.01. Defaults to ``dict(type='BN')``
        loss (dict): The loss. Defaults to half of the mean squared error, with the
            weights of the keypoints
        decoder (dict, optional): The codec that decodes the heatmaps. Defaults to
            ``None``, with which there is no prediction
        init_cfg (dict or list[dict], optional): Initialization of the weights.
            Defaults to Kaiming's (fan-in) and norm layers of one

    Raises:
        ValueError: If there is no scale or no keypoint.

    Example:
        >>> import torch
        >>> from mmpose_light.models import FSHead
        >>> feats = [torch.rand(1, 64, size, size) for size in (64, 32, 16)]
        >>> FSHead(in_channels=[64, 64, 64], out_channels=17)(feats).shape
        torch.Size([1, 17, 64, 64])
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int,
        conv_cfg: OptConfigType = None,
        norm_cfg: ConfigType = dict(type='BN'),
        loss: ConfigType = dict(
            type='KeypointMSELoss', use_target_weight=True, loss_weight=0.5
        ),
        decoder: OptConfigType = None,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        if not isinstance(in_channels, Sequence) or not in_channels:
            raise ValueError(
                f'{type(self).__name__} takes the channels of each scale, e.g. '
                f'[64, 64, 64], but got in_channels={in_channels!r}'
            )
        if out_channels < 1:
            raise ValueError(
                f'{type(self).__name__} needs a keypoint or more, but got out_channels='
                f'{out_channels}'
            )
        super().__init__(
            in_channels,
            out_channels,
            deconv_out_channels=None,
            final_layer=None,
            loss=loss,
            decoder=decoder,
            init_cfg=init_cfg,
        )
        self.convs = nn.ModuleList(
            ConvModule(
                channels,
                out_channels,
                kernel_size=1,
                conv_cfg=conv_cfg,
                norm_cfg=fill_norm_cfg(norm_cfg, eps=1e-3, momentum=0.01),
                act_cfg=None,
            )
            for channels in in_channels
        )

    @property
    def default_init_cfg(self) -> list[dict]:
        """Kaiming's: before a norm layer, HeatmapHead's 0.001 is below its epsilon."""
        return FAN_IN_INIT_CFG

    def forward_scales(self, feats: Sequence[Tensor]) -> list[Tensor]:
        """Map features to the heatmaps of each scale at its own resolution.

        Raises:
            ValueError: If there are more or fewer scales than ``in_channels``.
        """
        if len(feats) != len(self.convs):
            raise ValueError(
                f'{type(self).__name__} was built for {len(self.convs)} scales, but '
                f'got {len(feats)}'
            )
        return [conv(feat) for conv, feat in zip(self.convs, feats, strict=True)]

    def join(self, first: Tensor, second: Tensor) -> Tensor:
        """Join the heatmaps of two scales of the same size."""
        return first + second

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Map features to heatmaps (N, ``out_channels``, H, W) of the first scale."""
        first, *others = self.forward_scales(feats)
        for other in others:
            first = self.join(first, F.interpolate(other, first.shape[-2:]))
        return first
