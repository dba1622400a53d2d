"""Total fusion, against a plain version of Equations 2 to 5."""

import math

import pytest
import torch
from torch import nn

from mmpose_light.models.layers import (
    AddUp,
    InvertedResidual,
    TotalFusion,
)


def feats(channels, size=(16, 12)):
    """A pyramid of random features."""
    return [
        torch.randn(2, c, *(math.ceil(s / 2**j) for s in size))
        for j, c in enumerate(channels)
    ]


def plain_max_pool(x, factor):
    """Maximum of every window of factor × factor pixels, those at the rim cut off."""
    rows = range(0, x.shape[2], factor)
    cols = range(0, x.shape[3], factor)
    return torch.stack(
        [
            torch.stack(
                [x[:, :, r : r + factor, c : c + factor].amax((2, 3)) for c in cols], -1
            )
            for r in rows
        ],
        -2,
    )


def plain_upsample(x, size):
    """Bilinear interpolation with aligned corners, axis by axis, as a matrix."""
    for dim, new in zip((-2, -1), size, strict=True):
        old = x.shape[dim]
        matrix = torch.zeros(new, old)
        for i in range(new):
            position = i * (old - 1) / (new - 1) if new > 1 else 0.0
            low = min(int(position), old - 1)
            high = min(low + 1, old - 1)
            matrix[i, low] += 1 - (position - low)
            matrix[i, high] += position - low
        x = (matrix @ x.transpose(-2, dim)).transpose(-2, dim)
    return x


def plain_conv_norm(conv_module, x):
    """A 1×1 convolution as a matrix product and a batch norm in eval mode."""
    if isinstance(conv_module, nn.Identity):
        return x
    norm = conv_module.bn
    x = torch.einsum('oc,nchw->nohw', conv_module.conv.weight[:, :, 0, 0], x)
    shape = (1, -1, 1, 1)
    x = (x - norm.running_mean.view(shape)) / torch.sqrt(
        norm.running_var.view(shape) + 1e-3
    )
    return x * norm.weight.view(shape) + norm.bias.view(shape)


def plain_add_up(addup, inputs, act):
    """Equation 3, with the weights normalized for each channel."""
    i, size = addup.index, inputs[addup.index].shape[-2:]
    total = 0
    for j, x in enumerate(inputs):
        if j < i:
            x = plain_conv_norm(addup.convs[j], plain_max_pool(x, 2 ** (i - j)))
        else:
            x = plain_conv_norm(addup.convs[j], x)
            x = plain_upsample(x, size) if j > i else x
        positive = addup.weights.clamp(min=0)[:, :, 0, 0]
        weight = positive[j] / (positive.sum(0) + 1e-5)
        total = total + x * weight.view(1, -1, 1, 1)
    return act(total)


def mish(x):
    return x * torch.tanh(torch.log(1 + torch.exp(x)))


def silu(x):
    return x / (1 + torch.exp(-x))


@pytest.mark.parametrize('size', [(16, 12), (9, 15), (1, 2)])
@pytest.mark.parametrize('channels', [[8, 12, 16], [8, 8, 16, 24], [8]])
@torch.no_grad()
def test_add_up_as_written_plainly(channels, size, randomize):
    inputs = feats(channels, size)
    for index in range(len(channels)):
        addup = randomize(AddUp(channels, 12, index)).eval()
        torch.testing.assert_close(addup(inputs), plain_add_up(addup, inputs, silu))


@torch.no_grad()
def test_add_up_of_equation_3(randomize):
    addup = randomize(AddUp([8, 12], 12, 0, act_cfg=dict(type='Mish'))).eval()
    inputs = feats([8, 12])
    torch.testing.assert_close(addup(inputs), plain_add_up(addup, inputs, mish))


@torch.no_grad()
def test_add_up_ignores_negative_weights():
    addup = AddUp([8, 8], 8, 0)
    addup.weights[1] = -1
    inputs = feats([8, 8])
    torch.testing.assert_close(addup(inputs), silu(inputs[0]), atol=1e-4, rtol=1e-4)


def test_add_up_starts_as_the_mean():
    weights = AddUp([8, 8, 8], 8, 1).normalized_weights()
    assert weights.shape == (3, 8, 1, 1)
    torch.testing.assert_close(
        weights, torch.full_like(weights, 1 / 3), atol=1e-5, rtol=0
    )


@pytest.mark.parametrize(
    ('in_channels', 'out_channels'), [([8, 12, 16], [8, 12, 16]), ([8, 12], [16, 16])]
)
@torch.no_grad()
def test_total_fusion_as_written_plainly(in_channels, out_channels, randomize):
    """Equation 2: FixUp(MixUp(AddUp(S)), s_i); MixUp has a test of its own."""
    fusion = randomize(TotalFusion(in_channels, out_channels)).eval()
    inputs = feats(in_channels)
    for i, out in enumerate(fusion(inputs)):
        mixed = fusion.mixups[i](plain_add_up(fusion.addups[i], inputs, silu))
        expected = mixed + plain_conv_norm(fusion.fixups[i], inputs[i])
        torch.testing.assert_close(out, expected, atol=1e-5, rtol=1e-5)


def test_mix_up_is_the_published_block():
    for mixup in TotalFusion([8, 12], [64, 64], drop_path_rate=0.2).mixups:
        assert type(mixup) is InvertedResidual
        assert mixup.depthwise_conv.conv.weight.shape == (384, 1, 5, 5)
        assert mixup.se.conv1.conv.weight.shape == (16, 384, 1, 1)
        assert not mixup.with_res_shortcut
        assert mixup.drop_path.drop_prob == 0.2


def test_figures_of_the_norms():
    fusion = TotalFusion([8, 12], [16, 16])
    for name, module in fusion.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            expected = (1e-5, 0.1) if 'mixups' in name else (1e-3, 0.01)
            assert (module.eps, module.momentum) == expected, name


def test_configs_reach_every_child():
    fusion = TotalFusion(
        [8, 12],
        [16, 16],
        norm_cfg=dict(type='GN', num_groups=4),
        act_cfg=dict(type='Mish'),
        mixup_act_cfg=dict(type='ReLU'),
        with_cp=True,
    )
    kinds = {type(module) for module in fusion.modules()}
    assert {nn.GroupNorm, nn.Mish, nn.ReLU} < kinds
    assert not {nn.BatchNorm2d, nn.SiLU} & kinds
    assert all(mixup.with_cp for mixup in fusion.mixups)


def test_dropped_paths_leave_fix_up():
    inputs = [x.repeat(16, 1, 1, 1) for x in feats([8, 8])]
    fusion = TotalFusion([8, 8], [8, 8], drop_path_rate=0.5)
    for out, x in zip(fusion(inputs), inputs, strict=True):
        kept = (out == x).flatten(1).all(1)
        assert 0 < kept.sum() < len(kept)
    fusion.eval()
    for out, x in zip(fusion(inputs), inputs, strict=True):
        assert not (out == x).flatten(1).all(1).any()


def test_gradients(check_gradients):
    check_gradients(TotalFusion([8, 12, 16], [16, 16, 16], 0.1), feats([8, 12, 16]))


def test_bfloat16(check_bfloat16):
    check_bfloat16(TotalFusion([8, 12], [16, 16]), feats([8, 12]))


@pytest.mark.parametrize(
    ('in_channels', 'out_channels'), [([], []), ([8, 12], [8]), ([8], [8, 12])]
)
def test_wrong_channels(in_channels, out_channels):
    with pytest.raises(
        ValueError, match='one number of output channels for each scale'
    ):
        TotalFusion(in_channels, out_channels)


@pytest.mark.parametrize('index', [-1, 2])
def test_index_out_of_range(index):
    with pytest.raises(ValueError, match=f'from 0 to 1, but got {index}'):
        AddUp([8, 12], 16, index)


def test_wrong_number_of_scales():
    with pytest.raises(ValueError, match='built for 2 scales, but got 3'):
        TotalFusion([8, 8], [8, 8])(feats([8, 8, 8]))
