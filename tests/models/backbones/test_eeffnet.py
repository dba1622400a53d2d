"""EEffNet: what it has more than EffNet."""

import pytest
import torch
from mmdet.models.backbones import EfficientNet
from torch import nn

from mmpose_light.models import EEffNet, EffNet
from mmpose_light.models.layers import TotalFusion, to_fast_layout


@pytest.fixture(scope='module')
def openmmlab_b0(tmp_path_factory):
    """An EfficientNet-B0 checkpoint as OpenMMLab publishes them."""
    torch.manual_seed(1)
    source = EfficientNet(arch='b0')
    for name, tensor in source.state_dict().items():
        if name.endswith(('bn.weight', 'bn.bias', 'running_mean', 'running_var')):
            tensor.add_(0.1 * torch.rand_like(tensor))
    path = tmp_path_factory.mktemp('checkpoints') / 'b0.pth'
    state_dict = {f'backbone.{k}': v for k, v in source.state_dict().items()}
    state_dict['head.fc.bias'] = torch.zeros(1000)
    torch.save(dict(state_dict=state_dict), path)
    return path


def assert_clones(model):
    """Every extended convolution equals the last block before the stride."""
    for stage, extensions in zip((3, 4, 5, 6), model.extensions, strict=True):
        sources = (2,) if stage < 5 else (2, 4)
        assert len(extensions) == len(sources)
        for source, extension in zip(sources, extensions, strict=True):
            assert len(extension) == len(model.stages[stage])
            original = model.stages[source][-1].state_dict()
            for block in extension:
                clone = block.state_dict()
                assert clone.keys() == original.keys()
                for key, value in clone.items():
                    assert torch.equal(value, original[key]), key


@pytest.mark.parametrize(
    ('arch', 'channels'),
    [
        ('b0', (40, 112, 320)),
        ('b1', (40, 112, 320)),
        ('b2', (48, 120, 352)),
        ('b3', (48, 136, 384)),
    ],
)
@torch.no_grad()
def test_variants(arch, channels):
    model = EEffNet(arch).eval()
    outs = model(torch.randn(1, 3, 64, 48))
    assert model.out_channels == channels
    assert [tuple(out.shape) for out in outs] == [
        (1, channels[0], 16, 12),
        (1, channels[1], 8, 6),
        (1, channels[2], 4, 3),
    ]
    assert_clones(model)


@torch.no_grad()
def test_odd_sizes_round_up():
    outs = EEffNet().eval()(torch.randn(1, 3, 33, 50))
    assert [tuple(out.shape[2:]) for out in outs] == [(9, 13), (5, 7), (3, 4)]


@torch.no_grad()
def test_forward_as_the_figure_shows(randomize):
    """Figure 3b, written out for its four extended stages."""
    model = randomize(EEffNet()).eval()
    x = to_fast_layout(torch.randn(1, 3, 32, 32))
    s, e, f = model.stages, model.extensions, model.fusions
    s2 = s[2](s[1](s[0](model.stem(x))))
    s2, s3 = f[0]([e[0][0](s2), s[3](s2)])
    s2, s3 = f[1]([e[1][0](s2), s[4](s3)])
    s2, s3, s4 = f[2]([e[2][0](s2), e[2][1](s3), s[5](s3)])
    expected = f[3]([e[3][0](s2), e[3][1](s3), s[6](s4)])
    for out, one in zip(model(x), expected, strict=True):
        assert torch.equal(out, one)


def test_clones_after_random_initialization():
    model = EEffNet()
    before = model.stages[2][-1].expand_conv.conv.weight.clone()
    model.init_weights()
    assert not torch.equal(model.stages[2][-1].expand_conv.conv.weight, before)
    assert_clones(model)


def test_clones_after_pretrained_loading(openmmlab_b0):
    init_cfg = dict(type='Pretrained', checkpoint=str(openmmlab_b0))
    model, plain = EEffNet(init_cfg=init_cfg), EffNet(init_cfg=init_cfg)
    model.init_weights()
    plain.init_weights()
    # the main path is EffNet's, with loaded weights and statistics …
    loaded = model.state_dict()
    for key, value in plain.state_dict().items():
        assert torch.equal(value, loaded[key]), key
    norm = model.stages[4][-1].linear_conv.bn
    source = torch.load(openmmlab_b0)['state_dict']
    variance = source['backbone.layers.4.5.linear_conv.bn.running_var']
    assert torch.equal(norm.running_var, variance)
    assert not torch.equal(variance, torch.ones_like(variance))
    # … and so are the clones
    assert_clones(model)


@pytest.mark.parametrize('as_list', [False, True])
def test_what_a_checkpoint_lacks_is_kaimings(openmmlab_b0, as_list):
    """Fusions are in no checkpoint; PyTorch's own would be 1/6 of the variance."""
    init_cfg = dict(type='Pretrained', checkpoint=str(openmmlab_b0))
    model = EEffNet(init_cfg=[init_cfg] if as_list else init_cfg)
    model.init_weights()
    for i in range(4):
        weight = model.fusions[i].addups[0].convs[1].conv.weight  # from 1/8 to 1/4
        fan_in = weight.shape[1]
        assert weight.std().item() == pytest.approx((2 / fan_in) ** 0.5, rel=0.1)
    assert (model.fusions[0].addups[0].convs[1].bn.weight == 1).all()


def test_clones_learn_on_their_own(openmmlab_b0):
    model = EEffNet(init_cfg=dict(type='Pretrained', checkpoint=str(openmmlab_b0)))
    model.init_weights()
    parameters = list(model.parameters())
    assert len({p.data_ptr() for p in parameters}) == len(parameters)


def test_own_checkpoint_is_not_cloned_over(tmp_path, randomize):
    source = randomize(EEffNet())
    torch.save(
        {f'backbone.{k}': v for k, v in source.state_dict().items()},
        tmp_path / 'own.pth',
    )
    model = EEffNet(
        init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'own.pth'))
    )
    model.init_weights()
    loaded = model.state_dict()
    for key, value in source.state_dict().items():
        assert torch.equal(value, loaded[key]), key


def test_drop_path_of_the_new_blocks():
    model = EEffNet(drop_path_rate=0.2)
    index = 5  # blocks of stages 1 to 3
    for i, extensions in enumerate(model.extensions):
        rates = [0.2 * (index + k) / 16 for k in range(len(model.stages[3 + i]))]
        for extension in extensions:
            assert [b.drop_path.drop_prob for b in extension] == pytest.approx(rates)
        for mixup in model.fusions[i].mixups:
            assert mixup.drop_path.drop_prob == pytest.approx(rates[-1])
        index += len(rates)
    assert index == 16


def test_configs_reach_every_child():
    model = EEffNet(
        norm_cfg=dict(type='GN', num_groups=8),
        act_cfg=dict(type='ReLU'),
        fusion_act_cfg=dict(type='Mish'),
        with_cp=True,
    )
    kinds = {type(module) for module in model.modules()}
    assert {nn.GroupNorm, nn.ReLU, nn.Mish} < kinds
    assert not {nn.BatchNorm2d, nn.SiLU} & kinds
    assert all(m.with_cp for m in model.modules() if hasattr(m, 'with_cp'))
    # Mish is the activation of AddUp alone
    assert sum(isinstance(m, nn.Mish) for m in model.modules()) == 2 + 2 + 3 + 3


def test_figures_of_the_norms():
    for name, module in EEffNet().named_modules():
        if isinstance(module, nn.BatchNorm2d):
            if 'mixups' in name:
                expected = (1e-5, 0.1)
            elif 'fusions' in name:
                expected = (1e-3, 0.01)
            else:
                expected = (1e-3, 0.1)
            assert (module.eps, module.momentum) == expected, name


def test_unknown_arch():
    with pytest.raises(ValueError, match="unknown arch 'b9' of EEffNet"):
        EEffNet(arch='b9')


def test_fusions_keep_the_channels():
    for fusion in EEffNet().fusions:
        assert isinstance(fusion, TotalFusion)
        assert all(type(fixup) is nn.Identity for fixup in fusion.fixups)
