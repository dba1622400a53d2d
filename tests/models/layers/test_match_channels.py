"""match_channels: what it builds, and with which figures."""

import warnings

import pytest
from mmcv.cnn.bricks import Conv2dAdaptivePadding
from torch import nn

from mmpose_light.models.layers import match_channels


def test_identity_where_nothing_differs():
    assert type(match_channels(8, 8)) is nn.Identity


@pytest.mark.parametrize('bias', [False, True])
def test_convolution_and_norm(bias):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        layer = match_channels(8, 12, bias=bias)
    assert type(layer.conv) is nn.Conv2d
    assert layer.conv.weight.shape == (12, 8, 1, 1)
    assert (layer.conv.bias is not None) == bias
    assert (layer.bn.eps, layer.bn.momentum) == (1e-3, 0.01)


def test_configs():
    conv_cfg = dict(type='Conv2dAdaptivePadding')
    layer = match_channels(8, 12, conv_cfg, dict(type='GN', num_groups=4))
    assert type(layer.conv) is Conv2dAdaptivePadding
    assert type(layer.gn) is nn.GroupNorm
