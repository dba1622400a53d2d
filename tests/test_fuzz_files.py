"""A few hostile files of each kind; as many as wanted, with limits: fuzz_files.py."""

from pathlib import Path

import pytest


@pytest.mark.usefixtures('deploy_packages')
def test_hostile_files(tmp_path, monkeypatch):
    """Each ends with a result or a named error, and writes into its folder alone."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    from fuzz_files import HEAVY, list_files, make_files, open_file, write_sound

    sound = write_sound(tmp_path / 'sound')
    (tmp_path / 'given').mkdir()
    monkeypatch.chdir(tmp_path / 'given')
    found = {}
    for kind, name, content in make_files(24, seed=0, leave_out=HEAVY):
        path = tmp_path / 'given' / name
        path.write_bytes(content)
        before = list_files(tmp_path)
        found[name] = open_file(kind, path, sound, tmp_path / 'out' / name)
        after = list_files(tmp_path)
        assert {p: after.get(p) for p in before} == before
        new = [p for p in after if p not in before]
        assert [p for p in new if not p.startswith(f'{tmp_path}/out/{name}/')] == []
    assert len(found) == 24
    assert sum(told != 'result' for told in found.values()) > 12
