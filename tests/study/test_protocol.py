"""The repository's protocols: their networks, and the config of each."""

import copy

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.models import build_pose_estimator

from mmpose_light.study.protocol import build_config, find_protocol, read_protocol
from mmpose_light.utils.complexity import count_parameters
from mmpose_light.utils.errors import UserError

CPU_CONFIG = 'configs/el_hrnet/td-hm_el-hrnet-w32_1xb16-9e_lspet-128x96.py'
SIZE = (96, 128)
PARAMETERS = {
    'el-hrnet-w32': 5_032_705,
    'eeffpose-p0': 9_007_292,
    'effbase': 3_797_279,
}


@pytest.fixture(scope='module')
def study():
    return read_protocol()


def test_protocols_have_names(repo_dir):
    file = repo_dir / 'configs/study/lspet-128x96.py'
    assert find_protocol('lspet-128x96').samefile(file)
    assert find_protocol(file) == file
    with pytest.raises(UserError, match='lspet does not exist.*lspet-128x96, lspet-2'):
        find_protocol('lspet')


def test_order_of_the_networks(study):
    names = list(study.networks)
    assert names[:4] == ['el-hrnet-w32', 'hrnet-w32', 'eeffpose-p0', 'effbase']
    assert len(names) == 16
    orders = [entry.get('ablation') for entry in study.networks.values()]
    assert {order for order in orders if order} == {
        f'{order:03b}' for order in range(8)
    }
    assert all(orders[-6:]), 'the other ablations come last'


def test_every_network_learns_from_scratch(study):
    for name, entry in study.networks.items():
        cfg = build_config(study, name, lr_scale=0.5)
        assert 'Pretrained' not in str(cfg.model.to_dict()), name
        assert cfg.optim_wrapper.optimizer.lr == entry.lr / 2
        assert cfg.train_dataloader.dataset.pipeline[6].encoder == (
            cfg.model.head.decoder
        )


def test_config_of_a_network_is_its_own(study):
    first = build_config(study, 'el-hrnet-w32')
    before = copy.deepcopy(first.to_dict())
    other = build_config(study, 'rtmpose-s')
    other.train_dataloader.dataset.ann_file = 'elsewhere.json'
    assert first.to_dict() == before
    assert build_config(study, 'el-hrnet-w32').to_dict() == before


def test_networks_share_all_but_model_and_learning_rate(study):
    def shared(name):
        cfg = build_config(study, name).to_dict()
        del cfg['model'], cfg['optim_wrapper']['optimizer']['lr']
        del cfg['train_dataloader']['dataset']['pipeline'][6]['encoder']
        return cfg

    first, *others = map(shared, study.networks)
    assert all(other == first for other in others)


@pytest.mark.parametrize(
    ('networks', 'message'),
    [
        ('dict()', 'has no networks'),
        ("dict(a=dict(title='A', config='a.py'))", "'lr' is missing or wrong"),
        (
            "dict(a=dict(title='A', config='a.py', lr=1e-3, lr_mult=2))",
            "'lr_mult' is missing or wrong",
        ),
    ],
)
def test_protocol_that_is_none(tmp_path, networks, message):
    path = tmp_path / 'protocol.py'
    path.write_text(f'networks = {networks}\n')
    with pytest.raises(ValueError, match=message):
        read_protocol(path)


def test_network_of_another_size(study, repo_dir):
    small = study.copy()
    small.input_size = SIZE
    with pytest.raises(ValueError, match=r'\(192, 256\), the protocol gives \(96, 128'):
        build_config(small, 'el-hrnet-w32')


# The protocol for a CPU


@pytest.fixture(scope='module')
def cpu_study():
    return read_protocol('lspet-128x96')


def test_networks_are_the_same_for_smaller_images(study, cpu_study):
    assert list(cpu_study.networks) == list(study.networks)
    init_default_scope('mmpose')
    for name, entry in cpu_study.networks.items():
        other = study.networks[name]
        assert (entry.title, entry.lr) == (other.title, other.lr)
        cfg = build_config(cpu_study, name)
        with torch.device('meta'):
            model = build_pose_estimator(cfg.model).eval()
            outputs = model(torch.empty(1, 3, *SIZE[::-1]), None, mode='tensor')
        if name == 'rtmpose-s':
            assert [tuple(o.shape) for o in outputs] == [
                (1, 17, 2 * side) for side in SIZE
            ]
        else:
            assert outputs.shape == (1, 17, *model.head.decoder.heatmap_size[::-1])
        check_parts(name, entry, model)


def check_parts(name, entry, model):
    """What the tables and the ablation's orders say."""
    assert model.test_cfg['flip_test'], name
    if name in PARAMETERS:
        assert count_parameters(model) == PARAMETERS[name]
    if entry.get('ablation'):
        parts = (model.backbone, model.neck, model.head)
        found = ''.join(
            '1' if type(part).__name__ == new else '0'
            for part, new in zip(parts, ('EEffNet', 'TFNeck', 'FAHead'), strict=True)
        )
        assert found == entry.ablation


def test_config_for_mmpose_says_the_same(cpu_study, repo_dir):
    """What the weights were trained by, and the config that they are used with."""
    cfg = build_config(cpu_study, 'el-hrnet-w32')
    config = Config.fromfile(repo_dir / CPU_CONFIG)
    assert config.train_cfg.max_epochs == -(-cpu_study.iterations // (7475 // 16))
    del cfg.model['train_cfg']  # leaves MMPose's training accuracy out
    for get in (
        lambda c: c.model,
        lambda c: c.optim_wrapper.optimizer,
        lambda c: c.param_scheduler[0],
        lambda c: c.train_dataloader.batch_size,
        lambda c: c.train_dataloader.drop_last,
        lambda c: c.train_cfg.val_interval,
        lambda c: c.default_hooks.checkpoint.interval,
        lambda c: c.train_dataloader.dataset.pipeline,
        lambda c: c.val_dataloader.dataset.pipeline,
    ):
        assert without_scope(get(cfg)) == without_scope(get(config))
    # in steps to the end, or in epochs turned into steps: the same cosine
    assert cfg.param_scheduler[1] == dict(type='CosineAnnealingLR', by_epoch=False)
    assert config.param_scheduler[1] == dict(
        type='CosineAnnealingLR', begin=0, convert_to_iter_based=True
    )


def without_scope(part):
    if isinstance(part, dict):
        return {k: without_scope(v) for k, v in part.items() if k != '_scope_'}
    return [without_scope(v) for v in part] if isinstance(part, list) else part
