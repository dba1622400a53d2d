"""BiFPN, against a plain version of its nodes and their connections."""

import math

import pytest
import torch
import torch.nn.functional as F
from mmcv.cnn.bricks import Conv2dAdaptivePadding
from torch import nn

from mmpose_light.models import BiFPN
from mmpose_light.models.necks.bifpn import BiFPNNode, same_max_pool


def feats(channels, size=(32, 24)):
    return [
        torch.randn(2, c, *(math.ceil(s / 2**i) for s in size))
        for i, c in enumerate(channels)
    ]


def plain_pool(x):
    """3×3 with stride 2 and TensorFlow's padding: half of it before, rounded down."""
    height, width = x.shape[2:]
    rows, cols = math.ceil(height / 2), math.ceil(width / 2)
    above = ((rows - 1) * 2 + 3 - height) // 2
    left = ((cols - 1) * 2 + 3 - width) // 2
    out = x.new_empty(*x.shape[:2], rows, cols)
    for r in range(rows):
        for c in range(cols):
            window = x[
                :,
                :,
                max(2 * r - above, 0) : 2 * r - above + 3,
                max(2 * c - left, 0) : 2 * c - left + 3,
            ]
            out[:, :, r, c] = window.amax((2, 3))
    return out


def plain_up(x, like):
    """Nearest neighbor, by indices."""
    rows, cols = (
        torch.arange(new) * old // new
        for old, new in zip(x.shape[2:], like.shape[2:], strict=True)
    )
    return x[:, :, rows][:, :, :, cols]


def plain_conv_norm(conv, norm, x):
    names = ('running_mean', 'running_var', 'weight', 'bias')
    x = torch.einsum('oc,nchw->nohw', conv.weight[:, :, 0, 0], x)
    x = x + conv.bias.view(1, -1, 1, 1)
    return F.batch_norm(x, *(getattr(norm, n) for n in names), eps=1e-3)


def plain_node(node, inputs):
    """Fast normalized fusion, SiLU, depth-wise and point-wise convolution, norm."""
    weights = [max(w.item(), 0) for w in node.weights]
    total = 0
    for conv, weight, x in zip(node.convs, weights, inputs, strict=True):
        if not isinstance(conv, nn.Identity):
            x = plain_conv_norm(conv[0], conv[1], x)
        total = total + x * weight / (sum(weights) + 1e-4)
    x = total / (1 + torch.exp(-total))
    x = F.conv2d(x, node.depthwise_conv.weight, padding=1, groups=x.shape[1])
    return plain_conv_norm(node.pointwise_conv, node.norm, x)


def plain_bifpn(neck, inputs):
    """EfficientDet's Figure 3 for five levels, node by node."""
    p3, p4, p5 = inputs
    p6 = plain_pool(plain_conv_norm(neck.extra_conv[0], neck.extra_conv[1], p5))
    p7 = plain_pool(p6)
    for cell in neck.blocks:
        down, up = cell.top_down, cell.bottom_up
        td6 = plain_node(down[3], [p6, plain_up(p7, p6)])
        td5 = plain_node(down[2], [p5, plain_up(td6, p5)])
        td4 = plain_node(down[1], [p4, plain_up(td5, p4)])
        p3 = plain_node(down[0], [p3, plain_up(td4, p3)])
        p4 = plain_node(up[0], [p4, td4, plain_pool(p3)])
        p5 = plain_node(up[1], [p5, td5, plain_pool(p4)])
        p6 = plain_node(up[2], [p6, td6, plain_pool(p5)])
        p7 = plain_node(up[3], [p7, plain_pool(p6)])
    return p3, p4, p5, p6, p7


@pytest.mark.parametrize('size', [(8, 6), (9, 5), (1, 2), (2, 1), (1, 1), (3, 4)])
def test_pooling_pads_like_tensorflow(size):
    x = -torch.rand(2, 3, *size)  # negative: padding with zeros would show
    assert torch.equal(same_max_pool(x), plain_pool(x))


@pytest.mark.parametrize('num_inputs', [2, 3])
@torch.no_grad()
def test_node_as_written_plainly(num_inputs, randomize):
    norm_cfg, act_cfg = dict(type='BN', eps=1e-3), dict(type='SiLU')
    channels = [12, 8, 8][:num_inputs]
    node = randomize(BiFPNNode(channels, 8, None, norm_cfg, act_cfg)).eval()
    node.weights[-1] = -0.5
    inputs = [torch.randn(2, c, 5, 4) for c in channels]
    torch.testing.assert_close(node(*inputs), plain_node(node, inputs))


@pytest.mark.parametrize('size', [(32, 24), (24, 18), (7, 9)])
@torch.no_grad()
def test_as_written_plainly(size, randomize):
    neck = randomize(BiFPN([8, 12, 20], 16, num_blocks=2)).eval()
    inputs = feats([8, 12, 20], size)
    for out, expected in zip(neck(inputs), plain_bifpn(neck, inputs), strict=True):
        torch.testing.assert_close(out, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ('channels', 'num_outs'),
    [([40, 112, 320], 5), ([8, 12], 2), ([8, 12], 4), ([8, 12, 16, 24], 4)],
)
@torch.no_grad()
def test_any_number_of_levels(channels, num_outs):
    neck = BiFPN(channels, 16, num_blocks=2, num_outs=num_outs).eval()
    outs = neck(feats(channels))
    assert isinstance(outs, tuple)
    assert [tuple(out.shape[1:]) for out in outs] == [
        (16, math.ceil(32 / 2**i), math.ceil(24 / 2**i)) for i in range(num_outs)
    ]


def test_convolutions_of_the_first_block_only():
    neck = BiFPN([8, 12, 16], 16, num_blocks=2)
    assert type(neck.extra_conv) is nn.Identity  # 16 channels already
    first, second = (
        [[type(c) is nn.Identity for c in node.convs] for node in cell.top_down]
        for cell in neck.blocks
    )
    assert first == [[False, True], [False, True], [True, True], [True, True]]
    assert second == [[True, True]] * 4


def test_figures_of_the_norms():
    norms = [
        m for m in BiFPN([8, 12], 16, 1).modules() if isinstance(m, nn.BatchNorm2d)
    ]
    assert {(m.eps, m.momentum) for m in norms} == {(1e-3, 0.01)}


def test_configs_reach_every_child():
    neck = BiFPN(
        [8, 12],
        16,
        2,
        norm_cfg=dict(type='GN', num_groups=4),
        act_cfg=dict(type='ReLU'),
    )
    kinds = {type(module) for module in neck.modules()}
    assert {nn.GroupNorm, nn.ReLU} < kinds
    assert not {nn.BatchNorm2d, nn.SiLU} & kinds


def test_conv_cfg_reaches_every_convolution():
    neck = BiFPN([8, 12], 16, 1, conv_cfg=dict(type='Conv2dAdaptivePadding'))
    convs = [m for m in neck.modules() if isinstance(m, nn.Conv2d)]
    assert len(convs) > 2
    assert {type(conv) for conv in convs} == {Conv2dAdaptivePadding}


def test_initialization():
    neck = BiFPN([8, 12], 16, 1, init_cfg=dict(type='Constant', val=2, layer='Conv2d'))
    neck.init_weights()
    convs = [m for m in neck.modules() if isinstance(m, nn.Conv2d)]
    assert all((conv.weight == 2).all() for conv in convs)
    assert (neck.blocks[0].top_down[0].weights == 1).all()


def test_gradients(check_gradients):
    check_gradients(BiFPN([8, 12, 20], 16, num_blocks=2), feats([8, 12, 20]))


def test_bfloat16(check_bfloat16):
    check_bfloat16(BiFPN([8, 12, 20], 16, num_blocks=2), feats([8, 12, 20]))


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (dict(in_channels=[8]), r'two levels or more.*in_channels=\[8\]'),
        (dict(num_outs=1), 'as many outputs or more.*num_outs=1'),
        (dict(num_blocks=0), 'needs a block or more, but got 0'),
    ],
)
def test_wrong_arguments(args, message):
    with pytest.raises(ValueError, match=message):
        BiFPN(**dict(in_channels=[8, 12], out_channels=16, num_blocks=1) | args)


def test_wrong_number_of_levels():
    with pytest.raises(ValueError, match='built for 2 levels, but got 3'):
        BiFPN([8, 12], 16, 1)(feats([8, 12, 16]))
