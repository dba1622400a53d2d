"""What the tests share: where the optional data lies, threads, seeds."""

import os
from pathlib import Path

import pytest
import torch

import mmpose_light  # noqa: F401  (registers the modules, closes the stack's gaps)
from mmpose_light.datasets.synthetic_people import write_synthetic_people

REPO = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True, scope='session')
def _threads():
    """Share the cores: one thread where pytest-xdist runs several processes."""
    if 'PYTEST_XDIST_WORKER' in os.environ:
        torch.set_num_threads(1)
        os.environ['OMP_NUM_THREADS'] = '1'  # of the commands that tests run
    else:
        torch.set_num_threads(min(2, torch.get_num_threads()))


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


@pytest.fixture(scope='session')
def small_el_hrnet_extra() -> dict:
    """The ``extra`` of an EL-HRNet small enough to run in no time, 8 channels wide."""
    later = {
        f'stage{n}': dict(
            num_modules=1,
            num_branches=n,
            block='BASIC',
            num_blocks=(1,) * n,
            num_channels=(8, 16, 32, 64)[:n],
        )
        for n in (2, 3, 4)
    }
    first = dict(
        num_modules=1,
        num_branches=1,
        block='BOTTLENECK',
        num_blocks=(1,),
        num_channels=(8,),
    )
    return dict(stage1=first, **later)


@pytest.fixture(scope='session')
def synthetic_coco(tmp_path_factory) -> Path:
    """A small set of synthetic people in COCO's layout: train and val."""
    root = tmp_path_factory.mktemp('synthetic')
    write_synthetic_people(root, num_images=6, seed=0, split='train', max_people=2)
    write_synthetic_people(root, num_images=4, seed=1, split='val', max_people=2)
    return root
