"""Models by name; the weights that come along: whole, and as good as stated."""

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.runner import Runner

import mmpose_light
from mmpose_light.apis import models
from mmpose_light.apis.infer import infer
from mmpose_light.apis.models import (
    DEFAULT_MODEL,
    find_model,
    get_model,
    is_model,
    list_models,
)
from mmpose_light.cli import main
from mmpose_light.datasets.synthetic_people import annotate, draw_image
from mmpose_light.evaluation.metrics.torso_pck import torso_diagonals
from mmpose_light.study.data import Split
from mmpose_light.utils.errors import UserError

NAME = 'eeffpose-p0-001-lspet-mpii'
OTHER = 'el-hrnet-w32-lspet-mpii'
MODELS = {name: find_model(name) for name in list_models(trained=True)}
MAX_SIZE = 12e6  # bytes
#: What the same evaluation that gave the stated AP gives on the first photographs.
AP_OF_FIRST_64 = {NAME: 0.518, OTHER: 0.191}
#: Shoulders, elbows, wrists, hips, knees and ankles (left, right), the mean score of
#: these, and how many lie within 0.2 of the torso's diagonal of the truth.
GOLDEN_LIMBS = {
    NAME: (
        [
            *([211, 64], [184, 62], [223, 46], [175, 40], [234, 28], [173, 18]),
            *([207, 104], [186, 100], [207, 137], [191, 132], [205, 167], [193, 167]),
        ],
        0.662,
        12,
    ),
    OTHER: (
        [
            *([209, 60], [187, 61], [227, 44], [175, 41], [234, 29], [171, 25]),
            *([204, 106], [188, 105], [204, 139], [194, 140], [204, 170], [196, 169]),
        ],
        0.651,
        11,
    ),
}
#: The positions of the torso's corners.
COCO_KEYPOINTS = dict(left_shoulder=5, right_shoulder=6, left_hip=11, right_hip=12)


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


def test_every_name_is_found():
    names = list_models()
    assert {'el-hrnet-w32', 'eeffpose-p0', 'hrnet-w32', NAME} <= set(names)
    for name in names:
        assert find_model(name).config.is_file(), name
    assert NAME in list_models('*LSPET-MPII*')
    assert list_models('*lspet*', trained=True) == [NAME, OTHER]
    assert list_models('no-such-*') == []


def test_ways_to_name_a_model():
    ours = find_model('el-hrnet-w32')
    assert find_model(ours.config) == find_model(ours.config.stem)
    assert find_model(ours.config.stem).config == ours.config
    theirs = find_model('hrnet-w32')
    assert find_model(theirs.config.stem).config == theirs.config
    below = theirs.config.as_posix().partition('/.mim/configs/')[2]
    for name in (f'mmpose::{below}', f'mmpose::{below[:-3]}'):
        assert find_model(name).config == theirs.config
    assert (
        find_model('hrnet-w32', 'https://a.org/b.pth').weights == 'https://a.org/b.pth'
    )


@pytest.mark.parametrize(
    ('name', 'problem'),
    [
        ('el-hrnet-w23', r'no model .* \(perhaps el-hrnet-w32 or'),
        ('EL-HRNet-W32', 'perhaps el-hrnet-w32'),
        ('TYPO', "no model 'TYPO'; `mmpose-light list-models`"),
        ('.', 'no model'),
        ('no.py', 'config no.py does not exist'),
        ('mmpose::no', 'mmpose::no is not there'),
        ('nopackage::no', 'no package nopackage'),
    ],
)
def test_a_typo_is_told(name, problem):
    with pytest.raises(UserError, match=problem):
        find_model(name)


def test_names_are_told_from_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(NAME).touch()
    assert find_model(NAME).weights is None, 'a file of that name comes first'
    Path(NAME).unlink()
    Path(NAME).mkdir()
    assert find_model(NAME).weights is not None, 'a folder is no config'
    Path('a.onnx').touch()
    with pytest.raises(UserError, match=r'a\.onnx is an exported file'):
        find_model('a.onnx')


def test_weights_that_will_not_do(tmp_path):
    with pytest.raises(UserError, match=r'leave --weights a\.pth out'):
        find_model(NAME, 'a.pth')
    with pytest.raises(FileNotFoundError, match=r'checkpoint a\.pth does not exist'):
        find_model('el-hrnet-w32', 'a.pth')


def test_missing_weights(tmp_path, monkeypatch, repo_dir):
    shutil.copy(repo_dir / 'model-index.yml', tmp_path)
    shutil.copytree(repo_dir / 'configs', tmp_path / 'configs')
    monkeypatch.setattr(models, 'find_repository', lambda: tmp_path)
    with pytest.raises(FileNotFoundError, match=f'weights of {NAME} are missing'):
        find_model(NAME)


def test_without_configs_there_is_none(monkeypatch, tmp_path):
    monkeypatch.setattr(mmpose_light, '__file__', tmp_path / 'a' / 'b.py')
    assert list_models() == []
    with pytest.raises(UserError, match='no model'):
        find_model(NAME)


def test_get_model():
    model = get_model(NAME, device='cpu')
    assert not model.training
    assert model.dataset_meta['num_keypoints'] == 17
    assert model.cfg.filename == str(MODELS[NAME].config)
    weights = torch.load(MODELS[NAME].weights, weights_only=True)['state_dict']
    assert torch.equal(
        model.head.convs[0].conv.weight, weights['head.convs.0.conv.weight'].float()
    )
    with pytest.warns(RuntimeWarning, match='the weights are random'):
        get_model('el-hrnet-w32', device='cpu')


def test_list_models_command(capsys):
    assert main(['list-models', '--trained']) == 0
    head, row = capsys.readouterr().out.splitlines()[:2]
    assert head.split()[0] == 'name'
    assert row.startswith(NAME) and '3.80 M' in row
    assert (row.split()[0] == DEFAULT_MODEL) == ('the default' in row)
    assert main(['list-models', '*p0-00?']) == 0
    assert 'eeffpose-p0-001' in capsys.readouterr().out
    assert main(['list-models', 'no-such']) == 2


def test_infer_by_name(tmp_path, coco_people, capsys):
    photo = coco_people.photos[0][0]
    by_name, by_files = tmp_path / 'name', tmp_path / 'files'
    assert main(['infer', NAME, str(photo), '--out-dir', str(by_name)]) == 0
    infer(MODELS[NAME].config, photo, by_files, weights=MODELS[NAME].weights)
    json_file = f'predictions/{photo.stem}.json'
    people = json.loads((by_name / json_file).read_text())
    assert len(people[0]['keypoints']) == 17
    assert people == json.loads((by_files / json_file).read_text())
    assert (by_name / 'visualizations' / photo.name).is_file()


def test_the_best_model_is_the_default():
    assert max(MODELS, key=lambda name: stated_ap(MODELS[name])) == DEFAULT_MODEL


def test_infer_without_a_model(tmp_path, drawn_person, capsys):
    photos = [
        str(drawn_person[0]),
        str(shutil.copy(drawn_person[0], tmp_path / '1.png')),
    ]
    assert main(['infer', *photos, '--out-dir', str(tmp_path / 'all')]) == 0
    assert f'Model: {DEFAULT_MODEL}' in capsys.readouterr().out
    infer(DEFAULT_MODEL, photos, tmp_path / 'named', save_images=False)
    for photo in photos:
        file = f'predictions/{Path(photo).stem}.json'
        assert (tmp_path / 'all' / file).read_bytes() == (
            tmp_path / 'named' / file
        ).read_bytes()


def test_a_trained_models_own_threshold(tmp_path, drawn_person):
    """What is drawn by default is what is drawn by the threshold of the metafile."""
    photo = drawn_person[0]
    own = find_model(DEFAULT_MODEL).metafile['Metadata']['Keypoint Threshold']
    drawn = {}
    for thr in (None, own, 1.1):
        infer(DEFAULT_MODEL, photo, tmp_path / str(thr), kpt_thr=thr)
        drawn[thr] = (tmp_path / str(thr) / 'visualizations' / photo.name).read_bytes()
    assert drawn[None] == drawn[own] != drawn[1.1]


def test_models_are_told_from_inputs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for folder in (NAME, 'coco', 'photos'):
        Path(folder).mkdir()
    Path('photo.jpg').touch()
    named = (NAME, 'hrnet-w32', 'no.py', 'a.onnx', 'mmpose::no')
    inputs = ('coco', 'photos', 'photo.jpg', 'no.jpg', '*', '**', 'c*', 'IMG*')
    assert all(map(is_model, named))
    assert not any(map(is_model, inputs))
    for words, problem in (
        ([NAME], f'{NAME} is a model, and no input is left'),
        ([NAME, '--category', 'person', 'a.jpg'], 'before options that take several'),
        (['el-hrnt-w32'], 'perhaps el-hrnet-w32'),
        (['photos', 'no.jpg'], 'folder photos holds no images'),
        (['no.jpg', '--device', 'cpu', 'photos'], 'input no.jpg does not exist'),
        (['c*', 'no.jpg'], r'input c* does not exist'),
    ):
        assert main(['infer', *words]) == 2
        assert problem in capsys.readouterr().err, words


def test_heatmaps_by_name(tmp_path, coco_people, capsys):
    photo = coco_people.photos[0][0]
    assert main(['heatmaps', NAME, str(photo), '--out-dir', str(tmp_path)]) == 0
    assert (tmp_path / f'{photo.stem}.png').is_file()


@pytest.mark.parametrize(
    'command',
    [
        'infer eeffpose-p0-001-lspet-cpu a.jpg',
        'heatmaps eeffpose-p0-001-lspet-cpu a.jpg',
        'export eeffpose-p0-001-lspet-cpu --out a.onnx',
    ],
)
def test_a_typo_gets_the_near_names(command, capsys):
    assert main(command.split()) == 2
    assert NAME in capsys.readouterr().err


def test_a_checkpoint_in_the_place_of_an_image(capsys):
    assert main(['infer', NAME, 'best.pth', 'photo.jpg']) == 2
    assert 'with --weights best.pth' in capsys.readouterr().err


@pytest.fixture
def small_zoo(tmp_path, smooth_model, monkeypatch) -> str:
    """A repository with one small trained model; its name."""
    root = tmp_path / 'repository'
    for folder in ('configs', 'weights'):
        (root / folder).mkdir(parents=True)
    shutil.copy(smooth_model.config, root / 'configs')
    shutil.copy(smooth_model.checkpoint, root / 'weights')
    entry = dict(
        Name='smooth',
        Alias='smooth-trained',
        Config='configs/smooth.py',
        Weights='weights/smooth.pth/',
        Metadata={'Keypoint Threshold': 99},
    )
    (root / 'configs/metafile.yml').write_text(yaml.safe_dump(dict(Models=[entry])))
    (root / 'model-index.yml').write_text('Import: [configs/metafile.yml]')
    monkeypatch.setattr(models, 'find_repository', lambda: root)
    return entry['Alias']


def test_export_by_name(small_zoo, tmp_path, deploy_packages, drawn_person):
    """The exported file draws keypoints from the model's own threshold on, too."""
    from mmpose_light.apis import export

    done = export(small_zoo, tmp_path / 'model.onnx', threads=1)
    assert done.metadata.model == 'smooth'
    assert done.people
    boxes = tmp_path / 'boxes.json'
    middle = dict(image_id=9, category_id=1, bbox=[100, 70, 36, 48], score=1.0)
    boxes.write_text(json.dumps([middle]))
    drawn = {}
    for thr in (None, 99, 0.3):
        infer(done.file, drawn_person[0], tmp_path / str(thr), boxes=boxes, kpt_thr=thr)
        file = tmp_path / str(thr) / 'visualizations' / drawn_person[0].name
        drawn[thr] = file.read_bytes()
    assert done.metadata.keypoint_threshold == 99
    assert drawn[99] != drawn[0.3]
    assert drawn[None] == drawn[99]


@pytest.fixture(scope='module')
def drawn_person(tmp_path_factory):
    """A person that the package draws: the image's file, the box, the 17 keypoints."""
    path = tmp_path_factory.mktemp('drawn') / '000009.png'
    drawn = draw_image(seed=0, index=9, max_people=1)
    cv2.imwrite(str(path), drawn.image)
    (person,) = annotate(drawn)
    return path, person['bbox'], np.reshape(person['keypoints'], (17, 3))


def test_golden_pose(model, drawn_person, tmp_path):
    """On a drawn image, which is the same everywhere."""
    image, box, truth = drawn_person
    boxes = tmp_path / 'boxes.json'
    boxes.write_text(json.dumps([dict(image_id=9, category_id=1, bbox=box, score=1.0)]))
    infer(model.name, image, tmp_path, boxes=boxes, save_images=False)
    file = tmp_path / 'predictions' / f'{image.stem}.json'
    (person,) = json.loads(file.read_text())
    limbs = np.array(person['keypoints'])[5:]
    golden, score, found = GOLDEN_LIMBS[model.name]
    assert np.abs(limbs - golden).max() < 2
    assert np.mean(person['keypoint_scores'][5:]) == pytest.approx(score, abs=0.02)
    (diagonal,) = torso_diagonals(
        truth[None, :, :2], truth[None, :, 2] > 0, COCO_KEYPOINTS
    )
    missed = np.linalg.norm(limbs - truth[5:, :2], axis=1)
    assert (missed < 0.2 * diagonal).sum() == found


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
    (result,) = model.metafile['Results']
    return result['Metrics']['AP']


@pytest.mark.parametrize('people', [64, pytest.param(937, marks=pytest.mark.long)])
def test_ap_is_as_stated(model, lspet_val, tmp_path, people):
    """By the config as it is: ground-truth boxes, flip test."""
    cfg = Config.fromfile(model.config)
    photos = lspet_val.first(people, tmp_path)
    # small batches take the least time on a CPU
    cfg.test_dataloader.update(batch_size=4, num_workers=0, persistent_workers=False)
    cfg.test_dataloader.dataset.update(
        data_root='',
        ann_file=str(photos.ann_file),
        data_prefix=dict(img=str(photos.image_dir)),
    )
    cfg.test_evaluator[0].ann_file = str(photos.ann_file)
    cfg.load_from = str(model.weights)
    cfg.work_dir = str(tmp_path)
    cfg.experiment_name = f'{model.name}-{people}'
    metrics = Runner.from_cfg(cfg).test()
    expected = AP_OF_FIRST_64[model.name] if people == 64 else stated_ap(model)
    assert metrics['coco/AP'] == pytest.approx(expected, abs=2e-3)
