"""EffNet: published numbers, arguments, checkpoints of other libraries."""

import json
import zlib

import numpy as np
import pytest
import torch
from mmcv.cnn.bricks import Conv2dAdaptivePadding, DropPath
from mmdet.models.backbones import EfficientNet
from mmengine.logging import MMLogger
from torch import nn

from mmpose_light.models import EEffNet, EffNet
from mmpose_light.models.backbones.efficientnet_checkpoint import load_efficientnet


def pretrained(path, **kwargs):
    return dict(type='Pretrained', checkpoint=str(path), **kwargs)


@pytest.fixture(scope='module')
def mmdet_b0():
    """MMDetection's EfficientNet, with statistics of its own and our stem's stride."""
    torch.manual_seed(1)
    model = EfficientNet(arch='b0', out_indices=(3, 4, 5, 6))
    model.eval()  # returns nothing
    for name, tensor in model.state_dict().items():
        if name.endswith(('bn.bias', 'running_mean')):
            tensor.normal_(std=0.1)
        elif name.endswith('running_var'):
            tensor.uniform_(0.5, 1.5)
    model.layers[0].conv.stride = (1, 1)
    return model


@pytest.fixture(scope='module')
def timm_b0(repo_dir):
    """A checkpoint in timm's layout: the published EffBase's backbone has its names."""
    path = repo_dir / 'tests/data/eeffbase_000_coco_256x192.keys.json'
    state_dict = {}
    for key, shape in json.loads(path.read_text())['state_dict']:
        noise = np.random.default_rng(zlib.crc32(key.encode())).standard_normal(shape)
        if key.endswith('num_batches_tracked'):
            noise = np.zeros(shape)
        elif key.endswith('running_var'):
            noise = 0.5 + np.abs(noise)
        elif key.endswith(('running_mean', 'bias')):
            noise = 0.1 * noise
        elif len(shape) == 1:
            noise = 1 + 0.1 * noise
        else:
            noise = noise * np.sqrt(1 / np.prod(shape[1:]))
        if key.startswith('hr_backbone.'):
            name = key.removeprefix('hr_backbone.')
            state_dict[name] = torch.tensor(noise, dtype=torch.float32)
    return state_dict


@pytest.mark.parametrize(
    ('arch', 'channels', 'depths'),
    [
        ('b0', (40, 112, 320), [1, 2, 2, 3, 3, 4, 1]),
        ('b1', (40, 112, 320), [2, 3, 3, 4, 4, 5, 2]),
        ('b2', (48, 120, 352), [2, 3, 3, 4, 4, 5, 2]),
        ('b3', (48, 136, 384), [2, 3, 3, 5, 5, 6, 2]),
    ],
)
@torch.no_grad()
def test_variants(arch, channels, depths):
    model = EffNet(arch).eval()
    outs = model(torch.randn(1, 3, 64, 48))
    assert model.out_channels == channels
    assert model.depths == depths
    assert [tuple(out.shape) for out in outs] == [
        (1, channels[0], 16, 12),
        (1, channels[1], 8, 6),
        (1, channels[2], 4, 3),
    ]


@torch.no_grad()
def test_odd_sizes_round_up():
    outs = EffNet().eval()(torch.randn(1, 3, 33, 50))
    assert [tuple(out.shape[2:]) for out in outs] == [(9, 13), (5, 7), (3, 4)]


@torch.no_grad()
def test_features_are_those_of_mmdetection(mmdet_b0, tmp_path):
    """The strongest test: same weights, same numbers, by a peer's code."""
    path = tmp_path / 'b0.pth'
    torch.save(
        dict(state_dict={f'backbone.{k}': v for k, v in mmdet_b0.state_dict().items()}),
        path,
    )
    model = EffNet('b0', init_cfg=pretrained(path))
    model.init_weights()
    model.eval()
    for size in ((64, 48), (45, 67)):
        x = torch.randn(2, 3, *size)
        for out, expected in zip(model(x), mmdet_b0(x)[:3], strict=True):
            torch.testing.assert_close(out, expected, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_openmmlab_layout_of_another_depth(tmp_path):
    """B2 splits OpenMMLab's layers 4 and 5 into stages elsewhere than B0."""
    source = EfficientNet(arch='b2', out_indices=(3, 4, 5))
    source.eval()
    source.layers[0].conv.stride = (1, 1)
    torch.save(source.state_dict(), tmp_path / 'b2.pth')
    model = EffNet('b2', init_cfg=pretrained(tmp_path / 'b2.pth'))
    model.init_weights()
    x = torch.randn(1, 3, 64, 64)
    for out, expected in zip(model.eval()(x), source(x), strict=True):
        torch.testing.assert_close(out, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize('prefix', ['', 'backbone.', 'module.'])
@torch.no_grad()
def test_timm_layout(timm_b0, prefix, tmp_path, repo_dir):
    """The published EffBase's backbone, whose outputs were measured."""
    path = tmp_path / 'tf_efficientnet_b0.pth'
    torch.save({prefix + key: value for key, value in timm_b0.items()}, path)
    model = EffNet('b0', init_cfg=pretrained(path))
    model.init_weights()
    x = np.random.default_rng(0).standard_normal((1, 3, 256, 192))
    outs = model.eval()(torch.tensor(x, dtype=torch.float32))
    measured = np.load(repo_dir / 'tests/data/eeffbase_000_coco_256x192.npz')
    for i, out in enumerate(outs):
        mean, std = measured[f'backbone_{i}_mean_std']
        assert out.mean().item() == pytest.approx(mean, abs=1e-5)
        assert out.std().item() == pytest.approx(std, abs=1e-5)


def timm_name(key):
    """Say how timm calls a tensor of an EffNet; written down apart from its reader."""
    part, _, tensor = key.rpartition('.')
    if part.startswith('stem.'):
        return {'stem.conv': 'conv_stem', 'stem.bn': 'bn1'}[part] + f'.{tensor}'
    _, stage, block, layer = part.split('.', maxsplit=3)
    layers = ['expand_conv', 'depthwise_conv', 'linear_conv'][stage == '0' :]
    names = (
        ['conv_dw', 'conv_pw'] if stage == '0' else ['conv_pw', 'conv_dw', 'conv_pwl']
    )
    table = {'se.conv1.conv': 'se.conv_reduce', 'se.conv2.conv': 'se.conv_expand'}
    for i, (own, theirs) in enumerate(zip(layers, names, strict=True), start=1):
        table |= {f'{own}.conv': theirs, f'{own}.bn': f'bn{i}'}
    return f'blocks.{stage}.{block}.{table[layer]}.{tensor}'


def efficientnet_pytorch_name(key, depths):
    """Say how EfficientNet-PyTorch calls a tensor of an EffNet."""
    part, _, tensor = key.rpartition('.')
    if part.startswith('stem.'):
        return {'stem.conv': '_conv_stem', 'stem.bn': '_bn0'}[part] + f'.{tensor}'
    _, stage, block, layer = part.split('.', maxsplit=3)
    name = {
        'expand_conv.conv': '_expand_conv',
        'expand_conv.bn': '_bn0',
        'depthwise_conv.conv': '_depthwise_conv',
        'depthwise_conv.bn': '_bn1',
        'se.conv1.conv': '_se_reduce',
        'se.conv2.conv': '_se_expand',
        'linear_conv.conv': '_project_conv',
        'linear_conv.bn': '_bn2',
    }[layer]
    return f'_blocks.{sum(depths[: int(stage)]) + int(block)}.{name}.{tensor}'


@pytest.mark.parametrize('arch', ['b0', 'b1', 'b2', 'b3'])
def test_efficientdet(arch, tmp_path, randomize):
    """What the authors start from: a detector, whose neck and heads are left aside."""
    source = randomize(EffNet(arch))
    detector = {
        f'backbone.{timm_name(key)}': value
        for key, value in source.state_dict().items()
    }
    others = {
        'fpn.resample.3.conv.conv.weight': torch.zeros(64, 320, 1, 1),
        'fpn.cell.0.fnode.0.combine.edge_weights': torch.ones(2),
        'class_net.conv_rep.0.conv_dw.weight': torch.zeros(64, 1, 3, 3),
        'class_net.bn_rep.0.0.bn.weight': torch.ones(64),
        'box_net.predict.conv_pw.bias': torch.zeros(36),
    }
    path = tmp_path / 'tf_efficientdet.pth'
    torch.save(detector | others, path)
    model = EEffNet(arch, init_cfg=pretrained(path))
    model.init_weights()
    loaded = model.state_dict()
    for key, value in source.state_dict().items():
        assert torch.equal(value, loaded[key]), key
    report = load_efficientnet(EffNet(arch), str(path), source.depths)
    assert len(report.loaded) == len(detector)
    assert not report.missing
    assert set(report.unused) == set(others)


def test_efficientnet_lite0(tmp_path, randomize):
    """Every tensor but squeeze and excitation, on made-up values."""
    source = randomize(EffNet('b0'))
    state_dict = {
        efficientnet_pytorch_name(key, source.depths): value
        for key, value in source.state_dict().items()
        if '.se.' not in key
    }
    state_dict |= {'_conv_head.weight': torch.zeros(1280, 320, 1, 1)}
    torch.save(state_dict, tmp_path / 'lite0.pth')
    model = EffNet('b0', init_cfg=pretrained(tmp_path / 'lite0.pth'))
    model.init_weights()
    for key, value in source.state_dict().items():
        same = torch.equal(value, model.state_dict()[key])
        assert same != ('.se.' in key), key
    report = load_efficientnet(model, str(tmp_path / 'lite0.pth'), model.depths)
    assert report.layout == 'efficientnet_pytorch'
    assert (len(report.loaded), len(report.missing)) == (288, 64)
    assert report.unused == ['_conv_head.weight']


def test_efficientnet_pytorch(tmp_path, randomize):
    """The full network of that library, with another depth."""
    source = randomize(EffNet('b2'))
    state_dict = {
        efficientnet_pytorch_name(key, source.depths): value
        for key, value in source.state_dict().items()
    }
    torch.save(state_dict, tmp_path / 'b2.pth')
    model = EffNet('b2')
    report = load_efficientnet(model, str(tmp_path / 'b2.pth'), model.depths)
    assert len(report.loaded) == len(state_dict)
    for key, value in source.state_dict().items():
        assert torch.equal(value, model.state_dict()[key]), key


def test_layout_of_its_own(tmp_path, randomize):
    source = randomize(EffNet('b0'))
    path = tmp_path / 'pose.pth'
    torch.save({f'backbone.{k}': v for k, v in source.state_dict().items()}, path)
    model = EffNet('b0', init_cfg=pretrained(path, prefix='backbone'))
    model.init_weights()
    loaded = model.state_dict()
    for key, value in source.state_dict().items():
        assert torch.equal(value, loaded[key]), key


def test_what_did_not_match_is_reported(timm_b0, tmp_path):
    state_dict = dict(timm_b0)
    del state_dict['blocks.2.1.bn3.running_var']
    del state_dict['bn1.num_batches_tracked']
    state_dict['conv_head.weight'] = torch.zeros(1280, 320, 1, 1)
    state_dict['bn2.bias'] = torch.zeros(1280)
    state_dict['blocks.2.7.conv_pw.weight'] = torch.zeros(240, 40, 1, 1)
    torch.save(state_dict, tmp_path / 'part.pth')

    lines = []
    logger = MMLogger.get_instance('test_effnet')
    logger.handle = lambda record: lines.append(record.getMessage())
    model = EffNet('b0')
    report = load_efficientnet(model, str(tmp_path / 'part.pth'), model.depths)
    assert report.layout == 'timm'
    assert report.missing == ['stages.2.1.linear_conv.bn.running_var']
    assert report.unused == [
        'conv_head.weight',
        'bn2.bias',
        'stages.2.7.expand_conv.conv.weight',
    ]
    assert len(report.loaded) == len(timm_b0) - 2
    assert 'Not in the file: stages.2.1 (1)' in lines[-1]
    assert 'not used: conv_head (1), bn2 (1), stages.2.7 (1)' in lines[-1]


def test_pretrained_comes_after_other_initialization(timm_b0, tmp_path):
    torch.save(timm_b0, tmp_path / 'b0.pth')
    init_cfg = [
        pretrained(tmp_path / 'b0.pth'),
        dict(type='Constant', val=3, layer='Conv2d'),
    ]
    model = EffNet('b0', init_cfg=init_cfg)
    model.init_weights()
    assert torch.equal(model.stem.conv.weight, timm_b0['conv_stem.weight'])
    assert model.init_cfg == init_cfg
    # a second call leaves trained weights alone, as everywhere in MMEngine
    with torch.no_grad():
        model.stem.conv.weight.zero_()
    model.init_weights()
    assert not model.stem.conv.weight.any()


def test_checkpoint_of_another_arch(tmp_path):
    torch.save(
        EfficientNet(arch='b2', out_indices=(5,)).state_dict(), tmp_path / 'b2.pth'
    )
    model = EffNet('b0', init_cfg=pretrained(tmp_path / 'b2.pth'))
    with pytest.raises(ValueError, match='of another arch.*set arch to that of'):
        model.init_weights()


def test_checkpoint_of_another_network(tmp_path):
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / 'linear.pth')
    model = EffNet('b0', init_cfg=pretrained(tmp_path / 'linear.pth'))
    with pytest.raises(ValueError, match=r"no EfficientNet.*\['weight', 'bias'\]"):
        model.init_weights()


@pytest.mark.parametrize(
    ('content', 'error', 'message'),
    [
        (None, FileNotFoundError, 'does not exist'),
        (b'no checkpoint', ValueError, 'cannot be read, it is truncated or no'),
        (b'PK\x03\x04', ValueError, 'cannot be read, it is truncated or no'),
        ([1, 2], ValueError, 'holds a list, expected a state dict'),
        (dict(state_dict=None), ValueError, 'holds a NoneType, expected a state dict'),
    ],
)
def test_broken_checkpoint(content, error, message, tmp_path):
    path = tmp_path / 'b0.pth'
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(error, match=rf'b0\.pth {message}'):
        EffNet('b0', init_cfg=pretrained(path)).init_weights()


def test_prefix_that_is_not_there(timm_b0, tmp_path):
    torch.save(timm_b0, tmp_path / 'b0.pth')
    model = EffNet('b0', init_cfg=pretrained(tmp_path / 'b0.pth', prefix='backbone.'))
    with pytest.raises(ValueError, match=r"begins with prefix 'backbone\.'"):
        model.init_weights()


def test_padding_is_tensorflows():
    model = EffNet()
    assert model.stem.conv.stride == (1, 1)
    strided = [m for m in model.modules() if isinstance(m, Conv2dAdaptivePadding)]
    assert [m.stride for m in strided if m.groups > 1] == [(2, 2)] * 4
    plain = [m for m in EffNet(conv_cfg=None).modules() if isinstance(m, nn.Conv2d)]
    assert not any(isinstance(m, Conv2dAdaptivePadding) for m in plain)


def test_drop_path_grows_linearly():
    blocks = [
        block for stage in EffNet('b0', drop_path_rate=0.2).stages for block in stage
    ]
    for k, block in enumerate(blocks):
        # the first block of a stage has no way around that could be taken instead
        if block.with_res_shortcut and k:
            assert block.drop_path.drop_prob == pytest.approx(0.2 * k / 16)
        else:
            assert type(block.drop_path) is nn.Identity


def test_drop_path_is_off_in_eval():
    model = EffNet(drop_path_rate=0.9, norm_eval=True)
    x = torch.randn(1, 3, 32, 32)
    assert not torch.equal(model(x)[2], model(x)[2])
    model.eval()
    assert torch.equal(model(x)[2], model(x)[2])


def test_no_drop_path():
    assert not any(
        isinstance(m, DropPath) for m in EffNet(drop_path_rate=0.0).modules()
    )


def test_configs_reach_every_child():
    model = EffNet(
        norm_cfg=dict(type='GN', num_groups=8), act_cfg=dict(type='ReLU'), with_cp=True
    )
    kinds = {type(module) for module in model.modules()}
    assert {nn.GroupNorm, nn.ReLU} < kinds
    assert not {nn.BatchNorm2d, nn.SiLU} & kinds
    assert all(block.with_cp for stage in model.stages for block in stage)


def test_figures_of_the_norms():
    norms = [m for m in EffNet().modules() if isinstance(m, nn.BatchNorm2d)]
    assert {(m.eps, m.momentum) for m in norms} == {(1e-3, 0.1)}


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (dict(arch='b4'), r"unknown arch 'b4' of EffNet; choose one of \['b0', 'b1'"),
        (dict(arch=['b0']), r"unknown arch \['b0'\] of EffNet; choose one of"),
        (dict(drop_path_rate=1.0), r'drop_path_rate must be in \[0, 1\), but got 1.0'),
    ],
)
def test_wrong_arguments(args, message):
    with pytest.raises(ValueError, match=message):
        EffNet(**args)
