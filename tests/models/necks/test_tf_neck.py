"""TFNeck: rows of total fusion blocks, which have tests of their own."""

import pytest
import torch
from torch import nn

from mmpose_light.models import TFNeck
from mmpose_light.models.layers import TotalFusion


def feats(channels, size=16):
    return [torch.randn(2, c, size >> i, size >> i) for i, c in enumerate(channels)]


@pytest.mark.parametrize('channels', [[40, 112, 320], [8, 16], [8], [8, 12, 16, 24]])
@torch.no_grad()
def test_any_number_of_scales(channels):
    neck = TFNeck(channels, out_channels=16, num_blocks=2).eval()
    outs = neck(feats(channels))
    assert isinstance(outs, tuple)
    assert [tuple(out.shape) for out in outs] == [
        (2, 16, 16 >> i, 16 >> i) for i in range(len(channels))
    ]


@torch.no_grad()
def test_blocks_in_a_row(randomize):
    neck = randomize(TFNeck([8, 12], 16, num_blocks=3)).eval()
    inputs = feats([8, 12])
    outs = neck(inputs)
    for block in neck.blocks:
        inputs = block(inputs)
    for out, expected in zip(outs, inputs, strict=True):
        assert torch.equal(out, expected)


def test_only_the_first_block_changes_channels():
    first, *others = TFNeck([8, 12, 16], 16, num_blocks=3).blocks
    assert [type(m) is nn.Identity for m in first.fixups] == [False, False, True]
    assert len(others) == 2
    for block in others:
        assert isinstance(block, TotalFusion)
        assert all(type(m) is nn.Identity for m in block.fixups)


def test_drop_path():
    for rate in (0.2, 0.4):
        for block in TFNeck([8], 8, num_blocks=2, drop_path_rate=rate).blocks:
            assert block.mixups[0].drop_path.drop_prob == rate
    neck = TFNeck([8], 8, num_blocks=2, drop_path_rate=0.9).eval()
    inputs = feats([8])
    assert torch.equal(neck(inputs)[0], neck(inputs)[0])


def test_configs_reach_every_child():
    neck = TFNeck(
        [8, 12],
        16,
        num_blocks=2,
        norm_cfg=dict(type='GN', num_groups=4),
        act_cfg=dict(type='Mish'),
        with_cp=True,
    )
    kinds = [type(module) for module in neck.modules()]
    assert nn.BatchNorm2d not in kinds
    assert kinds.count(nn.Mish) == 2 * 2
    assert all(mixup.with_cp for block in neck.blocks for mixup in block.mixups)


def test_conv_cfg_reaches_all_but_squeeze_and_excitation():
    neck = TFNeck([8, 12], 16, 1, conv_cfg=dict(type='Conv2dAdaptivePadding'))
    kinds = {
        type(m).__name__
        for name, m in neck.named_modules()
        if isinstance(m, nn.Conv2d) and '.se.' not in name
    }
    assert kinds == {'Conv2dAdaptivePadding'}


def test_initialization():
    neck = TFNeck([8, 12], 16, 1, init_cfg=dict(type='Constant', val=2, layer='Conv2d'))
    neck.init_weights()
    convs = [m for m in neck.modules() if isinstance(m, nn.Conv2d)]
    assert all((conv.weight == 2).all() for conv in convs)
    # AddUp starts as the mean whatever the initialization
    assert (neck.blocks[0].addups[0].weights == 0.5).all()


def test_gradients(check_gradients):
    check_gradients(TFNeck([8, 12], 16, num_blocks=2), feats([8, 12]))


def test_bfloat16(check_bfloat16):
    check_bfloat16(TFNeck([8, 12], 16, num_blocks=2), feats([8, 12]))


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (dict(num_blocks=0), 'needs a block or more, but got 0'),
        (dict(in_channels=[]), r'in_channels=\[\]'),
        (dict(drop_path_rate=2), r'drop_path_rate must be in \[0, 1\), but got 2'),
    ],
)
def test_wrong_arguments(args, message):
    with pytest.raises(ValueError, match=message):
        TFNeck(**dict(in_channels=[8, 12], out_channels=16, num_blocks=1) | args)


def test_wrong_number_of_scales():
    with pytest.raises(ValueError, match='built for 2 scales, but got 1'):
        TFNeck([8, 12], 16, num_blocks=1)(feats([8]))
