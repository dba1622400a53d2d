"""Finding models, reading their configs, counting them."""

from pathlib import Path

import pytest

from mmpose_light.benchmark.models import (
    build_model,
    count_model,
    describe_model,
    find_models,
    load_config,
)


@pytest.mark.parametrize(
    ('name', 'parameters', 'ap'),
    [
        ('el-hrnet-w32', 5_032_705, 67.1),
        ('eeffpose-p0', 9_007_292, 75.4),
        ('effbase', 3_797_279, 67.8),
        ('eeffpose-p0-001', 3_797_279, 72.3),
    ],
)
def test_cards_of_our_models(name, parameters, ap):
    card = describe_model(find_models([name])[0])
    assert card.ours
    assert card.parameters == parameters
    assert card.ap == ap
    assert card.ap_source.startswith('https://doi.org/')


@pytest.mark.parametrize(
    ('name', 'millions', 'billions', 'unit'),
    [('mobilenetv3', 8.7, 1.47, 1e9), ('small-hrnet-w16', 1.3, 0.54, 2**30)],
)
def test_peers_have_the_papers_size(name, millions, billions, unit):
    (card,) = find_models([name])
    assert not card.ours
    card = count_model(card)
    assert round(card.parameters / 1e6, 1) == millions
    assert card.macs / unit == pytest.approx(billions, rel=0.02)


def test_every_way_to_name_a_model(folder):
    stem = 'td-hm_eeffpose-p2_4xb16-215e_coco-384x288'
    host = 'body_2d_keypoint/topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-256x192'
    cards = find_models(
        ['hrnet-w32', stem, f'mmpose::{host}.py', folder / 'tiny.py', 'hrnet-w32']
    )
    names = ['hrnet-w32', stem, Path(host).name, 'tiny']
    assert [card.name for card in cards] == names
    assert [card.ours for card in cards] == [False, True, False, False]
    assert all(card.config.is_file() for card in cards)


def test_unknown_models(folder, tmp_path):
    with pytest.raises(ValueError, match="no model 'resnet'"):
        find_models(['resnet'])
    with pytest.raises(ValueError, match=r'perhaps el-hrnet-w32'):
        find_models(['elhrnet-w32'])
    with pytest.raises(FileNotFoundError, match=r'none\.py does not exist'):
        find_models([tmp_path / 'none.py'])
    with pytest.raises(FileNotFoundError, match='mmpose::none.py is not there'):
        find_models(['mmpose::none.py'])
    with pytest.raises(ValueError, match='no model'):
        find_models([])
    (tmp_path / 'tiny.py').touch()
    with pytest.raises(ValueError, match='two models would be called tiny'):
        find_models([folder / 'tiny.py', tmp_path / 'tiny.py'])


def test_bad_configs(tmp_path, folder):
    (tmp_path / 'empty.py').write_text('x = 1')
    with pytest.raises(ValueError, match=r'empty\.py has no codec'):
        load_config(tmp_path / 'empty.py')
    with pytest.raises(ValueError, match='65 64 does not fit.*heatmap_size'):
        load_config(folder / 'tiny.py', (65, 64))
    config = load_config(folder / 'tiny.py')
    config.model.type = 'BottomupPoseEstimator'
    with pytest.raises(ValueError, match='only top-down'):
        build_model(config)
