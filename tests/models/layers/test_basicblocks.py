"""L- and LA-Basicblock against Equations 8 to 10."""

import pytest
import torch
from mmpose.models.backbones.resnet import BasicBlock
from torch import nn

from mmpose_light.models.layers import LABasicblock, LBasicblock


def odd_statistics(block):
    """Norm layers that do something in eval mode too."""
    for module in block.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return block.eval()


def plain_batch_norm(x, norm):
    mean, var, weight, bias = (
        v[:, None, None]
        for v in (norm.running_mean, norm.running_var, norm.weight, norm.bias)
    )
    return (x - mean) / torch.sqrt(var + norm.eps) * weight + bias


@pytest.mark.parametrize('block_type', [LBasicblock, LABasicblock])
@torch.no_grad()
def test_matches_the_equations(block_type):
    block = odd_statistics(block_type(16, 16))
    x = torch.randn(2, 16, 8, 6)

    y = torch.relu(plain_batch_norm(block.conv1(x), block.norm1))
    y = plain_batch_norm(block.conv2(y), block.norm2)
    if block_type is LABasicblock:
        y = y * block.attention.channel(y)
        y = y * block.attention.spatial(y)
    expected = torch.relu(y + x)

    torch.testing.assert_close(block(x), expected)


def test_convolution_parameters_of_the_paper():
    """Section 2.2.2: C² + 9·C in place of 18·C²."""
    channels = 32
    block = LBasicblock(channels, channels)
    convolutions = sum(p.numel() for p in block.parameters() if p.dim() == 4)
    assert convolutions == channels**2 + 9 * channels


@pytest.mark.parametrize('block_type', [LBasicblock, LABasicblock])
def test_checkpointing_changes_nothing(block_type):
    torch.manual_seed(0)
    plain = block_type(8, 8)
    torch.manual_seed(0)
    checkpointed = block_type(8, 8, with_cp=True)
    gradients = []
    for block in (plain, checkpointed):
        x = torch.arange(8 * 20.0).reshape(1, 8, 4, 5).requires_grad_()
        block(x).square().sum().backward()
        gradients.append([x.grad, *(p.grad for p in block.parameters())])
    torch.testing.assert_close(gradients[0], gradients[1])


def test_stride_and_downsample():
    downsample = nn.Conv2d(8, 16, 1, stride=2, bias=False)
    block = LABasicblock(8, 16, stride=2, downsample=downsample)
    assert block(torch.randn(1, 8, 8, 6)).shape == (1, 16, 4, 3)


@torch.no_grad()
def test_norm_layers_of_a_plain_block_are_left_out():
    """They belong to other convolutions, though they share the names."""
    source = odd_statistics(BasicBlock(8, 8)).state_dict()
    block = LABasicblock(8, 8)
    before = {k: v.clone() for k, v in block.state_dict().items()}
    block.load_state_dict(source, strict=False)
    torch.testing.assert_close(dict(block.state_dict()), before)

    light = odd_statistics(LABasicblock(8, 8)).state_dict()
    block.load_state_dict(light)
    torch.testing.assert_close(dict(block.state_dict()), dict(light))
