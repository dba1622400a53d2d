"""Checkpoints are loaded in full or not at all. Broken files: tests/utils."""

import pytest
import torch
from torch import nn

from mmpose_light.checkpoints.loading import load_fitting, read_checkpoint


def net(width: int = 3) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, width, 1), nn.BatchNorm2d(width))


def equal(a: nn.Module, b: nn.Module) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


@pytest.mark.parametrize('prefix', ['', 'module.'])
@pytest.mark.parametrize('wrapped', [True, False])
def test_fits(tmp_path, prefix, wrapped):
    source, target = net(), net()
    state = {prefix + key: value for key, value in source.state_dict().items()}
    torch.save(dict(state_dict=state) if wrapped else state, tmp_path / 'a.pth')
    load_fitting(target, read_checkpoint(tmp_path / 'a.pth'), 'a.pth')
    assert equal(source, target)


def drop(state):
    del state['0.bias'], state['1.weight']


def add(state):
    state['2.weight'] = torch.zeros(1)


def reshape(state):
    state['0.weight'] = torch.zeros(4, 3, 1, 1)


def test_normalization_of_older_checkpoints(tmp_path):
    """MMPose's published checkpoints hold what the config tells today."""
    source, target = net(), net()
    state = source.state_dict()
    for name in ('mean', 'std'):
        state[f'data_preprocessor.{name}'] = torch.zeros(3, 1, 1)
    load_fitting(target, dict(state_dict=state), 'a.pth')
    assert equal(source, target)


@pytest.mark.parametrize(
    'spoil, message',
    [
        (drop, r'of 7 keys, 2 missing \(0.bias, 1.weight\)'),
        (add, r'1 not in the model \(2.weight\)'),
        (reshape, r'1 of another shape \(0.weight \(4, 3, 1, 1\) for \(3, 3, 1, 1\)\)'),
    ],
)
def test_does_not_fit(spoil, message):
    model = net()
    before = net()
    before.load_state_dict(model.state_dict())
    state = net().state_dict()
    spoil(state)
    with pytest.raises(ValueError, match=rf'a.pth does not fit .* {message}. Give'):
        load_fitting(model, dict(state_dict=state), 'a.pth')
    assert equal(model, before)
