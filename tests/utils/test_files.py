"""Files written whole or not at all; json that cannot be read is named."""

import json
import os

import pytest

from mmpose_light.utils import files
from mmpose_light.utils.errors import UserError
from mmpose_light.utils.files import read_json, real_path, whole_file, write_json


@pytest.mark.parametrize(
    'content',
    [
        b'',
        b'{',
        b'\xff\xfe[\x00]\x00',
        b'[' * 100_000,
        b'{"keypoints":[{"a":' * 50_000,
        b'[0' + b',1' * 50_000 + b'[' * 100_000,
        b'1' * 5000,
    ],
    ids=['empty', 'cut', 'utf-16', 'deep list', 'deep dict', 'deep later', 'number'],
)
@pytest.mark.parametrize('chunk', [1 << 24, 1 << 12], ids=['small', 'large'])
def test_no_json(tmp_path, monkeypatch, content, chunk):
    """As small files, and as those that are looked through in chunks first."""
    monkeypatch.setattr(files, '_CHUNK', chunk)
    (tmp_path / 'a.json').write_bytes(content)
    with pytest.raises(UserError, match=r'a\.json is no json file .*: do this'):
        read_json(tmp_path / 'a.json', 'do this')


@pytest.mark.parametrize('chunk', [1 << 24, 1 << 12], ids=['small', 'large'])
def test_large_json_is_read(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(files, '_CHUNK', chunk)
    content = [dict(bbox=[1, 2, 3, 4], text=200 * 'x' + '[', keys={'a': []})] * 200
    assert read_json(write_json(tmp_path / 'a.json', content, indent=None)) == content


def test_no_memory_left(tmp_path, monkeypatch):
    def lack(text):
        raise MemoryError

    monkeypatch.setattr(json, 'loads', lack)
    (tmp_path / 'a.json').write_text('[]')
    with pytest.raises(UserError, match=r'a\.json has 0 MB, too much for the memory'):
        read_json(tmp_path / 'a.json')


def test_as_long_a_name_as_there_can_be(tmp_path):
    path = tmp_path / ('n' * 250 + '.json')
    with whole_file(path) as part:
        assert part.suffix == '.json' and part.parent == tmp_path
        part.write_text('whole')
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == 'whole'


@pytest.mark.parametrize('error', [OSError, KeyboardInterrupt])
def test_nothing_is_left_after_an_error(tmp_path, error):
    path = tmp_path / 'a.json'
    path.write_text('before')
    with pytest.raises(error), whole_file(path) as part:
        part.write_text('torn')
        raise error
    assert [p.name for p in tmp_path.iterdir()] == ['a.json']
    assert path.read_text() == 'before'


def test_a_name_that_is_too_long(tmp_path):
    with pytest.raises(OSError), whole_file(tmp_path / ('n' * 256)) as part:
        part.write_text('whole')
    assert not list(tmp_path.iterdir())


def test_real_path(tmp_path, monkeypatch):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a/x').touch()
    (tmp_path / 'c/d').mkdir(parents=True)
    (tmp_path / 'b').symlink_to('a')
    (tmp_path / 'e').symlink_to('c/d')
    (tmp_path / 'a/y').symlink_to('../b/x')
    for folder in (tmp_path, tmp_path / 'b'):
        monkeypatch.chdir(folder)
        for path in (
            'a/x',
            'b/x',
            'a/y',
            './a/../b/x',
            'x',
            '../a/y',
            'no/thing',
            'e/../x',
            'a/..',
        ):
            assert real_path(path) == os.path.realpath(path), path
