"""The wheel and the source distribution, and mim on an installed wheel.

mim runs from a folder that holds a tiny data set in COCO's layout, as a user's working
folder does.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from importlib.metadata import version
from pathlib import Path

import cv2
import mmpose
import numpy as np
import pytest
import yaml
from mmengine.config import Config
from packaging.requirements import Requirement

import mmpose_light

CONFIG = 'el_hrnet/td-hm_el-hrnet-w18_1xb16-300e_coco-128x96.py'
MIM_SOURCES = ('configs', 'tools', 'weights', 'model-index.yml')
OPTIONAL_SOURCES = ('README.md', 'LICENSE')
SHORT_RUN = (
    '--cfg-options',
    'train_cfg.max_epochs=1',
    'train_cfg.val_interval=1',
    'train_dataloader.batch_size=2',
    'default_hooks.checkpoint.interval=1',
    *(
        f'{split}_dataloader.{option}'
        for split in ('train', 'val', 'test')
        for option in ('num_workers=0', 'persistent_workers=False')
    ),
)

WITHOUT_VALIDATION = ('train_cfg.val_interval=2',)

needs_mim = pytest.mark.skipif(
    importlib.util.find_spec('mim') is None, reason='openmim is not installed'
)


def run(*command: str, cwd: Path, path: Path | str | None = None) -> str:
    """Run a command, with ``path`` in front of what Python finds."""
    env = {**os.environ, 'OMP_NUM_THREADS': '1'}
    env['PYTHONPATH'] = str(path) if path else ''
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout


def files_below(root: Path, *names: str) -> set[str]:
    """Return the files of some folders (or files) below a root, caches left out."""
    found = set()
    for name in names:
        path = root / name
        files = path.rglob('*') if path.is_dir() else [path]
        found |= {
            file.relative_to(root).as_posix()
            for file in files
            if file.is_file() and '__pycache__' not in file.parts
        }
    return found


@pytest.fixture(scope='module')
def checkout(tmp_path_factory, repo_dir) -> Path:
    """A copy of what is needed to build, so that building leaves no trace here."""
    checkout = tmp_path_factory.mktemp('checkout')
    for name in ('setup.py', 'mmpose_light', *MIM_SOURCES, *OPTIONAL_SOURCES):
        source = repo_dir / name
        if source.is_dir():
            ignore = shutil.ignore_patterns('__pycache__')
            shutil.copytree(source, checkout / name, ignore=ignore)
        elif source.exists() or name not in OPTIONAL_SOURCES:
            shutil.copy(source, checkout)
    # what an earlier build of other sources may have left
    stale = checkout / 'build/lib/mmpose_light/.mim/configs/stale.py'
    stale.parent.mkdir(parents=True)
    stale.touch()
    return checkout


@pytest.fixture(scope='module')
def wheel(checkout, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp('wheel')
    command = ['pip', 'wheel', '--no-deps', '--no-build-isolation', '--no-index', '-w']
    run(sys.executable, '-m', *command, out, checkout, cwd=out)
    (wheel,) = out.glob('*.whl')
    return wheel


@pytest.fixture(scope='module')
def site(wheel, tmp_path_factory) -> Path:
    """A folder of packages with the wheel installed as pip installs it."""
    site = tmp_path_factory.mktemp('site')
    command = ['pip', 'install', '--no-deps', '--no-index', '--target']
    run(sys.executable, '-m', *command, site, wheel, cwd=site)
    return site


def test_wheel_holds_the_package_and_what_mim_needs(wheel, checkout):
    names = set(zipfile.ZipFile(wheel).namelist())
    held = {name for name in names if '.dist-info/' not in name}
    expected = {
        name for name in files_below(checkout, 'mmpose_light') if name.endswith('.py')
    }
    expected |= {
        f'mmpose_light/.mim/{name}' for name in files_below(checkout, *MIM_SOURCES)
    }
    assert held == expected
    assert f'mmpose_light/.mim/configs/{CONFIG}' in held
    assert not (checkout / 'mmpose_light/.mim').exists()


def test_metadata_leaves_the_users_stack_alone(wheel):
    archive = zipfile.ZipFile(wheel)
    (name,) = (n for n in archive.namelist() if n.endswith('.dist-info/METADATA'))
    metadata = Parser().parsestr(archive.read(name).decode())
    assert metadata['Name'] == 'mmpose-light'
    assert metadata['Version'] == mmpose_light.__version__
    assert 'Apache-2.0' in (metadata['License'], metadata['License-Expression'])
    needs = metadata.get_all('Requires-Dist', [])
    assert [need for need in needs if 'extra == ' not in need] == []


def test_the_extra_for_deployment_leaves_numpy_alone(wheel):
    archive = zipfile.ZipFile(wheel)
    (name,) = (n for n in archive.namelist() if n.endswith('.dist-info/METADATA'))
    metadata = Parser().parsestr(archive.read(name).decode())
    needs = [Requirement(need) for need in metadata.get_all('Requires-Dist')]
    extra = {n.name: n for n in needs if n.marker.evaluate(dict(extra='deploy'))}
    assert {'onnx', 'onnxruntime', 'onnxslim', 'openvino'} <= extra.keys()
    assert 'numpy' not in extra
    for name, need in extra.items():  # what is pinned for the tests fits
        assert need.specifier.contains(version(name)), need


def test_source_distribution_builds_the_same_wheel(wheel, checkout, tmp_path):
    code = f'from setuptools import build_meta as b; b.build_sdist({str(tmp_path)!r})'
    run(sys.executable, '-c', code, cwd=checkout)
    (archive,) = tmp_path.glob('*.tar.gz')
    with tarfile.open(archive) as tar:
        names = {name.partition('/')[2] for name in tar.getnames()}
    needed = files_below(checkout, 'setup.py', 'mmpose_light', *MIM_SOURCES)
    assert needed <= names


def test_editable_build_has_no_mim_folder(checkout, tmp_path):
    code = (
        f'from setuptools import build_meta as b; b.build_editable({str(tmp_path)!r})'
    )
    run(sys.executable, '-c', code, cwd=checkout)
    (wheel,) = tmp_path.glob('*.whl')
    assert not [n for n in zipfile.ZipFile(wheel).namelist() if '.mim' in n]
    assert not (checkout / 'mmpose_light/.mim').exists()


def write_tiny_coco(root: Path, images: int = 4) -> None:
    """Write a data set of a few images in COCO's layout, with detected boxes."""
    rng = np.random.default_rng(0)
    categories = [dict(id=1, name='person', keypoints=[f'{i}' for i in range(17)])]
    (root / 'annotations').mkdir(parents=True)
    (root / 'person_detection_results').mkdir()
    for split in ('train', 'val'):
        (root / f'{split}2017').mkdir()
        content = dict(images=[], annotations=[], categories=categories)
        boxes = []
        for i in range(1, images + 1):
            name, width, height = f'{i:012}.jpg', 96, 128
            picture = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
            cv2.imwrite(str(root / f'{split}2017' / name), picture)
            points = rng.integers(20, 80, (17, 3))
            points[:, 2] = 2
            box = [10, 10, 80, 100]
            content['images'].append(
                dict(id=i, file_name=name, width=width, height=height)
            )
            content['annotations'].append(
                dict(
                    id=i,
                    image_id=i,
                    category_id=1,
                    bbox=box,
                    area=4240,
                    iscrowd=0,
                    num_keypoints=17,
                    keypoints=points.ravel().tolist(),
                )
            )
            boxes.append(dict(image_id=i, category_id=1, bbox=box, score=0.9))
        annotations = root / f'annotations/person_keypoints_{split}2017.json'
        annotations.write_text(json.dumps(content))
    detections = 'person_detection_results/COCO_val2017_detections_AP_H_56_person.json'
    (root / detections).write_text(json.dumps(boxes))


@pytest.fixture(scope='module')
def work_dir(tmp_path_factory) -> Path:
    """A user's working folder: no checkout, data under data/coco."""
    work_dir = tmp_path_factory.mktemp('work')
    write_tiny_coco(work_dir / 'data/coco')
    return work_dir


@pytest.fixture(scope='module')
def checkpoint(site, work_dir) -> Path:
    """Trained by ``mim train mmpose_light`` under the config's bare name."""
    out = run(
        *(sys.executable, '-m', 'mim', 'train', 'mmpose_light', Path(CONFIG).name),
        *('--work-dir', 'work_dirs/installed'),
        *SHORT_RUN,
        cwd=work_dir,
        path=site,
    )
    assert f'{site}/mmpose_light/.mim/configs/{CONFIG}' in out
    assert 'Training finished successfully' in out
    assert 'coco/AP' in out
    return work_dir / 'work_dirs/installed/epoch_1.pth'


@needs_mim
def test_mim_test(checkpoint, site, work_dir):
    out = run(
        *(sys.executable, '-m', 'mim', 'test', 'mmpose_light', Path(CONFIG).name),
        *('--checkpoint', checkpoint, '--work-dir', 'work_dirs/tested'),
        *SHORT_RUN,
        cwd=work_dir,
        path=site,
    )
    assert 'Load checkpoint' in out or 'Loads checkpoint' in out
    assert 'coco/AP' in out
    assert 'Testing finished successfully' in out


@needs_mim
def test_mim_train_in_two_processes(site, work_dir):
    """On a GPU MMEngine opens the group of processes; here a module of the config."""
    (work_dir / 'gloo_on_cpu.py').write_text(
        "import torch.distributed as dist\n\ndist.init_process_group('gloo')\n"
    )
    base = str(site / 'mmpose_light/.mim/configs' / CONFIG)
    (work_dir / 'two_processes.py').write_text(
        f'_base_ = {base!r}\n'
        "custom_imports = dict(imports=['mmpose_light', 'gloo_on_cpu'])\n"
        'model_wrapper_cfg = dict(\n'
        "    type='MMDistributedDataParallel', device_ids=None\n)\n"
    )
    out = run(
        *(sys.executable, '-m', 'mim', 'train', 'mmpose_light', 'two_processes.py'),
        *('--gpus', '2', '--launcher', 'pytorch', '--auto-scale-lr'),
        *SHORT_RUN,
        *WITHOUT_VALIDATION,
        cwd=work_dir,
        path=f'{site}{os.pathsep}{work_dir}',
    )
    assert 'Training finished successfully' in out
    # 2 processes × 2 of SHORT_RUN
    assert 'batch size of 16 and the current batch size is 4' in out


@needs_mim
def test_tools_of_mmpose_on_a_config_of_a_checkout(checkout, work_dir):
    """MMPose's own tools, which learn of the package from the config alone."""
    shutil.copytree(work_dir / 'data', checkout / 'data')
    out = run(
        *(sys.executable, '-m', 'mim', 'train', 'mmpose', f'configs/{CONFIG}'),
        *SHORT_RUN,
        *WITHOUT_VALIDATION,
        cwd=checkout,
        path=checkout,
    )
    assert 'Training finished successfully' in out
    trained = checkout / 'work_dirs' / Path(CONFIG).stem / 'epoch_1.pth'
    tool = Path(mmpose.__file__).parent / '.mim/tools/test.py'
    out = run(
        *(sys.executable, tool, f'configs/{CONFIG}', trained),
        *SHORT_RUN,
        cwd=checkout,
        path=checkout,
    )
    assert 'coco/AP' in out


def test_installed_package_has_trained_models(site, work_dir):
    code = (
        'from mmpose_light.apis.models import find_model, list_models;'
        'print(*[find_model(name).weights for name in list_models(trained=True)])'
    )
    out = run(sys.executable, '-c', code, cwd=work_dir, path=site).split()
    weights = site / 'mmpose_light/.mim/weights'
    assert {Path(name) for name in out if name.endswith('.pth')} == {
        *weights.glob('*.pth')
    }


@needs_mim
def test_mim_search(site, work_dir):
    found = work_dir / 'found.json'
    run(
        *(sys.executable, '-m', 'mim', 'search', 'mmpose_light', '--json', found),
        cwd=work_dir,
        path=site,
    )
    configs = set(json.loads(found.read_text())['config'].values())
    assert f'configs/{CONFIG}' in configs
    installed = site / 'mmpose_light/.mim'
    assert [config for config in configs if not (installed / config).is_file()] == []


def read_models(root: Path) -> list[dict]:
    """Return the entries of all metafiles below the root of a checkout or ``.mim``."""
    index = yaml.safe_load((root / 'model-index.yml').read_text())
    return [
        model
        for metafile in index['Import']
        for model in yaml.safe_load((root / metafile).read_text())['Models']
    ]


@needs_mim
def test_mim_download(site, work_dir):
    """It fetches configs: of each kind of ``Weights``, the first model's."""
    root = site / 'mmpose_light/.mim'
    kinds = {
        Path(model['Weights']).suffix or model['Weights']: model
        for model in reversed(read_models(root))
    }
    assert len(kinds) == 3
    configs = {model['Name']: root / model['Config'] for model in kinds.values()}
    run(
        *(sys.executable, '-m', 'mim', 'download', 'mmpose_light'),
        *('--dest', 'downloaded', '--config', *configs),
        cwd=work_dir,
        path=site,
    )
    downloaded = work_dir / 'downloaded'
    assert {path.name for path in downloaded.iterdir()} == {f'{n}.py' for n in configs}
    for name, config in configs.items():
        whole = Config.fromfile(downloaded / f'{name}.py')
        assert whole.to_dict() == Config.fromfile(config).to_dict()


def test_mim_finds_no_weights_to_fetch(repo_dir):
    """Without the slash it takes ``Weights`` for a file's address and fails."""
    weights = [model.get('Weights', '') for model in read_models(repo_dir)]
    assert [address for address in weights if not address.endswith('/')] == []


@needs_mim
def test_mim_run(checkpoint, site, work_dir):
    config = site / 'mmpose_light/.mim/configs' / CONFIG
    picture = 'data/coco/val2017/000000000001.jpg'
    run(
        *(sys.executable, '-m', 'mim', 'run', 'mmpose_light', 'infer'),
        *(config, picture, '--weights', checkpoint, '--out-dir', 'inferred'),
        cwd=work_dir,
        path=site,
    )
    (predictions,) = (work_dir / 'inferred/predictions').glob('*.json')
    (person,) = json.loads(predictions.read_text())
    assert np.shape(person['keypoints']) == (17, 2)


def test_model_index_names_every_metafile(repo_dir):
    index = yaml.safe_load((repo_dir / 'model-index.yml').read_text())
    metafiles = (repo_dir / 'configs').rglob('metafile.yml')
    assert set(index['Import']) == {
        path.relative_to(repo_dir).as_posix() for path in metafiles
    }


def test_console_command_of_the_installed_wheel(site, work_dir):
    command = next((site / 'bin').glob('mmpose-light*'))
    out = run(sys.executable, command, 'check-env', cwd=work_dir, path=site)
    assert 'Nothing to fix.' in out
