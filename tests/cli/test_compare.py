"""The command ``compare``."""

import runpy
import sys

import pytest

from mmpose_light.benchmark import plots
from mmpose_light.cli import main

FILES = 'comparison.json', 'comparison.md', 'ap_against_params.png'


def test_it_writes_the_page(repo_dir, tmp_path, monkeypatch, capsys):
    # finding the names' places takes half a minute, and has a test of its own
    monkeypatch.setattr(plots, 'label_points', lambda *points: None)
    docs = repo_dir / 'docs'
    for name in ('comparison.yml', 'comparison.json'):
        (tmp_path / name).write_bytes((docs / name).read_bytes())
    assert main(['compare', '--no-count', '--docs', str(tmp_path)]) == 0
    written = capsys.readouterr().out.split()
    assert written == [str(tmp_path / name) for name in FILES]
    page = (tmp_path / 'comparison.md').read_text(encoding='utf-8')
    assert page == (docs / 'comparison.md').read_text(encoding='utf-8')


def test_no_quotations(tmp_path, monkeypatch, repo_dir, capsys):
    monkeypatch.setattr(sys, 'argv', ['compare.py', '--docs', str(tmp_path)])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(repo_dir / 'tools/compare.py'), run_name='__main__')
    assert stop.value.code == 2
    assert 'comparison.yml does not exist' in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
