"""What metafiles publish of a config."""

import os

import pytest

from mmpose_light.benchmark.models import find_models
from mmpose_light.benchmark.published import (
    COCO,
    MPII,
    TEST_DEV,
    find_published,
    list_published,
)

METAFILE = """
Collections:
  - {Name: Tiny, Paper: {URL: 'https://example.org/paper'}}
Models:
  - Name: tiny
    In Collection: Tiny
    Config: configs/tiny.py
    Results:
      - {Task: Body 2D Keypoint, Dataset: MPII, Metrics: {Mean: 0.9, Head: 0.963}}
      - {Task: Wholebody, Dataset: COCO-WholeBody, Metrics: {AP: 0.3}}
      - Task: Body 2D Keypoint
        Dataset: COCO test-dev (published, not reproduced)
        Metrics: {AP: 0.413}
      - Task: Body 2D Keypoint
        Dataset: COCO (published, not reproduced)
        Metrics: {AP: 0.425, AP (M): 0.4, note: rounded}
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / 'metafile.yml').write_text(METAFILE)
    (tmp_path / 'other.yml').write_text('- no metafile')
    return tmp_path / 'ablation' / 'tiny.py'


def test_every_result(config):
    results = {published.dataset: published for published in list_published(config)}
    assert list(results) == [MPII, 'COCO-WholeBody', TEST_DEV, COCO]
    assert results[MPII].metrics == {'Mean': 90.0, 'Head': 96.3}
    assert results[MPII].ap is None
    assert results[MPII].reproduced
    assert results[MPII].source.endswith('metafile.yml')
    assert results[TEST_DEV].ap == 41.3
    assert results[COCO].metrics == {'AP': 42.5, 'AP (M)': 40.0}
    assert results[COCO].source == 'https://example.org/paper'
    assert not results[COCO].reproduced


def test_the_ap_is_of_val2017(config):
    assert find_published(config).ap == 42.5
    assert find_published(config.with_name('large.py')) is None


def test_a_changed_metafile_is_read_again(config):
    metafile = config.parents[1] / 'metafile.yml'
    assert find_published(config).ap == 42.5
    metafile.write_text(METAFILE.replace('0.425', '0.5'))
    os.utime(metafile, ns=(1, 1))
    assert find_published(config).ap == 50


def test_mmposes_own():
    published = find_published(find_models(['hrnet-w32'])[0].config)
    assert published.metrics['AP@0.75'] == 81.9
    assert published.reproduced
    assert 'github.com/open-mmlab/mmpose' in published.source
