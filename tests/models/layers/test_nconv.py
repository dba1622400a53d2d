"""NConv against the paper's description written out by hand."""

import pytest
import torch
import torch.nn.functional as F
from mmcv.cnn import build_conv_layer

from mmpose_light.models.layers import NConv


def test_matches_plain_reference():
    layer = NConv(12, 8)
    x = torch.randn(2, 12, 5, 6)

    # one output channel after the other
    half = [
        sum(layer.pointwise.weight[o, i] * x[:, i] for i in range(12)) for o in range(4)
    ]
    spread = [
        F.conv2d(half[o][:, None], layer.group.weight[o : o + 1], padding=1)[:, 0]
        for o in range(4)
    ]
    expected = torch.stack(half + spread, dim=1)

    torch.testing.assert_close(layer(x), expected)


@pytest.mark.parametrize('channels', [18, 32, 256])
def test_parameters_are_those_of_the_paper(channels):
    """Section 2.2.2: C²/2 for the 1×1 and 9/2·C for the 3×3 convolution."""
    parameters = sum(p.numel() for p in NConv(channels, channels).parameters())
    assert parameters == channels**2 // 2 + 9 * channels // 2


def test_groups():
    """The last group sees its own channels only."""
    layer = NConv(16, 16, groups=2)
    assert layer.group.groups == 2
    x = torch.randn(1, 16, 4, 4)
    before = layer(x)
    with torch.no_grad():
        layer.pointwise.weight[0] += 1  # an input of the first of the two groups
    after = layer(x)
    changed = [c for c in range(16) if not torch.equal(before[:, c], after[:, c])]
    assert changed == [0, 8, 9, 10, 11]


@pytest.mark.parametrize(
    ('arguments', 'size'),
    [
        (dict(), (7, 9)),
        (dict(stride=2), (4, 5)),
        (dict(dilation=2), (7, 9)),
        (dict(kernel_size=5), (7, 9)),
        (dict(padding=0), None),
    ],
)
def test_sizes(arguments, size):
    layer = NConv(4, 8, **arguments)
    x = torch.randn(1, 4, 7, 9)
    if size is None:  # the halves no longer fit together
        with pytest.raises(RuntimeError, match='size'):
            layer(x)
    else:
        assert layer(x).shape == (1, 8, *size)


def test_stands_in_for_a_convolution():
    layer = build_conv_layer(dict(type=NConv, groups=2), 8, 8, 3, padding=1, bias=True)
    assert isinstance(layer, NConv)
    assert layer.pointwise.bias is not None
    assert layer.group.bias is not None


def test_conv_cfg_reaches_both_parts():
    layer = NConv(8, 8, conv_cfg=dict(type='Conv2dAdaptivePadding'))
    assert {type(m).__name__ for m in layer.children()} == {'Conv2dAdaptivePadding'}


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(out_channels=7), 'out_channels=7.*even'),
        (dict(out_channels=16, groups=3), 'groups=3.*divisor of 8'),
        (dict(out_channels=16, kernel_size=2), 'kernel_size must be odd.*got 2'),
        (dict(out_channels=16, groups=0), 'groups=0.*divisor of 8'),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        NConv(8, **arguments)
