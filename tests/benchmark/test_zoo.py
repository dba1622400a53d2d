"""The tables of networks: configs are there, figures published, names agree."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config

from mmpose_light.benchmark.comparison import count_network
from mmpose_light.benchmark.models import (
    find_subjects,
    get_input_size,
    load_config,
)
from mmpose_light.benchmark.published import MPII, find_published, list_published
from mmpose_light.benchmark.run import make_card
from mmpose_light.benchmark.settings import Settings
from mmpose_light.benchmark.zoo import DEFAULT, FURTHER, MPII_ZOO, ZOO

#: What no one has published.
UNPUBLISHED = {'el-hrnet-w32-384x288'}


def check_size(subject, default):
    """The name ends in the config's input size, where that is not the default."""
    width, height = get_input_size(load_config(subject.config))
    size = f'{height}x{width}'
    for name in (subject.name, subject.label):
        ending = re.search(r'\d+x\d+$', name)
        assert (ending[0] if ending else default) == size
        assert not name.endswith(default)


@pytest.mark.parametrize('name', ZOO)
def test_networks_for_coco(name):
    (subject,) = find_subjects([name])
    check_size(subject, '256x192')
    published = find_published(subject.config)
    if name in UNPUBLISHED:
        assert published is None
        return
    assert 50 < published.ap < 80
    assert published.source.startswith('https://')
    assert published.reproduced == str(ZOO[name][1]).startswith('mmpose::')


@pytest.mark.parametrize('name', MPII_ZOO)
def test_networks_for_mpii(name):
    (subject,) = find_subjects([name], zoo=MPII_ZOO)
    check_size(subject, '256x256')
    (published,) = (p for p in list_published(subject.config) if p.dataset == MPII)
    assert 80 < published.metrics['Mean'] < 95


def test_which_are_measured():
    assert Settings(backends=('eager',)).models == DEFAULT
    assert tuple(ZOO) == DEFAULT + FURTHER
    assert len(DEFAULT) == 15, 'the defaults take about an hour'
    assert not any(name.endswith(('x288', 'x384')) for name in DEFAULT)
    everything = find_subjects(['hrnet-w48', 'all'])
    assert [s.name for s in everything][:2] == ['hrnet-w48', 'el-hrnet-w32']
    assert sorted(s.name for s in everything) == sorted(ZOO)
    assert len({s.label for s in everything}) == len(ZOO)


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


@pytest.mark.parametrize(
    ('name', 'parameters', 'ap'),
    [
        ('el-hrnet-w32', 5_032_705, 67.1),
        ('eeffpose-p0', 9_007_292, 75.4),
        ('effbase', 3_797_279, 67.8),
        ('eeffpose-p0-001', 3_797_279, 72.3),
    ],
)
def test_cards_of_our_networks(name, parameters, ap):
    card = make_card(find_subjects([name])[0], None)
    assert card.ours
    assert card.parameters == parameters
    assert card.ap == ap
    assert card.ap_source.startswith('https://doi.org/')


@pytest.mark.parametrize(
    ('name', 'millions', 'billions', 'unit'),
    [('mobilenetv3', 8.7, 1.47, 1e9), ('small-hrnet-w16', 1.3, 0.54, 2**30)],
)
def test_peers_have_the_papers_size(name, millions, billions, unit):
    (subject,) = find_subjects([name])
    assert not subject.ours
    count = count_network(subject)
    assert round(count.parameters / 1e6, 1) == millions
    assert count.macs / unit == pytest.approx(billions, rel=0.02)
