"""MMPose's own tools, run from this package."""

import os
import re
import subprocess
import sys

import pytest
import torch

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


@pytest.mark.parametrize('enable', [True, False])
def test_data_that_will_not_do(
    enable, monkeypatch, tmp_path, repo_dir, synthetic_coco, capsys
):
    """Before MMPose meets the first text among the ids, and says nothing of use."""
    annotations = synthetic_coco / 'annotations/person_keypoints_train.json'
    text = re.sub(r'"id": (\d+)', r'"id": "\1"', annotations.read_text())
    (tmp_path / 'a.json').write_text(text)
    options = (
        f'train_dataloader.dataset.ann_file={tmp_path}/a.json',
        f'train_dataloader.dataset.data_prefix.img={synthetic_coco}/train/',
        'train_dataloader.num_workers=0',
        'train_dataloader.persistent_workers=False',
        'val_dataloader=None',
        'val_cfg=None',
        'val_evaluator=None',
        f'default_hooks.check_data.enable={enable}',
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LOCAL_RANK', '0')
    arguments = ['train.py', str(repo_dir / CONFIG), '--cfg-options', *options]
    monkeypatch.setattr(sys, 'argv', arguments)
    with pytest.raises(SystemExit if enable else TypeError) as stop:
        run_host_tool('train.py')
    told = str(stop.value)
    assert ('6 of 6 images have no whole number as id' in told) == enable
    assert ('--cfg-options default_hooks.check_data.enable=False' in told) == enable


def test_checkpoint_of_another_model(monkeypatch, tmp_path, repo_dir, synthetic_coco):
    torch.save({'linear.weight': torch.zeros(1)}, tmp_path / 'other.pth')
    ann_file = f'{synthetic_coco}/annotations/person_keypoints_val.json'
    options = (
        f'test_dataloader.dataset.ann_file={ann_file}',
        f'test_dataloader.dataset.data_prefix.img={synthetic_coco}/val/',
        'test_dataloader.dataset.bbox_file=None',
        'test_dataloader.num_workers=0',
        'test_dataloader.persistent_workers=False',
        f'test_evaluator.ann_file={ann_file}',
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LOCAL_RANK', '0')
    arguments = ['test.py', str(repo_dir / CONFIG), 'other.pth']
    monkeypatch.setattr(sys, 'argv', [*arguments, '--cfg-options', *options])
    with pytest.raises(SystemExit) as stop:
        run_host_tool('test.py')
    assert re.match(
        r'test\.py: error: .*other\.pth does not fit the model', stop.value.code
    )
