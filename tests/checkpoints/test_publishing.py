"""Checkpoints made small: weights alone, in half precision."""

import hashlib
import re

import pytest
import torch
from mmpose.datasets import CocoDataset
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import MODELS

from mmpose_light.apis.models import load_model
from mmpose_light.checkpoints.publishing import publish_weights
from mmpose_light.cli import main
from mmpose_light.utils.checkpoint import read_checkpoint
from mmpose_light.utils.errors import UserError


def test_published_weights_are_those_of_the_training(smooth_model, tmp_path):
    done = publish_weights(smooth_model.checkpoint, tmp_path / 'small.pth')
    assert re.fullmatch(r'small-[0-9a-f]{8}\.pth', done.file.name)
    assert done.sha256 == hashlib.sha256(done.file.read_bytes()).hexdigest()
    assert done.size < 0.7 * smooth_model.checkpoint.stat().st_size
    assert [p.name for p in tmp_path.iterdir()] == [done.file.name]
    image = torch.randn(2, 3, 128, 96)
    small = load_model(smooth_model.config, done.file, 'cpu')
    with torch.no_grad():
        expected, heatmaps = (
            one(image, None, mode='tensor')
            for one in (smooth_model.model.eval(), small)
        )
    assert (heatmaps - expected).abs().max() < 2e-3 * expected.abs().max()


def test_norms_keep_single_precision(tmp_path):
    """A variance below half precision's least number would become zero."""
    norm = torch.nn.BatchNorm2d(4)
    norm.running_var.fill_(1e-9)
    mean = {'data_preprocessor.mean': torch.zeros(3, 1, 1)}  # of an older checkpoint
    torch.save(norm.state_dict() | mean, tmp_path / 'norm.pth')
    done = publish_weights(tmp_path / 'norm.pth', tmp_path / 'small.pth')
    state = read_checkpoint(done.file)['state_dict']
    assert torch.equal(state['running_var'], norm.running_var)
    assert set(state) == {'weight', 'bias', 'running_mean', 'running_var'}


@pytest.mark.parametrize('value', [1e6, float('nan')])
def test_weights_beyond_half_precision(tmp_path, value):
    torch.save(dict(weight=torch.full((2, 2), value)), tmp_path / 'large.pth')
    with pytest.raises(ValueError, match=r'weight of .*large\.pth has values'):
        publish_weights(tmp_path / 'large.pth', tmp_path / 'small.pth')
    assert [p.name for p in tmp_path.iterdir()] == ['large.pth']


def test_command(smooth_model, tmp_path, capsys):
    out = tmp_path / 'small.pth'
    command = ['publish-weights', str(smooth_model.checkpoint), '--out', str(out)]
    assert main(command) == 0
    (file,) = tmp_path.iterdir()
    told = capsys.readouterr().out
    assert f'Wrote: {file}, ' in told
    assert hashlib.sha256(file.read_bytes()).hexdigest() in told
    assert main(command) == 0  # the same file again
    assert [*tmp_path.iterdir()] == [file]


def test_out_is_to_be_a_checkpoint(smooth_model, tmp_path):
    with pytest.raises(ValueError, match=r'is to end in \.pth'):
        publish_weights(smooth_model.checkpoint, tmp_path / 'small.onnx')


FACE = 'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear'


@pytest.mark.parametrize('head', ['HeatmapHead', 'FAHead', 'FSHead'])
def test_keypoints_that_nobody_labelled_are_silent(head, tmp_path, capsys):
    """Their scores are 0 or below, and all others stay as they are."""
    codec = dict(
        type='MSRAHeatmap', input_size=(96, 128), heatmap_size=(24, 32), sigma=1.5
    )
    channels = 8 if head == 'HeatmapHead' else [8, 8]
    layers = dict(deconv_out_channels=None) if head == 'HeatmapHead' else {}
    torch.manual_seed(0)
    network = MODELS.build(
        dict(type=head, in_channels=channels, out_channels=17, decoder=codec, **layers)
    ).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter)
    meta = parse_pose_metainfo(CocoDataset.METAINFO)
    state = {f'head.{key}': value for key, value in network.state_dict().items()}
    torch.save(dict(meta=dict(dataset_meta=meta), state_dict=state), tmp_path / 'a.pth')
    command = ['publish-weights', str(tmp_path / 'a.pth'), '--out']
    assert main([*command, str(tmp_path / 'b.pth'), '--silence-keypoints', *FACE]) == 0
    (file,) = tmp_path.glob('b-*.pth')

    feats = [torch.randn(2, 8, 32, 24), torch.randn(2, 8, 16, 12)]
    feats = feats[:1] if head == 'HeatmapHead' else feats
    with torch.no_grad():
        before = network(feats)
        published = read_checkpoint(file)['state_dict']
        network.load_state_dict({k[len('head.') :]: v for k, v in published.items()})
        after = network(feats)
    assert before[:, :5].amax() > 0.1
    assert after[:, :5].amax() < 1e-6
    assert (after - before)[:, 5:].abs().max() < 5e-3 * before.abs().max()


def test_keypoints_that_cannot_be_silenced(tmp_path):
    """A SimCC head's final layer is not its last; a layer may have other channels."""
    meta = dict(dataset_meta=parse_pose_metainfo(CocoDataset.METAINFO))
    simcc = {
        'head.final_layer.weight': torch.ones(17, 8, 1, 1),
        'head.final_layer.bias': torch.ones(17),
        'head.mlp_head_x.weight': torch.ones(4, 4),
    }
    wide = {f'head.convs.0.bn.{key}': torch.ones(256) for key in ('weight', 'bias')}
    for content, name, message in (
        (dict(meta=meta, state_dict=simcc), 'noes', 'perhaps nose'),
        (dict(meta=meta, state_dict=simcc), 'nose', 'cannot be silenced'),
        (dict(meta=meta, state_dict=wide), 'nose', 'each of 17 keypoints'),
        (
            dict(meta=meta, state_dict=dict(a=torch.ones(2))),
            'nose',
            'cannot be silenced',
        ),
        (wide, 'nose', 'tells no names of keypoints'),
    ):
        torch.save(content, tmp_path / 'a.pth')
        with pytest.raises(UserError, match=message):
            publish_weights(tmp_path / 'a.pth', tmp_path / 'b.pth', [name])
        assert [p.name for p in tmp_path.iterdir()] == ['a.pth']
