"""Whatever a checkpoint's file turns out to be, the error says so."""

import os
import zipfile

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from torch import nn

from mmpose_light.utils.checkpoint import get_state_dict, read_checkpoint
from mmpose_light.utils.errors import UserError

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


def of_a_training() -> dict:
    """What MMEngine's checkpoints hold beside weights."""
    log = HistoryBuffer()
    log.update(1.0)
    meta = dict(epoch=1, dataset_meta=dict(sigmas=np.ones(3, np.float32)))
    return dict(state_dict=STATE, meta=meta, message_hub=dict(loss=log))


@pytest.fixture(params=['this torch', 'before 2.6'])
def release(request, monkeypatch):
    """What a release has to do about safety; each can do what earlier ones had to."""
    if request.param == 'before 2.6':
        version = torch.torch_version.TorchVersion('2.1.0')
        monkeypatch.setattr(torch, '__version__', version)


def test_checkpoint_of_a_training(tmp_path, release):
    torch.save(of_a_training(), tmp_path / 'a.pth')
    checkpoint = read_checkpoint(tmp_path / 'a.pth')
    assert checkpoint['message_hub']['loss'].current() == 1
    assert checkpoint['meta']['dataset_meta']['sigmas'].sum() == 3
    assert torch.equal(checkpoint['state_dict']['weight'], STATE['weight'])


@pytest.mark.parametrize('zipped', [True, False])
def test_code_is_refused(tmp_path, release, zipped):
    content = dict(state_dict=Malicious())
    torch.save(content, tmp_path / 'a.pth', _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match=r'a\.pth .* refused by the safe loader: .*sy'):
        read_checkpoint(tmp_path / 'a.pth')


def test_any_flipped_bit_or_cut_is_seen(tmp_path, release):
    """Torch alone takes spoilt weights for good ones."""
    path = tmp_path / 'a.pth'
    torch.save(of_a_training(), path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(100):
        spoilt = bytearray(whole)
        spoilt[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        if rng.random() < 0.3:
            del spoilt[rng.integers(len(whole)) :]
        path.write_bytes(spoilt)
        try:
            found = read_checkpoint(path)
        except UserError as error:
            assert str(path) in str(error)
            refused += 1
        else:  # it met what nobody reads: padding, a date
            torch.testing.assert_close(found['state_dict'], STATE, rtol=0, atol=0)
    assert refused > 50


def test_zip_bomb(tmp_path):
    with zipfile.ZipFile(tmp_path / 'a.pth', 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('archive/data.pkl', b'\0' * (1 << 22))
    with pytest.raises(UserError, match=r'a\.pth unpacks to 4194304 bytes, many times'):
        read_checkpoint(tmp_path / 'a.pth')


def test_archive_without_checksums(tmp_path):
    set_options = getattr(torch.serialization, 'set_crc32_options', None)
    if set_options is None:
        pytest.skip('this torch always writes them')
    set_options(False)
    try:
        torch.save(STATE, tmp_path / 'a.pth')
    finally:
        set_options(True)
    assert read_checkpoint(tmp_path / 'a.pth').keys() == STATE.keys()


@pytest.mark.parametrize('name', ['none.pth', '.'])
def test_no_file(tmp_path, name):
    with pytest.raises(FileNotFoundError, match='checkpoint .* does not exist'):
        read_checkpoint(tmp_path / name)


def test_addresses_go_to_mmengine():
    with pytest.raises(ValueError, match='open-mmlab://none cannot be read'):
        read_checkpoint('open-mmlab://none')
