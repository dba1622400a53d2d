"""Checkpoints are loaded in full or not at all. Broken files: tests/utils."""

from pathlib import Path

import pytest
import torch
from torch import nn

from mmpose_light.checkpoints.loading import (
    find_whole_checkpoint,
    load_fitting,
    read_checkpoint,
)


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


# Checkpoints from before MMPose 1.0


def make_head(**options):
    from mmpose.models import build_pose_estimator

    loss = dict(type='KeypointMSELoss', use_target_weight=True)
    codec = dict(type='MSRAHeatmap', input_size=(32, 32), heatmap_size=(8, 8), sigma=1)
    head = dict(type='HeatmapHead', in_channels=48, out_channels=5, loss=loss)
    head.update(decoder=codec, deconv_out_channels=None, **options)
    backbone = dict(type='ShuffleNetV2', widen_factor=0.5, out_indices=(0,))
    return build_pose_estimator(
        dict(type='TopdownPoseEstimator', backbone=backbone, head=head)
    )


CONVS = dict(conv_out_channels=(8,), conv_kernel_sizes=(3,))


def as_before_1_0(model):
    """The same weights by the names of ``TopdownHeatmapSimpleHead``."""
    state = {}
    for key, value in model.state_dict().items():
        key = key.replace('head.', 'keypoint_head.')
        key = key.replace('.conv_layers.', '.final_layer.')
        if key.endswith(('final_layer.weight', 'final_layer.bias')):
            key = key.replace('final_layer.', 'final_layer.3.')
        state[key] = value
    return dict(state_dict=state, meta=dict(mmpose_version='0.29.0'))


def test_checkpoint_from_before_1_0():
    source, target = make_head(**CONVS), make_head(**CONVS)
    checkpoint = as_before_1_0(source)
    assert 'keypoint_head.final_layer.3.weight' in checkpoint['state_dict']
    load_fitting(target, checkpoint, 'a.pth')
    assert equal(source, target)


@pytest.mark.parametrize(
    'spoil, message',
    [
        (lambda state: state.popitem(), r'1 missing \(head\.final_layer\.bias\)'),
        (
            lambda state: state.update({'keypoint_head.other': torch.zeros(1)}),
            r'1 not in the model \(head\.other\)',
        ),
    ],
)
def test_misfit_from_before_1_0(spoil, message):
    checkpoint = as_before_1_0(make_head(**CONVS))
    spoil(checkpoint['state_dict'])
    with pytest.raises(ValueError, match=message):
        load_fitting(make_head(**CONVS), checkpoint, 'a.pth')


def test_other_head_from_before_1_0():
    """The head's own hook fails on it."""
    checkpoint = as_before_1_0(make_head(**CONVS))
    with pytest.raises(ValueError, match=r'not in the model \(keypoint_head'):
        load_fitting(make_head(), checkpoint, 'a.pth')


# What a training goes on from


@pytest.fixture
def run(tmp_path):
    """The folder of a run with checkpoints of four epochs and the best one."""
    for epoch in (2, 9, 10, 11):
        save(tmp_path / f'epoch_{epoch}.pth')
    save(tmp_path / 'best_coco_AP_epoch_12.pth')
    return tmp_path


def save(path):
    torch.save(dict(state_dict=dict(weight=torch.rand(1000))), path)


def tear(path):
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def find(run):
    """Return the name of what is found, and those of what was passed over."""
    lines = []
    found = find_whole_checkpoint(run, lines.append)
    passed = [line.split(' is not whole')[0] for line in lines]
    return found and Path(found).name, [Path(path).name for path in passed]


def test_newest_whole_checkpoint(run, tmp_path):
    assert find(run) == ('epoch_11.pth', [])
    tear(run / 'epoch_11.pth')
    (run / 'epoch_10.pth').write_bytes(b'')
    assert find(run) == ('epoch_9.pth', ['epoch_11.pth', 'epoch_10.pth'])
    assert find(tmp_path / 'nowhere') == (None, [])


def test_last_checkpoint_is_believed(run):
    """Epoch 11 is of a run before, in the same folder."""
    (run / 'last_checkpoint').write_text(str(run / 'epoch_10.pth'))
    assert find(run) == ('epoch_10.pth', [])
    tear(run / 'epoch_10.pth')
    assert find(run) == ('epoch_9.pth', ['epoch_10.pth'])
    (run / 'last_checkpoint').write_text('/of/another/machine/epoch_9.pth')
    assert find(run) == ('epoch_9.pth', [])
    (run / 'last_checkpoint').write_bytes(b'')
    assert find(run) == ('epoch_11.pth', [])


def test_checkpoints_of_another_name(run):
    for step in (900, 1000):
        save(run / f'v2_step-{step}.pt')
    (run / 'last_checkpoint').write_text(str(run / 'v2_step-1000.pt'))
    tear(run / 'v2_step-1000.pt')
    assert find(run) == ('v2_step-900.pt', ['v2_step-1000.pt'])
