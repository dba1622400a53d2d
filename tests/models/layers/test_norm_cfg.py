"""Epsilon and momentum by the place of a batch norm."""

import pytest
from torch import nn

from mmpose_light.models.layers import fill_norm_cfg


@pytest.mark.parametrize('layer', ['BN', 'BN2d', 'SyncBN', nn.BatchNorm2d])
def test_batch_norms_are_completed(layer):
    assert fill_norm_cfg(dict(type=layer), 1e-3, 0.01) == dict(
        type=layer, eps=1e-3, momentum=0.01
    )


def test_what_is_set_stays():
    cfg = dict(type='BN', eps=1e-4, requires_grad=False)
    assert fill_norm_cfg(cfg, 1e-3, 0.01) == dict(cfg, momentum=0.01)
    assert 'momentum' not in cfg


def test_other_norms_stay():
    cfg = dict(type='GN', num_groups=4)
    assert fill_norm_cfg(cfg, 1e-3, 0.01) == cfg
