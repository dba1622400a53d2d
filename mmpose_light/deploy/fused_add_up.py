"""The inference form of EEffPose's AddUp: its weights are constants."""

import operator
from collections.abc import Sequence
from functools import reduce

import torch.nn.functional as F
from torch import Tensor, nn

from ..models.layers import AddUp


class FusedAddUp(nn.Module):
    """:class:`AddUp` with its weights folded into its convolutions.

    A scale that comes in without a convolution is multiplied, by a constant. The module
    is in eval mode, its norm layers folded into the convolutions before them; its
    layers are taken over and changed.
    """

    def __init__(self, addup: AddUp) -> None:
        super().__init__()
        self.index = addup.index
        self.pools = addup.pools
        self.convs = addup.convs
        self.act = addup.act
        weights = addup.normalized_weights().detach()
        self.unfolded = [
            j
            for j, (conv, weight) in enumerate(zip(self.convs, weights, strict=True))
            if not self._fold(conv, weight)
        ]
        self.register_buffer('weights', weights)

    @staticmethod
    def _fold(layers: nn.Module, weight: Tensor) -> bool:
        """Multiply a convolution, if it is one, by a weight for each output."""
        layers = [
            layer
            for layer in layers.children()
            if not isinstance(layer, nn.Identity)  # a folded norm layer
        ]
        if [type(layer) for layer in layers] != [nn.Conv2d]:
            return False
        layers[0].weight.data *= weight.unsqueeze(1)
        layers[0].bias.data *= weight.flatten()
        return True

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Map all scales to (N, ``out_channels``, H, W) of scale ``index``."""
        size = feats[self.index].shape[-2:]
        terms = []
        for j, (feat, pool, conv) in enumerate(
            zip(feats, self.pools, self.convs, strict=True)
        ):
            x = conv(pool(feat))
            if j in self.unfolded:
                x = x * self.weights[j]
            if j > self.index:
                x = F.interpolate(x, size, mode='bilinear', align_corners=True)
            terms.append(x)
        return self.act(reduce(operator.add, terms))
