"""The form that EL-HRNet's light blocks have in an exported graph.

The same numbers by the steps that ONNX Runtime and OpenVINO do fast, which are not those
that PyTorch does fast (:mod:`~mmpose_light.deploy.fused_light_block`). A step costs
little in a graph, so NConv's 1×1 convolution is computed once again, not twice. Most of
the rest goes around two slow places: in ONNX Runtime the maximum over the channels of
one image, and in both the convolution of CBAM, which has 98 weights for the one output
that is computed among eight or sixteen.
"""

from collections.abc import Callable
from math import gcd

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .fused_light_block import FusedCBAM, FusedLightBlock, FusedNConv


class GraphLightBlock(nn.Module):
    """A block in inference form, whose weights it takes over, in graph form.

    What is added comes out of a convolution that changes nothing, for ONNX Runtime adds
    and rectifies within a convolution, in its blocked layout; CBAM gives another.

    Args:
        block (FusedLightBlock): The block.
        runtime (str): The runtime that it is to be fastest in, a key of :data:`POOLS`;
            the other one runs it, too. Defaults to ``'onnxruntime'``
    """

    def __init__(self, block: FusedLightBlock, runtime: str = 'onnxruntime') -> None:
        super().__init__()
        self.conv1 = GraphNConv(block.conv1, nn.ReLU())
        self.conv2 = GraphNConv(block.conv2, nn.Identity())
        cbam = block.attention
        self.attention = cbam
        if isinstance(cbam, FusedCBAM):
            self.attention = GraphCBAM(cbam, POOLS[runtime])
        channels = block.conv2[-1].out_channels
        self.copy = nn.Conv2d(channels, channels, 1, groups=channels, bias=False)
        self.copy.weight.data = torch.ones_like(block.conv2[-1].weight[:, :1, :1, :1])
        self.downsample = block.downsample

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, ``in_channels``, H, W) to (N, ``out_channels``, H', W')."""
        out = self.attention(self.conv2(self.conv1(x)))
        return F.relu(self.copy(out) + self.downsample(x))


class GraphNConv(nn.Module):
    """NConv, its batch norm and an activation as a 1×1 convolution and two after it."""

    def __init__(self, nconv: FusedNConv, act: nn.Module) -> None:
        super().__init__()
        doubled, both = nconv
        half = both.out_channels // 2
        self.pointwise = nn.Conv2d(
            doubled.in_channels,
            half,
            kernel_size=1,
            stride=doubled.stride,
            bias=doubled.bias is not None,
        )
        self.pointwise.weight.data = doubled.weight.data[:half].clone()
        if doubled.bias is not None:
            self.pointwise.bias.data = doubled.bias.data[:half].clone()
        self.scale = nn.Conv2d(half, half, kernel_size=1, groups=half)
        self.scale.weight.data = (
            both.weight.data[:half].sum((1, 2, 3)).view(-1, 1, 1, 1)
        )
        self.scale.bias.data = both.bias.data[:half].clone()
        self.group = nn.Conv2d(
            half,
            half,
            both.kernel_size,
            padding=both.padding,
            dilation=both.dilation,
            groups=both.groups // 2,
        )
        self.group.weight.data = both.weight.data[half:].clone()
        self.group.bias.data = both.bias.data[half:].clone()
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, ``in_channels``, H, W) to (N, ``out_channels``, H', W')."""
        x = self.pointwise(x)
        return torch.cat([self.act(self.scale(x)), self.act(self.group(x))], dim=1)


class GraphCBAM(nn.Module):
    """CBAM whose spatial convolution runs over blocks of 4×4 (2×2) pixels.

    The pixels of a block become channels, and so do its sixteen (four) outputs. Maps
    whose sides have no such divisor keep the plain convolution.
    """

    def __init__(self, cbam: FusedCBAM, pools: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.pools = pools
        self.hidden, self.relu, self.output = cbam.hidden, cbam.relu, cbam.output
        self.spatial = nn.ModuleDict({'1': cbam.spatial})
        for side in (2, 4):
            weight = fold_kernel(cbam.spatial.weight.data, side)
            conv = nn.Conv2d(
                weight.shape[1],
                weight.shape[0],
                weight.shape[-1],
                padding=weight.shape[-1] // 2,
                bias=False,
            )
            conv.weight.data = weight
            self.spatial[str(side)] = conv

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        height, width = (int(side) for side in x.shape[2:])
        pooled = [x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)]
        hidden = self.relu(self.hidden(torch.cat(pooled, dim=2)))
        x = x * self.output(hidden).sigmoid()
        pooled = self.pools(x)
        side = gcd(gcd(height, width), 4)
        if side == 1:
            return x * self.spatial['1'](pooled).sigmoid()
        places = self.spatial[str(side)](SpaceToDepth.apply(pooled, side))
        return x * F.pixel_shuffle(places.sigmoid(), side)


def plain_pools(x: Tensor) -> Tensor:
    """Return maximum and mean over the channels, (N, 2, H, W), of (N, C, H, W)."""
    return torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], dim=1)


def stepwise_pools(x: Tensor) -> Tensor:
    """Return maximum and mean over the channels, (N, 2, H, W), of (N, C, H, W).

    ONNX Runtime takes several times as long for a maximum over the first axis that is
    not 1, and for the mean over any axis but the last: so the maximum is one of four
    maxima, and the mean a product of matrices. Both start from one reshaping, because
    OpenVINO changes the layout for each.
    """
    channels, height, width = (int(side) for side in x.shape[1:])
    x = x.reshape(-1, channels, height * width)
    mean = torch.matmul(x.new_full((1, channels), 1 / channels), x)
    parts = gcd(channels, 4)
    maximum = x.view(-1, parts, channels // parts, height * width).amax(2).amax(1)
    pools = [maximum.view(-1, 1, height, width), mean.view(-1, 1, height, width)]
    return torch.cat(pools, dim=1)


#: How each runtime pools over channels fastest. OpenVINO, which keeps the channels of a
#: pixel together, does it as it is written.
POOLS = {'onnxruntime': stepwise_pools, 'openvino': plain_pools}


class SpaceToDepth(torch.autograd.Function):
    """Blocks of pixels as channels, by ONNX's operator, which PyTorch does not write.

    Channels are in the order of ONNX: row in the block, column, channel.
    """

    @staticmethod
    def forward(ctx: object, x: Tensor, side: int) -> Tensor:
        """Map (N, C, H, W) to (N, side * side * C, H / side, W / side)."""
        count, channels, height, width = x.shape
        x = x.reshape(count, channels, height // side, side, width // side, side)
        x = x.permute(0, 3, 5, 1, 2, 4)
        return x.reshape(count, -1, height // side, width // side)

    @staticmethod
    def symbolic(graph: object, x: object, side: int) -> object:
        """Write it down as a node."""
        return graph.op('SpaceToDepth', x, blocksize_i=side)


def fold_kernel(weight: Tensor, side: int) -> Tensor:
    """Make the kernel that does over blocks of pixels what another does over pixels.

    Args:
        weight (Tensor): The kernel, (1, C, K, K), K odd.
        side (int): Pixels along a side of a block.

    Returns:
        Tensor: (side * side, side * side * C, K', K'), an output for each pixel of a
        block: its K' × K' blocks are the kernel laid around that pixel.
    """
    radius = weight.shape[-1] // 2
    blocks = -(-radius // side)  # on each side of the middle one
    before, total = blocks * side - radius, (2 * blocks + 1) * side
    kernels = []
    for row in range(side):
        for column in range(side):
            top, left = before + row, before + column
            bottom, right = (total - weight.shape[-1] - start for start in (top, left))
            laid = F.pad(weight, (left, right, top, bottom))
            kernels.append(SpaceToDepth.apply(laid, side))
    return torch.cat(kernels)
