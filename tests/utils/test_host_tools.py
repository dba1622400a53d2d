"""MMPose's own tools, run from this package."""

import sys

import pytest

from mmpose_light.utils.host_tools import run_host_tool


@pytest.mark.parametrize('name', ['train.py', 'test.py'])
def test_tool_gets_the_command_line(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', [name, '--help'])
    with pytest.raises(SystemExit) as stop:
        run_host_tool(name)
    assert stop.value.code == 0
    out = capsys.readouterr().out
    assert f'usage: {name}' in out
    assert '--work-dir' in out


def test_missing_tool_is_named_with_the_remedy():
    with pytest.raises(FileNotFoundError, match=r'no_such_tool\.py.*pip install'):
        run_host_tool('no_such_tool.py')
