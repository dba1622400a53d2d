"""Models small enough to run in no time, and a benchmark of them."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config

from mmpose_light.benchmark.comparison import read_counts
from mmpose_light.benchmark.quoted import read_quotations
from mmpose_light.benchmark.run import run_benchmark
from mmpose_light.benchmark.settings import Settings

TINY = """
_base_ = '{repo}/configs/el_hrnet/td-hm_el-hrnet-w18_1xb16-300e_coco-128x96.py'
model = dict(
    backbone=dict(_delete_=True, type='ELHRNet', extra={extra}),
    head=dict(in_channels=8))
"""
METAFILE = """
Models:
  - Name: tiny
    Config: configs/tiny.py
    Results:
      - {Task: Body 2D Keypoint, Dataset: COCO, Metrics: {AP: 0.425}}
"""
QUOTED = """
papers: {Tiny: https://example.org/paper}
tables:
- paper: Tiny
  table: 1
  dataset: COCO val2017
  columns: [network, method, backbone, input, params, gflops, AP]
  rows:
  - [hrnet-w32, HRNet, HRNet-W32, 256x192, 28.5, 7.1, 74.6]
"""
SIZE = (64, 64)


@pytest.fixture(scope='session')
def folder(tmp_path_factory, repo_dir, tiny_el_hrnet_extra) -> Path:
    """A folder of configs: two models that run, and one that cannot."""
    folder = tmp_path_factory.mktemp('configs')
    text = TINY.format(repo=repo_dir, extra=tiny_el_hrnet_extra)
    (folder / 'source.py').write_text(text)
    config = Config.fromfile(folder / 'source.py')
    config.dump(folder / 'tiny.py')
    config.model.head.in_channels = 9
    config.dump(folder / 'broken.py')
    config.model.head.in_channels = 8
    config.model.backbone.extra.stage3.num_modules = 2
    config.dump(folder / 'large.py')
    (folder / 'metafile.yml').write_text(METAFILE)
    return folder


@pytest.fixture(scope='session')
def make_settings(folder):
    """Make the settings of a short benchmark of models in that folder."""

    def make(*names: str, **options) -> Settings:
        short = dict(
            models=[str(folder / f'{name}.py') for name in names],
            reference=names[0],
            runtimes=['eager'],
            batch_sizes=[1],
            train_batch_size=0,
            threads=1,
            input_size=SIZE,
            rounds=2,
            runs=2,
            memory=False,
        )
        return Settings(**{**short, **options})

    return make


@pytest.fixture(scope='session')
def measured(make_settings, tmp_path_factory) -> SimpleNamespace:
    """A benchmark with everything in it: its report, its folder and its steps."""
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    out = tmp_path_factory.mktemp('out')
    settings = make_settings(
        'tiny',
        'large',
        'broken',
        runtimes=['eager', 'onnxruntime'],
        train_batch_size=2,
        memory=True,
    )
    threads, steps = torch.get_num_threads(), []
    report = run_benchmark(
        settings, out, command='benchmark.py --some thing', on_step=steps.append
    )
    assert torch.get_num_threads() == threads, 'the setting of this process is kept'
    return SimpleNamespace(report=report, out=out, steps=steps)


@pytest.fixture(scope='session')
def docs(repo_dir) -> Path:
    """The folder of the comparison."""
    return repo_dir / 'docs'


@pytest.fixture(scope='session')
def quotations(docs):
    """What it quotes."""
    return read_quotations(docs / 'comparison.yml')


@pytest.fixture(scope='session')
def counts(docs):
    """What was counted for it."""
    return read_counts(docs / 'comparison.json')


@pytest.fixture
def quoted_text() -> str:
    """A file that quotes one row."""
    return QUOTED


@pytest.fixture
def made_up(tmp_path, quoted_text):
    """What it quotes."""
    (tmp_path / 'comparison.yml').write_text(quoted_text)
    return read_quotations(tmp_path / 'comparison.yml')
