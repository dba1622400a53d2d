"""The inference form of EL-HRNet's light blocks.

The same numbers with fewer passes over memory and fewer calls, which is what the light
blocks spend their time on: NConv and its batch norm become two plain convolutions; in
CBAM both poolings go through the shared MLP at once, and everything that can be is
computed in place.
"""

import torch
from torch import Tensor, nn

from ..models.layers import CBAM, LBasicblock, NConv


def is_fusible(module: nn.Module) -> bool:
    """Tell whether a module is a light block of plain layers."""
    if not isinstance(module, LBasicblock):
        return False
    convs = [
        conv
        for nconv in (module.conv1, module.conv2)
        for conv in (nconv.pointwise, nconv.group)
    ]
    norms = [module.norm1, module.norm2]
    return (
        all(type(conv) is nn.Conv2d for conv in convs)
        and all(isinstance(norm, nn.modules.batchnorm._BatchNorm) for norm in norms)
        and all(norm.track_running_stats and norm.affine for norm in norms)
    )


class FusedNConv(nn.Sequential):
    """:class:`NConv` of plain layers and its batch norm as two convolutions.

    The first is NConv's 1×1 convolution with every output twice. The second is its
    group convolution, with the same number of channels in front of it that multiply
    by a constant, which a group convolution can do with a kernel that is zero but in
    its center. So there is nothing left to concatenate and to normalize.
    """

    def __init__(self, nconv: NConv, norm: nn.Module) -> None:
        pointwise, group = nconv.pointwise, nconv.group
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        half = len(scale) // 2
        first, second = scale[:half], scale[half:]

        doubled = nn.Conv2d(
            pointwise.in_channels,
            2 * half,
            kernel_size=1,
            stride=pointwise.stride,
            bias=pointwise.bias is not None,
        )
        doubled.weight.data = pointwise.weight.data.repeat(2, 1, 1, 1)
        if pointwise.bias is not None:
            doubled.bias.data = pointwise.bias.data.repeat(2)

        both = nn.Conv2d(
            2 * half,
            2 * half,
            group.kernel_size,
            padding=group.padding,
            dilation=group.dilation,
            groups=2 * group.groups,
        )
        channel = torch.arange(half)
        center = group.kernel_size[0] // 2
        identity = torch.zeros_like(group.weight)
        identity[channel, channel % identity.shape[1], center, center] = first
        both.weight.data = torch.cat(
            [identity, group.weight * second.view(-1, 1, 1, 1)]
        )
        shift = norm.bias - norm.running_mean * scale
        if group.bias is not None:
            shift[half:] += group.bias * second
        both.bias.data = shift
        super().__init__(doubled, both)


class FusedCBAM(nn.Module):
    """:class:`CBAM`, whose weights it takes over, with one pass of the shared MLP.

    The second layer of the MLP is a convolution over the two hidden layers, one above
    the other, which adds what they give.
    """

    def __init__(self, cbam: CBAM) -> None:
        super().__init__()
        self.hidden, self.relu, output = cbam.channel.mlp
        self.output = nn.Conv2d(
            output.in_channels, output.out_channels, kernel_size=(2, 1), bias=False
        )
        self.output.weight.data = output.weight.data.repeat(1, 1, 2, 1)
        self.spatial = cbam.spatial.conv

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape, in place."""
        pooled = [x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)]
        hidden = self.relu(self.hidden(torch.cat(pooled, dim=2)))
        x = x.mul_(self.output(hidden).sigmoid_())
        pooled = [x.amax(1, keepdim=True), x.mean(1, keepdim=True)]
        return x.mul_(self.spatial(torch.cat(pooled, dim=1)).sigmoid_())


class FusedLightBlock(nn.Module):
    """A block in eval mode (see :func:`is_fusible`) in inference form."""

    def __init__(self, block: LBasicblock) -> None:
        super().__init__()
        self.conv1 = FusedNConv(block.conv1, block.norm1)
        self.conv2 = FusedNConv(block.conv2, block.norm2)
        cbam = block.attention
        self.attention = FusedCBAM(cbam) if isinstance(cbam, CBAM) else cbam
        self.downsample = (
            nn.Identity() if block.downsample is None else block.downsample
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, ``in_channels``, H, W) to (N, ``out_channels``, H', W')."""
        out = self.conv2(self.conv1(x).relu_())
        return self.attention(out).add_(self.downsample(x)).relu_()
