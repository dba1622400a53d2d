"""Inference with an exported file: the same results, without config and checkpoint."""

import json
import subprocess
import sys

import numpy as np
import pytest

from mmpose_light.apis.given_boxes import GivenBoxes
from mmpose_light.apis.infer import infer
from mmpose_light.cli import main
from mmpose_light.deploy.choices import FORMATS

pytestmark = pytest.mark.usefixtures('deploy_packages')


def keypoints(folder):
    files = sorted((folder / 'predictions').glob('*.json'))
    people = [person for file in files for person in json.loads(file.read_text())]
    return np.array([person['keypoints'] for person in people])


@pytest.fixture(scope='module')
def photos(tmp_path_factory):
    from mmpose_light.datasets.synthetic_people import write_synthetic_people

    root = tmp_path_factory.mktemp('photos')
    ann_file = write_synthetic_people(root, num_images=3, seed=0, split='val')
    return root / 'val', ann_file


@pytest.mark.parametrize('runtime', ['onnxruntime', 'openvino'])
@pytest.mark.parametrize('batch', [None, 2])
def test_same_as_the_model(
    smooth_model, export_smooth_model, photos, tmp_path, runtime, batch
):
    folder, ann_file = photos
    file = export_smooth_model(batch=batch).file
    boxes = GivenBoxes.from_files(ann_file=ann_file)
    found = infer(
        file,
        folder,
        tmp_path / 'exported',
        boxes=boxes,
        runtime=runtime,
        threads=1,
        batch_size=4,
    )
    config, checkpoint = smooth_model.config, smooth_model.checkpoint
    expected = infer(
        config,
        folder,
        tmp_path / 'model',
        weights=checkpoint,
        boxes=boxes,
        device='cpu',
    )
    assert found.people == expected.people and not found.skipped
    np.testing.assert_allclose(
        keypoints(tmp_path / 'exported'), keypoints(tmp_path / 'model'), atol=1e-3
    )
    drawn = [
        (tmp_path / name / 'visualizations/000000000002.jpg').read_bytes()
        for name in ('exported', 'model')
    ]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize('format', FORMATS)
def test_the_hosts_stay_out(export_smooth_model, photos, tmp_path, format):
    """Of the command, in a process of its own: it is to start at once."""
    folder, ann_file = photos
    file = export_smooth_model(format=format).file
    args = ['infer', file, folder, '--ann-file', ann_file]
    args = [str(arg) for arg in (*args, '--out-dir', tmp_path)]
    code = (
        'import sys\n'
        'from mmpose_light.cli import main\n'
        f'assert main({args!r}) == 0\n'
        'heavy = {"torch", "mmengine", "mmcv", "mmpose", "mmdet", "onnx", "matplotlib"}\n'
        'assert not heavy & set(sys.modules), heavy & set(sys.modules)\n'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert keypoints(tmp_path).shape[1:] == (17, 2)
    assert len(list((tmp_path / 'visualizations').iterdir())) == 3


def test_command(export_smooth_model, photos, tmp_path, capsys):
    """One input, several, and options between them."""
    file, folder = str(export_smooth_model().file), photos[0]
    pictures = sorted(map(str, folder.glob('*.jpg')))
    out = ['--out-dir', str(tmp_path), '--no-images']
    assert main(['infer', file, pictures[0], *out]) == 0
    assert '1 people in 1 of 1 inputs' in capsys.readouterr().out
    assert main(['infer', file, *pictures, *out]) == 0
    assert '3 people in 3 of 3 inputs' in capsys.readouterr().out
    assert main(['infer', file, *out, '--threads', '1', *pictures]) == 0
    assert '3 people in 3 of 3 inputs' in capsys.readouterr().out


def test_bad_commands(smooth_model, photos, tmp_path, capsys):
    config, checkpoint = str(smooth_model.config), str(smooth_model.checkpoint)
    folder = str(photos[0])
    weights = ['--weights', checkpoint]
    for args, message in (
        ([config, 'a.jpg', *weights], 'input a.jpg does not exist'),
        ([config, str(photos[0] / '*.jpg')], 'has no weights here'),
        (['no.onnx', 'a.jpg'], 'input a.jpg does not exist'),
        ([config, folder, *weights, '--threads', '0'], 'threads is 0'),
        (['no.onnx', folder, '--flip-test'], 'knows no flip test'),
        ([config, folder, *weights, '--runtime', 'openvino'], 'runs in PyTorch'),
    ):
        assert main(['infer', *args, '--out-dir', str(tmp_path)]) == 2
        assert message in capsys.readouterr().err


def test_bad_files(smooth_model, export_smooth_model, photos, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no\.onnx does not exist'):
        infer(tmp_path / 'no.onnx', photos[0], tmp_path)
    (tmp_path / 'a.onnx').write_text('no graph')
    with pytest.raises(ValueError, match='no ONNX file'):
        infer(tmp_path / 'a.onnx', photos[0], tmp_path)
    with pytest.raises(ValueError, match='holds its weights: leave --weights'):
        file, weights = export_smooth_model().file, smooth_model.checkpoint
        infer(file, photos[0], tmp_path, weights=weights)
