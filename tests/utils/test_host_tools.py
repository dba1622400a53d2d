"""MMPose's own tools, run from this package."""

import os
import subprocess
import sys

import pytest

from mmpose_light.utils.host_tools import run_host_tool

CONFIG = 'configs/el_hrnet/td-hm_el-hrnet-w18_1xb16-300e_coco-128x96.py'


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


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['nowhere.py'], 'config nowhere.py does not exist, seen from '),
        (
            ['{config}', 'nowhere.pth'],
            'checkpoint nowhere.pth does not exist, seen from ',
        ),
    ],
)
def test_missing_file_is_named(arguments, message, monkeypatch, tmp_path, repo_dir):
    monkeypatch.chdir(tmp_path)
    name = 'train.py' if len(arguments) == 1 else 'test.py'
    arguments = [argument.format(config=repo_dir / CONFIG) for argument in arguments]
    monkeypatch.setattr(sys, 'argv', [name, *arguments])
    with pytest.raises(SystemExit) as stop:
        run_host_tool(name)
    assert stop.value.code == f'{name}: error: {message}{tmp_path}'


def test_missing_data_are_all_that_is_printed(repo_dir, tmp_path):
    """No traceback, and none of the stack's warnings."""
    done = subprocess.run(
        [
            *(sys.executable, str(repo_dir / 'tools/train.py'), str(repo_dir / CONFIG)),
            *('--cfg-options', 'train_dataloader.dataset.data_root=elsewhere/'),
        ],
        cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': str(repo_dir)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout == ''
    assert done.stderr.startswith('train.py: error: these data are missing:\n')
    assert ': elsewhere/annotations/person_keypoints_train2017.json\n' in done.stderr
    assert str(tmp_path) in done.stderr
    assert 'Warning' not in done.stderr
    assert 'Traceback' not in done.stderr
