"""Whatever a checkpoint's file turns out to be, the error says so."""

import os

import pytest
import torch
from torch import nn

from mmpose_light.utils.checkpoint import get_state_dict, read_checkpoint

STATE = nn.Linear(2, 3).state_dict()


class Malicious:
    def __reduce__(self):
        return os.system, ('true',)


@pytest.mark.parametrize('prefix', ['', 'module.'])
@pytest.mark.parametrize('wrapped', [True, False])
def test_state_dict_plain_or_wrapped(tmp_path, capfd, prefix, wrapped):
    state = {prefix + key: value for key, value in STATE.items()}
    content = dict(state_dict=state, epoch=3) if wrapped else state
    torch.save(content, tmp_path / 'a.pth')
    checkpoint = read_checkpoint(tmp_path / 'a.pth')
    assert checkpoint.keys() == content.keys()
    found = get_state_dict(checkpoint, 'a.pth')
    assert found.keys() == STATE.keys()
    assert all(torch.equal(found[key], value) for key, value in STATE.items())
    assert ''.join(capfd.readouterr()) == ''


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ({}, 'holds no tensor'),
        ([torch.zeros(1)], 'holds a list'),
        (torch.zeros(1), 'holds a Tensor'),
        (dict(state_dict=None), 'holds a NoneType'),
        (dict(state_dict={}), 'holds no tensor'),
        ({1: 2}, 'holds 1: int'),
        ({1: torch.zeros(1)}, 'holds 1: Tensor'),
        (dict(weight=3), "holds 'weight': int"),
        (dict(STATE, epoch=3), "holds 'epoch': int"),
    ],
)
def test_no_state_dict(tmp_path, content, message):
    message = rf'a\.pth {message}, expected a state dict: names and tensors'
    with pytest.raises(ValueError, match=message):
        get_state_dict(content, 'a.pth')
    torch.save(content, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=message):
        read_checkpoint(tmp_path / 'a.pth')


@pytest.mark.parametrize(
    'content', [b'', b'hello', b'no checkpoint, but text\n', b'\x80\x02}q\x00']
)
def test_no_checkpoint(tmp_path, content):
    (tmp_path / 'a.pth').write_bytes(content)
    with pytest.raises(
        ValueError, match=r'a\.pth cannot .* truncated or no check'
    ) as e:
        read_checkpoint(tmp_path / 'a.pth')
    assert 'weights_only' not in str(e.value)


@pytest.mark.parametrize('size', [1, 100, -100])
def test_truncated(tmp_path, size):
    torch.save(STATE, tmp_path / 'whole.pth')
    (tmp_path / 'a.pth').write_bytes((tmp_path / 'whole.pth').read_bytes()[:size])
    with pytest.raises(ValueError, match=r'a\.pth cannot be read, it is truncated or'):
        read_checkpoint(tmp_path / 'a.pth')


def test_code_is_refused(tmp_path):
    torch.save(dict(state_dict=Malicious()), tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=r'a\.pth .* refused by the safe loader: .*sy'):
        read_checkpoint(tmp_path / 'a.pth', weights_only=True)


@pytest.mark.parametrize('name', ['none.pth', '.'])
def test_no_file(tmp_path, name):
    with pytest.raises(FileNotFoundError, match='checkpoint .* does not exist'):
        read_checkpoint(tmp_path / name)


def test_addresses_go_to_mmengine():
    with pytest.raises(ValueError, match='open-mmlab://none cannot be read'):
        read_checkpoint('open-mmlab://none')
