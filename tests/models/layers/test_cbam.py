"""CBAM against Equations 5 to 7 written out with loops."""

import pytest
import torch

from mmpose_light.models.layers import CBAM
from mmpose_light.models.layers.cbam import ChannelAttention, SpatialAttention


def plain_channel_attention(x, first, second):
    """Equation 5, for one image (C, H, W)."""
    summed = torch.zeros(x.shape[0])
    for pool in (torch.mean, torch.max):
        pooled = torch.stack([pool(channel) for channel in x])
        summed += second @ torch.relu(first @ pooled)
    return torch.sigmoid(summed)


def plain_spatial_attention(x, kernel):
    """Equation 6, for one image (C, H, W) and a kernel (2, k, k) on [max; mean]."""
    _, height, width = x.shape
    size = kernel.shape[-1]
    reach = size // 2
    maps = [x.max(dim=0).values, x.mean(dim=0)]
    attention = torch.zeros(height, width)
    for y in range(height):
        for z in range(width):
            for channel in range(2):
                for dy in range(size):
                    for dz in range(size):
                        v, w = y + dy - reach, z + dz - reach
                        if 0 <= v < height and 0 <= w < width:
                            attention[y, z] += (
                                kernel[channel, dy, dz] * maps[channel][v, w]
                            )
    return torch.sigmoid(attention)


@pytest.mark.parametrize(('channels', 'reduction'), [(16, 8), (18, 8), (12, 3)])
@torch.no_grad()
def test_matches_plain_reference(channels, reduction):
    layer = CBAM(channels, reduction, kernel_size=3)
    x = torch.randn(2, channels, 5, 4)
    first, second = (layer.channel.mlp[i].weight.flatten(1) for i in (0, 2))
    for image, output in zip(x, layer(x), strict=False):
        by_channel = (
            image * plain_channel_attention(image, first, second)[:, None, None]
        )
        attention = plain_spatial_attention(by_channel, layer.spatial.conv.weight[0])
        torch.testing.assert_close(output, by_channel * attention)


def test_kernel_of_seven_by_default():
    layer = CBAM(32)
    assert layer.spatial.conv.weight.shape == (1, 2, 7, 7)
    assert layer.channel.mlp[0].out_channels == 4
    assert all(
        module.bias is None for module in layer.modules() if hasattr(module, 'bias')
    )


def test_attention_maps_lie_between_zero_and_one():
    x = 10 * torch.randn(2, 16, 8, 6)
    for layer, shape in (
        (ChannelAttention(16), (2, 16, 1, 1)),
        (SpatialAttention(), (2, 1, 8, 6)),
    ):
        attention = layer(x)
        assert attention.shape == shape
        assert attention.min() >= 0
        assert attention.max() <= 1


def test_narrow_input_keeps_a_hidden_channel():
    assert ChannelAttention(4, reduction=8).mlp[0].out_channels == 1


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(reduction=0), 'reduction must be at least 1, but got 0'),
        (dict(kernel_size=4), 'odd number, but got 4'),
        (dict(kernel_size=-1), 'odd number, but got -1'),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        CBAM(16, **arguments)
