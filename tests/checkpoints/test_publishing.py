"""Checkpoints made small: weights alone, in half precision."""

import hashlib
import re

import pytest
import torch

from mmpose_light.apis.models import load_model
from mmpose_light.checkpoints.publishing import publish_weights
from mmpose_light.cli import main
from mmpose_light.utils.checkpoint import read_checkpoint


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
