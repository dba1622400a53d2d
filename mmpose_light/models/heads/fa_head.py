"""FAHead, the final attention head of EEffPose.

Paper: `MEMe <https://doi.org/10.3390/s22020632>`_, Section 3.3, Figure 5b,
Equation 7.
"""

from collections.abc import Sequence

from mmpose.registry import MODELS
from torch import Tensor

from .fs_head import FSHead


@MODELS.register_module()
class FAHead(FSHead):
    r"""Final attention head: the sigmoids of all scales are multiplied.

    .. math::
        H = \prod_j \sigma(ConvBN_j(s_j))

    with nearest upsampling to the size of the first scale. Arguments, errors and
    everything else are those of :class:`FSHead`.

    Example:
        >>> import torch
        >>> from mmpose_light.models import FAHead
        >>> feats = [torch.rand(1, 64, size, size) for size in (64, 32, 16)]
        >>> FAHead(in_channels=[64, 64, 64], out_channels=17)(feats).shape
        torch.Size([1, 17, 64, 64])
    """

    def forward_scales(self, feats: Sequence[Tensor]) -> list[Tensor]:
        """Map features to the attention of each scale at its own resolution."""
        return [heatmaps.sigmoid() for heatmaps in super().forward_scales(feats)]

    def join(self, first: Tensor, second: Tensor) -> Tensor:
        """Join the attention of two scales of the same size."""
        return first * second
