"""The demo from end to end on a dozen pictures, killed on the way."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time

import cv2
import pytest
import torch

from mmpose_light.apis.infer import infer
from mmpose_light.demo.pictures import draw_curve, read_curves
from mmpose_light.demo.run import (
    TRAINED_MODEL,
    find_whole_checkpoint,
    main,
    open_notes,
    run_demo,
)

CONFIG = 'configs/demo/td-hm_el-hrnet-w32_1xb16-12e_synthetic-128x96.py'
SMALL = dict(train_images=12, val_images=6, epochs=2)


def start_and_kill(repo_dir, work_dir, awaited):
    """Run the demo's command line until a file is there; kill it and its workers."""
    options = [f'--{name.replace("_", "-")}={n}' for name, n in SMALL.items()]
    process = subprocess.Popen(
        [sys.executable, 'tools/demo.py', f'--work-dir={work_dir}', *options],
        cwd=repo_dir,
        env={**os.environ, 'PYTHONPATH': str(repo_dir)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not awaited.exists():
            assert process.poll() is None, 'the demo ended too early'
            time.sleep(0.01)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def is_picture(path):
    image = cv2.imread(str(path))
    return image is not None and min(image.shape[:2]) > 200 and image.std() > 10


def test_killed_demo_goes_on(repo_dir, tmp_path, capfd):
    work_dir = tmp_path / 'demo'
    start_and_kill(repo_dir, work_dir, work_dir / 'last_checkpoint')
    assert not (work_dir / f'epoch_{SMALL["epochs"]}.pth').exists()
    data = work_dir / 'data' / 'train' / '000000000001.jpg'
    drawn = data.stat().st_mtime_ns
    untrained = json.loads((work_dir / 'demo.json').read_text())['untrained']

    result = run_demo(repo_dir / CONFIG, work_dir, **SMALL)
    assert f'Going on from {work_dir}' in capfd.readouterr().out
    assert data.stat().st_mtime_ns == drawn
    assert result.untrained == untrained
    assert result.checkpoint == work_dir / 'epoch_2.pth'
    assert torch.load(result.checkpoint)['meta']['epoch'] == 2
    assert is_picture(result.predictions)
    assert is_picture(result.curve)
    losses, aps = read_curves(work_dir)
    assert list(losses) == [1, 2]
    assert 2 in aps

    # All done: nothing is done again.
    trained = result.checkpoint.stat().st_mtime_ns
    assert run_demo(repo_dir / CONFIG, work_dir, **SMALL) == result
    assert 'Epoch' not in capfd.readouterr().out
    assert result.checkpoint.stat().st_mtime_ns == trained


def test_half_a_checkpoint_is_not_trusted(tmp_path, capsys):
    assert find_whole_checkpoint(tmp_path) is None
    for epoch in (2, 9, 10):
        torch.save(dict(state_dict=torch.rand(1000)), tmp_path / f'epoch_{epoch}.pth')
    assert find_whole_checkpoint(tmp_path) == tmp_path / 'epoch_10.pth'
    for name in ('epoch_10.pth', 'epoch_9.pth'):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    (tmp_path / 'epoch_11.pth').write_bytes(b'')
    assert find_whole_checkpoint(tmp_path) == tmp_path / 'epoch_2.pth'
    assert 'epoch_10.pth is not whole and is left aside' in capsys.readouterr().out


def test_folder_of_something_else_is_left_alone(repo_dir, tmp_path):
    (tmp_path / 'thesis.tex').write_text('years of work')
    for fresh in (False, True):
        with pytest.raises(ValueError, match='something other than a demo'):
            run_demo(repo_dir / CONFIG, tmp_path, fresh=fresh)
        with pytest.raises(ValueError, match='something other than a demo'):
            run_demo(repo_dir / CONFIG, tmp_path / 'thesis.tex', fresh=fresh)
    assert (tmp_path / 'thesis.tex').read_text() == 'years of work'


def test_demo_of_other_settings(tmp_path):
    open_notes(tmp_path, dict(epochs=1), fresh=False)
    (tmp_path / 'epoch_1.pth').write_text('')
    with pytest.raises(ValueError, match=r"other settings \({'epochs': 1}\).*--fresh"):
        open_notes(tmp_path, dict(epochs=2), fresh=False)
    assert (tmp_path / 'epoch_1.pth').exists()
    open_notes(tmp_path, dict(epochs=2), fresh=True)
    assert [path.name for path in tmp_path.iterdir()] == ['demo.json']


@pytest.mark.parametrize('name', ['train_images', 'val_images', 'epochs'])
def test_bad_numbers(repo_dir, tmp_path, name):
    open_notes(tmp_path, {}, fresh=False)
    (tmp_path / 'epoch_1.pth').write_text('')
    with pytest.raises(ValueError, match=f'{name} must be at least 1, got 0'):
        run_demo(repo_dir / CONFIG, tmp_path, fresh=True, **{name: 0})
    assert (tmp_path / 'epoch_1.pth').exists()


def test_command_line_errors(tmp_path, capsys):
    args = argparse.Namespace(
        config='missing.py',
        work_dir=tmp_path,
        train_images=1,
        val_images=1,
        epochs=None,
        fresh=False,
        photos=None,
    )
    assert main(args) == 1
    assert 'missing.py' in capsys.readouterr().err


def test_missing_photograph_is_told_before_the_training(repo_dir, tmp_path, capsys):
    args = argparse.Namespace(
        config=repo_dir / CONFIG,
        work_dir=tmp_path / 'demo',
        **SMALL,
        fresh=False,
        photos=[str(tmp_path / 'me.jpg')],
    )
    assert main(args) == 1
    assert 'me.jpg does not exist' in capsys.readouterr().err
    assert not args.work_dir.exists()


def test_demo_ends_with_poses_in_photographs(repo_dir, tmp_path, coco_people, capsys):
    photo, broken = coco_people.photos[0][0], tmp_path / 'broken.jpg'
    broken.write_bytes(photo.read_bytes()[:200])
    args = argparse.Namespace(
        config=repo_dir / CONFIG,
        work_dir=tmp_path / 'demo',
        train_images=4,
        val_images=2,
        epochs=1,
        fresh=False,
        photos=[str(photo), str(broken)],
    )
    assert main(args) == 1  # as one photograph cannot be read
    out = capsys.readouterr().out
    assert f'not read: {broken}' in out
    found = args.work_dir / 'photos'
    (drawn,) = (found / 'visualizations').iterdir()
    assert str(drawn.parent) in out
    before, after = (cv2.imread(str(p)).astype(int) for p in (photo, drawn))
    assert (abs(after - before) > 100).any(), 'no skeleton'
    infer(TRAINED_MODEL, photo, tmp_path / 'infer')
    keypoints = f'predictions/{photo.stem}.json'
    assert (found / keypoints).read_text() == (
        tmp_path / 'infer' / keypoints
    ).read_text()


def test_curves_of_a_resumed_training(tmp_path):
    runs = {
        '20240101_000000': [
            dict(loss=3.0, step=10, epoch=1),
            {'coco/AP': 0.1, 'step': 1},
            dict(loss=2.0, step=20, epoch=2),
        ],
        '20240101_000100': [
            dict(loss=1.5, step=20, epoch=2),
            {'coco/AP': 0.2, 'step': 2},
        ],
    }
    for name, records in runs.items():
        folder = tmp_path / name / 'vis_data'
        folder.mkdir(parents=True)
        lines = ''.join(json.dumps(record) + '\n' for record in records)
        (folder / 'scalars.json').write_text(lines)
    assert read_curves(tmp_path) == ({10: 3.0, 20: 1.5}, {1: 0.1, 2: 0.2})
    draw_curve(tmp_path, tmp_path / 'curve.png')
    assert is_picture(tmp_path / 'curve.png')
