"""The weights that come with the package: whole, found by name, as good as stated."""

import hashlib
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.runner import Runner

import mmpose_light
from mmpose_light.apis import trained_models
from mmpose_light.apis.infer import infer
from mmpose_light.apis.trained_models import (
    is_trained_model,
    list_trained_models,
    with_weights,
)
from mmpose_light.cli import main
from mmpose_light.study.data import Split

NAME = 'el-hrnet-w32-lspet-cpu'
MODELS = list_trained_models()
MAX_SIZE = 12e6  # bytes
#: What the same evaluation that gave the stated AP gives on the first photographs.
AP_OF_FIRST_64 = {NAME: 0.096}


@pytest.fixture(params=MODELS)
def model(request):
    return MODELS[request.param]


def test_there_is_a_trained_model():
    assert NAME in MODELS


def test_files(model, repo_dir):
    content = model.weights.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    assert len(content) <= MAX_SIZE
    assert model.weights.stem.endswith(f'-{sha256[:8]}')
    table = (repo_dir / 'weights' / 'README.md').read_text()
    for told in (sha256, model.weights.name, f'`{model.name}`', model.config.name):
        assert told in table
    assert {p.name for p in (repo_dir / 'weights').glob('*.pth')} == {
        other.weights.name for other in MODELS.values()
    }


def test_weights_alone_in_half_precision(model):
    checkpoint = torch.load(model.weights, weights_only=True)
    assert set(checkpoint) == {'meta', 'state_dict'}
    for key, value in checkpoint['state_dict'].items():
        assert value.dtype == (torch.float32 if value.dim() < 2 else torch.float16), key


def test_names_are_told_from_files(tmp_path, monkeypatch):
    assert is_trained_model(NAME)
    for other in ('el-hrnet-w32', 'configs/el_hrnet/a.py', 'a.onnx', Path('b'), '.'):
        assert not is_trained_model(other)
        assert with_weights(other, 'a.pth') == (other, 'a.pth')
    monkeypatch.chdir(tmp_path)
    Path(NAME).touch()
    assert not is_trained_model(NAME), 'a file of that name comes first'
    Path(NAME).unlink()
    Path(NAME).mkdir()
    assert is_trained_model(NAME), 'a folder is no config'


def test_a_name_has_its_own_weights():
    with pytest.raises(ValueError, match=r'leave checkpoint a\.pth out'):
        with_weights(NAME, 'a.pth')


def test_missing_weights(tmp_path, monkeypatch, repo_dir):
    shutil.copy(repo_dir / 'model-index.yml', tmp_path)
    shutil.copytree(repo_dir / 'configs', tmp_path / 'configs')
    monkeypatch.setattr(trained_models, 'find_repository', lambda: tmp_path)
    with pytest.raises(FileNotFoundError, match=f'weights of {NAME} are missing'):
        with_weights(NAME, None)


def test_without_metafiles_there_is_none(monkeypatch, tmp_path):
    monkeypatch.setattr(mmpose_light, '__file__', tmp_path / 'a' / 'b.py')
    assert list_trained_models() == {}
    assert not is_trained_model(NAME)


def test_infer_by_name(tmp_path, coco_people, capsys):
    photo = coco_people.photos[0][0]
    by_name, by_files = tmp_path / 'name', tmp_path / 'files'
    assert main(['infer', NAME, str(photo), '--out-dir', str(by_name)]) == 0
    infer(MODELS[NAME].config, MODELS[NAME].weights, photo, by_files)
    json_file = f'predictions/{photo.stem}.json'
    people = json.loads((by_name / json_file).read_text())
    assert len(people[0]['keypoints']) == 17
    assert people == json.loads((by_files / json_file).read_text())
    assert (by_name / 'visualizations' / photo.name).is_file()


def test_heatmaps_by_name(tmp_path, coco_people, capsys):
    photo, out = coco_people.photos[0][0], tmp_path / 'heatmaps.png'
    args = ['visualize-heatmaps', NAME, str(photo), '--out', str(out)]
    assert main(args) == 0
    assert out.is_file()
    assert main(['visualize-heatmaps', NAME, 'none', str(photo)]) == 2
    assert 'leave checkpoint none out' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('command', 'problem'),
    [
        ('infer TYPO a.jpg', 'config TYPO without checkpoint'),
        ('infer TYPO a.jpg b.jpg', 'config TYPO without checkpoint'),
        ('infer TYPO folder', 'TYPO folder without an input'),
        ('visualize-heatmaps TYPO a.jpg', 'TYPO a.jpg without an image'),
        ('visualize-heatmaps TYPO none a.jpg', 'config TYPO does not exist'),
        ('export TYPO --out a.onnx', 'config TYPO does not exist'),
    ],
)
def test_a_typo_is_told(command, problem, capsys):
    assert main(command.split()) == 2
    error = capsys.readouterr().err
    assert problem in error
    assert NAME in error


@pytest.mark.parametrize('command', ['infer', 'visualize-heatmaps'])
def test_a_name_without_a_photograph(command, capsys):
    assert main([command, NAME]) == 2
    assert re.search('without an image|no input', capsys.readouterr().err)


def test_a_name_with_a_checkpoint_is_refused(capsys):
    assert main(['infer', NAME, 'best.pth', 'photo.jpg']) == 2
    assert 'leave checkpoint best.pth out' in capsys.readouterr().err


def test_export_by_name(tmp_path, deploy_packages):
    from mmpose_light.apis.export import export_onnx

    done = export_onnx(NAME, tmp_path / 'model.onnx', threads=1)
    assert done.metadata.model == MODELS[NAME].config.stem
    assert done.people


@pytest.fixture(scope='module')
def lspet_val(shared_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp('lspet')
    packed = shared_dir / 'data' / 'lspet_val.zip'
    if not packed.is_file():
        pytest.skip(f'photographs of LSPET not found: {packed} is missing')
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    return Split(shared_dir / 'data' / 'lspet_val.json', folder / 'val')


def stated_ap(model):
    """Return the AP that the metafile states for the whole validation set."""
    metafile = model.config.parent / 'metafile.yml'
    (entry,) = (
        entry
        for entry in yaml.safe_load(metafile.read_text())['Models']
        if entry.get('Alias') == model.name
    )
    (result,) = entry['Results']
    return result['Metrics']['AP']


@pytest.mark.parametrize('people', [64, pytest.param(937, marks=pytest.mark.long)])
def test_ap_is_as_stated(model, lspet_val, tmp_path, people):
    """By the config as it is: ground-truth boxes, flip test."""
    cfg = Config.fromfile(model.config)
    photos = lspet_val.first(people, tmp_path)
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.test_dataloader.dataset.update(
        data_root='',
        ann_file=str(photos.ann_file),
        data_prefix=dict(img=str(photos.image_dir)),
    )
    cfg.test_evaluator.ann_file = str(photos.ann_file)
    cfg.load_from = str(model.weights)
    cfg.work_dir = str(tmp_path)
    cfg.experiment_name = f'{model.name}-{people}'
    metrics = Runner.from_cfg(cfg).test()
    expected = AP_OF_FIRST_64[model.name] if people == 64 else stated_ap(model)
    assert metrics['coco/AP'] == pytest.approx(expected, abs=2e-3)
