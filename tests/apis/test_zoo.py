"""The tables of models: configs are there, figures published, names agree."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config

from mmpose_light.apis.zoo import DEFAULT, FURTHER, MPII_ZOO, ZOO
from mmpose_light.benchmark.models import find_models, get_input_size, load_config
from mmpose_light.benchmark.published import MPII, find_published, list_published
from mmpose_light.benchmark.settings import Settings

#: What no one has published.
UNPUBLISHED = {'el-hrnet-w32-384x288'}


def check_size(card, default):
    """The name ends in the config's input size, where that is not the default."""
    width, height = get_input_size(load_config(card.config))
    size = f'{height}x{width}'
    for name in (card.name, card.label):
        ending = re.search(r'\d+x\d+$', name)
        assert (ending[0] if ending else default) == size
        assert not name.endswith(default)


@pytest.mark.parametrize('name', ZOO)
def test_models_for_coco(name):
    (card,) = find_models([name])
    check_size(card, '256x192')
    published = find_published(card.config)
    if name in UNPUBLISHED:
        assert published is None
        return
    assert 50 < published.ap < 80
    assert published.source.startswith('https://')
    assert published.reproduced == str(ZOO[name][1]).startswith('mmpose::')


@pytest.mark.parametrize('name', MPII_ZOO)
def test_models_for_mpii(name):
    (card,) = find_models([name], zoo=MPII_ZOO)
    check_size(card, '256x256')
    (published,) = (p for p in list_published(card.config) if p.dataset == MPII)
    assert 80 < published.metrics['Mean'] < 95


def test_which_are_measured():
    assert Settings(runtimes=['eager']).models == DEFAULT
    assert tuple(ZOO) == DEFAULT + FURTHER
    assert len(DEFAULT) == 15, 'the defaults take about an hour'
    assert not any(name.endswith(('x288', 'x384')) for name in DEFAULT)
    everything = find_models(['hrnet-w48', 'all'])
    assert [card.name for card in everything][:2] == ['hrnet-w48', 'el-hrnet-w32']
    assert sorted(card.name for card in everything) == sorted(ZOO)
    assert len({card.label for card in everything}) == len(ZOO)


def test_names_are_the_studys(repo_dir):
    study = Config.fromfile(repo_dir / 'configs/study/lspet-256x192.py').networks
    names = {Path(network['config']).name: name for name, network in study.items()}
    shared = {
        name: names[Path(config).name]
        for name, (_, config) in ZOO.items()
        if Path(config).name in names
    }
    assert len(shared) > 8
    assert {name: name for name in shared} == shared
