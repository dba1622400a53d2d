"""The demo from end to end on a dozen images, killed on the way."""

import json
import os
import signal
import time
from types import SimpleNamespace

import cv2
import pytest
import torch

from mmpose_light import cli
from mmpose_light.apis.infer import infer
from mmpose_light.demo.figures import draw_curve
from mmpose_light.demo.run import open_notes, run_demo
from mmpose_light.utils.errors import UserError
from mmpose_light.visualization.training_log import read_log

SMALL = dict(train_images=12, val_images=6, epochs=2)


def is_drawn(path):
    image = cv2.imread(str(path))
    return image is not None and min(image.shape[:2]) > 200 and image.std() > 10


def run_alone(work_dir):
    """Run the demo in a process group of its own, as a shell starts a command."""
    os.setsid()
    torch.set_num_threads(1)  # a forked process has lost the others
    run_demo(work_dir=work_dir, **SMALL)


def start_and_kill(work_dir, awaited, fork):
    """Run the demo until a file is there; kill it and its workers."""
    process = fork.Process(target=run_alone, args=[work_dir])
    process.start()
    try:
        while not awaited.exists():
            assert process.is_alive(), 'the demo ended too early'
            time.sleep(0.01)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.join()


@pytest.fixture(scope='module')
def killed(tmp_path_factory, fork):
    """A demo that was killed after its first epoch, and what it had done by then."""
    work_dir = tmp_path_factory.mktemp('killed') / 'demo'
    start_and_kill(work_dir, work_dir / 'last_checkpoint', fork)
    assert not (work_dir / f'epoch_{SMALL["epochs"]}.pth').exists()
    image = work_dir / 'data' / 'train' / '000000000001.jpg'
    untrained = json.loads((work_dir / 'demo.json').read_text())['untrained']
    return SimpleNamespace(
        work_dir=work_dir, drawn=image.stat().st_mtime_ns, image=image,
        untrained=untrained,
    )  # fmt: skip


@pytest.fixture(scope='module')
def done(killed):
    """The same demo, gone on with to its end, and what it said."""
    lines = []
    result = run_demo(work_dir=killed.work_dir, **SMALL, say=lines.append)
    return SimpleNamespace(result=result, lines=lines)


def test_killed_demo_goes_on(killed, done, capfd):
    work_dir, result = killed.work_dir, done.result
    assert f'Going on from {work_dir / "epoch_1.pth"}' in done.lines
    assert any(line.startswith('Epoch(train)') for line in done.lines)
    assert killed.image.stat().st_mtime_ns == killed.drawn
    assert result.untrained == killed.untrained
    assert result.checkpoint == work_dir / 'epoch_2.pth'
    assert torch.load(result.checkpoint)['meta']['epoch'] == 2
    assert is_drawn(result.predictions)
    assert is_drawn(result.curve)
    log = read_log(work_dir)
    assert list(log.training['loss']) == [1, 2]
    assert result.trained['coco/AP'] == log.metrics['coco/AP'][2]

    # All done: nothing is done again.
    trained = result.checkpoint.stat().st_mtime_ns
    lines = []
    assert run_demo(work_dir=work_dir, **SMALL, say=lines.append) == result
    assert not any(line.startswith('Epoch') for line in lines)
    assert result.checkpoint.stat().st_mtime_ns == trained

    # Killed between the last checkpoint and its evaluation: that is made up for.
    notes = work_dir / 'demo.json'
    content = json.loads(notes.read_text())
    del content['trained']
    notes.write_text(json.dumps(content))
    log = sorted(work_dir.glob('2*/vis_data/scalars.json'))[-1]
    log.write_text(''.join(log.read_text().splitlines(keepends=True)[:-1]))
    result.predictions.unlink()
    assert run_demo(work_dir=work_dir, **SMALL, say=lines.append) == result
    assert is_drawn(result.predictions)
    assert any(line.startswith('Epoch(test)') for line in lines)
    assert 'Epoch' not in capfd.readouterr().out, 'said twice'


def test_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / 'thesis.tex').write_text('years of work')
    for overwrite in (False, True):
        for work_dir in (tmp_path, tmp_path / 'thesis.tex'):
            with pytest.raises(UserError, match='something other than a demo'):
                run_demo(work_dir=work_dir, overwrite=overwrite)
    assert (tmp_path / 'thesis.tex').read_text() == 'years of work'


def test_demo_of_other_settings(tmp_path):
    open_notes(tmp_path, dict(epochs=1), overwrite=False)
    (tmp_path / 'epoch_1.pth').write_text('')
    with pytest.raises(
        UserError, match=r"other settings \({'epochs': 1}\).*--overwrite"
    ):
        open_notes(tmp_path, dict(epochs=2), overwrite=False)
    assert (tmp_path / 'epoch_1.pth').exists()
    open_notes(tmp_path, dict(epochs=2), overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ['demo.json']


@pytest.mark.parametrize('name', ['train_images', 'val_images', 'epochs'])
def test_bad_numbers(tmp_path, name):
    open_notes(tmp_path, {}, overwrite=False)
    (tmp_path / 'epoch_1.pth').write_text('')
    with pytest.raises(UserError, match=f'{name} must be at least 1, got 0'):
        run_demo(work_dir=tmp_path, overwrite=True, **{name: 0})
    assert (tmp_path / 'epoch_1.pth').exists()


def test_command_line_errors(tmp_path, capsys):
    assert cli.main(['demo', '--config=missing.py', f'--work-dir={tmp_path}']) == 2
    assert 'missing.py does not exist' in capsys.readouterr().err


def test_missing_image_is_told_before_the_training(tmp_path, capsys):
    work_dir, image = tmp_path / 'demo', tmp_path / 'me.jpg'
    with pytest.raises(FileNotFoundError, match='me.jpg does not exist'):
        run_demo(work_dir=work_dir, images=[image])
    assert not work_dir.exists()


def test_demo_ends_with_poses_in_images(done, tmp_path, coco_people, capsys):
    image, broken = coco_people.photos[0][0], tmp_path / 'broken.jpg'
    broken.write_bytes(image.read_bytes()[:200])
    work_dir = done.result.checkpoint.parent
    command = ['demo', *(f'--{n.replace("_", "-")}={v}' for n, v in SMALL.items())]
    command += [f'--work-dir={work_dir}', '--images', str(image), str(broken)]
    assert cli.main(command) == 1  # as one image cannot be read
    out = capsys.readouterr().out
    assert f'not read: {broken}' in out
    found = work_dir / 'poses'
    assert str(found) in out
    (drawn,) = (found / 'visualizations').iterdir()
    before, after = (cv2.imread(str(p)).astype(int) for p in (image, drawn))
    assert (abs(after - before) > 100).any(), 'no skeleton'
    infer(None, image, tmp_path / 'infer')
    keypoints = f'predictions/{image.stem}.json'
    assert (found / keypoints).read_text() == (
        tmp_path / 'infer' / keypoints
    ).read_text()


def test_curves_of_a_resumed_training(tmp_path):
    runs = {
        '20240101_000000': [
            dict(loss=3.0, step=10, iter=10, epoch=1),
            {'coco/AP': 0.1, 'step': 1},
            dict(loss=2.0, step=20, iter=20, epoch=2),
        ],
        '20240101_000100': [
            dict(loss=1.5, step=20, iter=20, epoch=2),
            {'coco/AP': 0.2, 'step': 2},
        ],
    }
    for name, records in runs.items():
        folder = tmp_path / name / 'vis_data'
        folder.mkdir(parents=True)
        lines = ''.join(json.dumps(record) + '\n' for record in records)
        (folder / 'scalars.json').write_text(lines)
    log = read_log(tmp_path)
    assert log.training['loss'] == {10: 3.0, 20: 1.5}
    assert log.metrics['coco/AP'] == {1: 0.1, 2: 0.2}
    draw_curve(tmp_path, tmp_path / 'curve.png')
    assert is_drawn(tmp_path / 'curve.png')
