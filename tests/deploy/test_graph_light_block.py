"""The form that a light block has in a graph computes what the block computes."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmpose_light.deploy import fuse
from mmpose_light.deploy.fused_light_block import FusedLightBlock
from mmpose_light.deploy.fusion import to_graph_form
from mmpose_light.deploy.graph_light_block import (
    POOLS,
    SpaceToDepth,
    fold_kernel,
)
from mmpose_light.models.layers import LABasicblock, LBasicblock


def odd(module):
    """In double precision, with norm layers as a training may leave them."""
    for tensor in module.double().eval().state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.1, 1)
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.weight.data[::3] = 0
            norm.bias.data.normal_()
    return module


@pytest.mark.parametrize('size', [(8, 12), (6, 4), (9, 8)])
@pytest.mark.parametrize('block', [LBasicblock, LABasicblock])
@pytest.mark.parametrize('options', [dict(), dict(stride=2), dict(groups=2)])
def test_a_block(block, options, size):
    shortcut = nn.Conv2d(6, 12, 1, stride=options.get('stride', 1))
    module = odd(block(6, 12, downsample=shortcut, **options))
    module = nn.Sequential(module, odd(block(12, 12))).eval()
    x = torch.randn(3, 6, *size).double()
    for runtime in POOLS:
        graph = to_graph_form(fuse(module), runtime)
        assert not any(isinstance(m, FusedLightBlock) for m in graph.modules())
        with torch.no_grad():
            torch.testing.assert_close(graph(x), module(x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize('side', [2, 4])
@pytest.mark.parametrize('kernel_size', [3, 7, 11])
def test_a_kernel_over_blocks(kernel_size, side):
    kernel = torch.randn(1, 2, kernel_size, kernel_size).double()
    x = torch.randn(2, 2, 8, 12).double()
    over_blocks = fold_kernel(kernel, side)
    found = F.conv2d(
        SpaceToDepth.apply(x, side), over_blocks, padding=over_blocks.shape[-1] // 2
    )
    expected = F.conv2d(x, kernel, padding=kernel_size // 2)
    torch.testing.assert_close(F.pixel_shuffle(found, side), expected)


@pytest.mark.parametrize('channels', [1, 6, 8])
@pytest.mark.parametrize('runtime', POOLS)
def test_pools_over_channels(runtime, channels):
    x = torch.randn(2, channels, 3, 5).double()
    maximum, mean = POOLS[runtime](x).split(1, dim=1)
    torch.testing.assert_close(maximum, x.amax(1, keepdim=True))
    torch.testing.assert_close(mean, x.mean(1, keepdim=True))
