"""What the tests share: where the optional data lies, threads, seeds."""

import functools
import json
import multiprocessing
import os
import signal
import threading
import zipfile
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import mmengine.config.utils
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.model import BaseModel
from mmpose.registry import MODELS

from mmpose_light.datasets.synthetic_people import write_synthetic_people
from mmpose_light.models import EEffNet, EffNet

REPO = Path(__file__).resolve().parents[1]

# For each config that inherits from MMPose's, MMEngine reads all metafiles of MMPose, a
# tenth of a second or two each time; some are loaded while tests are collected.
mmengine.config.utils.load = functools.cache(mmengine.config.utils.load)


@pytest.hookimpl(tryfirst=True)  # before xdist looks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under pytest-xdist, let one process run a file, and make what it shares once.

    The files of ``tests/benchmark`` share one benchmark, so one process runs them all.
    """
    for item in items:
        file = Path(item.nodeid.partition('::')[0])
        shared = file.parent.name == 'benchmark'
        item.add_marker(pytest.mark.xdist_group(str(file.parent if shared else file)))


@pytest.fixture(autouse=True, scope='session')
def _threads():
    """Share the cores: one thread where pytest-xdist runs several processes."""
    if 'PYTEST_XDIST_WORKER' in os.environ:
        torch.set_num_threads(1)
        os.environ['OMP_NUM_THREADS'] = '1'  # of the commands that tests run
    else:
        torch.set_num_threads(min(2, torch.get_num_threads()))


@pytest.fixture(autouse=True, scope='session')
def _plain_configs():
    """Write configs as they come.

    MMEngine makes five pretty texts of a config for each runner, a third of a second
    each, and one whenever a config is dumped.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            'mmengine.config.config.FormatCode', lambda text, **options: (text, True)
        )
        yield


@pytest.fixture(autouse=True, scope='session')
def _interrupts():
    """Hear Ctrl-C, which a shell lets its background jobs ignore."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.fixture(scope='session')
def repo_dir() -> Path:
    """The root of the checkout."""
    return REPO


@pytest.fixture(scope='session')
def shared_dir() -> Path:
    """The folder of real photographs that may lie beside the checkout."""
    shared = REPO.parent / 'shared'
    if not (shared / 'data').is_dir():
        pytest.skip(f'real photographs not found: {shared / "data"} is missing')
    return shared


#: Stages of an EfficientNet of all kinds of blocks, but few and narrow.
SMALL_STAGES = (
    (3, 8, 1, 1, 1),
    (3, 8, 1, 2, 2),
    (5, 16, 2, 2, 2),
    (3, 16, 1, 2, 2),
    (5, 24, 2, 1, 2),
    (5, 32, 2, 2, 2),
    (3, 40, 1, 1, 2),
)


@MODELS.register_module()
class SmallEffNet(EffNet):
    """EffNet, small enough to run in no time; outputs of 16, 24 and 40 channels."""

    stage_zoo = SMALL_STAGES


@MODELS.register_module()
class SmallEEffNet(EEffNet):
    """EEffNet, small enough to run in no time; outputs of 16, 24 and 40 channels."""

    stage_zoo = SMALL_STAGES


@pytest.fixture(scope='session')
def fork() -> multiprocessing.context.BaseContext:
    """How to start a process that needs the same imports: in no time."""
    if torch.cuda.is_available():
        pytest.skip('PyTorch lets no process fork whose autograd knows of a GPU')
    return multiprocessing.get_context('fork')


class ToyDataset(BaseDataset):
    """As many pairs of numbers as wanted."""

    def __init__(self, size: int, **kwargs) -> None:
        self.size = size
        super().__init__(serialize_data=False, **kwargs)

    def load_data_list(self) -> list[dict]:
        return [dict(inputs=torch.full((2,), float(i))) for i in range(self.size)]


class ToyModel(BaseModel):
    """Learns to map them to zero."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(2, 1)

    def forward(self, inputs, sample_idx=None, mode='tensor'):
        loss = self.linear(torch.stack(inputs)).square().mean()
        return dict(loss=loss) if mode == 'loss' else [loss]


@pytest.fixture(scope='session')
def toy() -> SimpleNamespace:
    """A model of three numbers and data for it: MMEngine's runner in no time."""

    def loader(size: int, batch_size: int = 2, **dataset) -> dict:
        return dict(
            dataset=ToyDataset(size, **dataset),
            batch_size=batch_size,
            sampler=dict(type='DefaultSampler', shuffle=False),
        )

    return SimpleNamespace(model=ToyModel, loader=loader)


def make_el_hrnet_extra(branches: int = 4) -> dict:
    """Make the ``extra`` of an EL-HRNet of one block a branch, 8 channels wide."""
    first = dict(
        num_modules=1,
        num_branches=1,
        block='BOTTLENECK',
        num_blocks=(1,),
        num_channels=(8,),
    )
    later = {
        f'stage{stage}': dict(
            num_modules=1,
            num_branches=min(stage, branches),
            block='BASIC',
            num_blocks=(1,) * min(stage, branches),
            num_channels=(8, 16, 32, 64)[: min(stage, branches)],
        )
        for stage in (2, 3, 4)
    }
    return dict(stage1=first, **later)


@pytest.fixture(scope='session')
def small_el_hrnet_extra() -> dict:
    """The ``extra`` of an EL-HRNet that has all that EL-HRNet-W32 has, but once."""
    return make_el_hrnet_extra()


@pytest.fixture(scope='session')
def tiny_el_hrnet_extra() -> dict:
    """The ``extra`` of an EL-HRNet with two resolutions: half the layers to export."""
    return make_el_hrnet_extra(branches=2)


@pytest.fixture(scope='session')
def synthetic_coco(tmp_path_factory) -> Path:
    """A small set of synthetic people in COCO's layout: train and val."""
    root = tmp_path_factory.mktemp('synthetic')
    write_synthetic_people(root, num_images=6, seed=0, split='train', max_people=2)
    write_synthetic_people(root, num_images=4, seed=1, split='val', max_people=2)
    return root


@pytest.fixture(scope='session')
def smooth_model(tmp_path_factory, repo_dir, small_el_hrnet_extra) -> SimpleNamespace:
    """A small EL-HRNet with random weights whose heatmaps are as smooth as trained ones.

    Config and checkpoint are files, as a user has them. The head's last layer blurs, so
    peaks are some pixels wide, and about as high as trained ones.
    """
    from mmpose.apis import init_model  # after mmpose_light

    folder = tmp_path_factory.mktemp('smooth_model')
    base = 'configs/el_hrnet/td-hm_el-hrnet-w18_1xb16-300e_coco-128x96.py'
    config = Config.fromfile(repo_dir / base)
    config.model.backbone = dict(type='ELHRNet', extra=small_el_hrnet_extra)
    config.model.head.in_channels = 8
    config.model.head.final_layer = dict(kernel_size=7, padding=3)
    config.model.test_cfg.flip_test = False
    config.dump(folder / 'smooth.py')

    torch.manual_seed(1)
    model = init_model(config.copy(), device='cpu')
    with torch.no_grad():
        bell = torch.exp(-(torch.arange(-3.0, 4) ** 2) / 8)
        mixture = torch.randn(17, 8, 1, 1) ** 4  # above zero, as keypoints need it
        model.head.final_layer.weight.copy_(mixture * bell * bell[:, None])
        peaks = model(torch.randn(4, 3, 128, 96), None, mode='tensor').amax((0, 2, 3))
        model.head.final_layer.weight.div_(peaks[:, None, None, None])
    checkpoint = folder / 'smooth.pth'
    meta = dict(dataset_meta=model.dataset_meta)
    torch.save(dict(state_dict=model.state_dict(), meta=meta), checkpoint)
    return SimpleNamespace(
        config=folder / 'smooth.py', checkpoint=checkpoint, model=model
    )


@pytest.fixture(scope='session')
def deploy_packages() -> None:
    """The packages of ``pip install mmpose-light[deploy]``."""
    for name in ('onnx', 'onnxruntime', 'onnxslim', 'openvino'):
        pytest.importorskip(name, reason=f'{name}: pip install mmpose-light[deploy]')


def need_ncnn() -> None:
    """Skip where the packages of ``pip install mmpose-light[ncnn]`` are missing."""
    for name in ('ncnn', 'pnnx'):
        pytest.importorskip(name, reason=f'{name}: pip install mmpose-light[ncnn]')


@pytest.fixture(scope='session')
def ncnn_packages() -> None:
    """The packages of ``pip install mmpose-light[ncnn]``."""
    need_ncnn()


@pytest.fixture(scope='session')
def export_smooth_model(tmp_path_factory, smooth_model, deploy_packages):
    """Export that model with some options; the same file for the same options."""
    from mmpose_light.apis import export
    from mmpose_light.deploy.choices import FORMATS

    done = {}

    def run(**options):
        key, kind = repr(sorted(options.items())), options.get('format', 'onnx')
        if kind == 'ncnn':
            need_ncnn()
        if key not in done:
            file = tmp_path_factory.mktemp('exported') / f'smooth{FORMATS[kind].suffix}'
            done[key] = export(
                smooth_model.config, file, smooth_model.checkpoint, threads=1, **options
            )
        return done[key]

    return run


@pytest.fixture(scope='session')
def coco_people(shared_dir, tmp_path_factory) -> SimpleNamespace:
    """Photographs of people: their folder, the annotation file, and some with boxes."""
    folder = tmp_path_factory.mktemp('coco_people')
    with zipfile.ZipFile(shared_dir / 'data' / 'coco_people.zip') as archive:
        archive.extractall(folder)
    ann_file = shared_dir / 'data' / 'coco_people.json'
    dataset = json.loads(ann_file.read_text())
    boxes = defaultdict(list)
    for annotation in dataset['annotations']:
        left, top, width, height = annotation['bbox']
        boxes[annotation['image_id']].append([left, top, left + width, top + height])
    photos = [
        (folder / 'images' / image['file_name'], np.array(boxes[image['id']]))
        for image in dataset['images']
        if boxes[image['id']]
    ]
    return SimpleNamespace(folder=folder / 'images', ann_file=ann_file, photos=photos)
