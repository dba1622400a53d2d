"""EL-HRNet: published numbers, shapes, every argument."""

import pytest
import torch
from mmpose.models import HRNet
from torch import nn

from mmpose_light.models import ELHRNet
from mmpose_light.models.layers import LABasicblock, LBasicblock, NConv
from mmpose_light.utils.complexity import count_macs, count_parameters

SMALL = {
    'stage1': dict(
        num_modules=1,
        num_branches=1,
        block='BOTTLENECK',
        num_blocks=(1,),
        num_channels=(8,),
    ),
    **{
        f'stage{n}': dict(
            num_modules=1,
            num_branches=n,
            block='BASIC',
            num_blocks=(1,) * n,
            num_channels=(8, 16, 24, 32)[:n],
        )
        for n in (2, 3, 4)
    },
}


class WithHead(nn.Module):
    """The backbone and a 1×1 heatmap head."""

    def __init__(self, backbone, channels, keypoints=17):
        super().__init__()
        self.backbone = backbone
        self.head = nn.Conv2d(channels, keypoints, 1)

    def forward(self, x):
        return self.head(self.backbone(x)[0])


def test_published_numbers():
    """5.0 M parameters; 2.00 and 2.66 "GFLOPs", which are MACs / 2^30."""
    model = WithHead(ELHRNet(arch='w32'), 32)
    assert count_parameters(model) == 5_032_705
    for size, macs, published in (
        ((192, 256), 2_146_674_304, '2.00'),
        ((256, 256), 2_861_997_568, '2.67'),  # the paper cuts it to 2.66
    ):
        assert count_macs(model, size) == macs
        assert f'{macs / 2**30:.2f}' == published


@pytest.mark.parametrize(
    ('arch', 'width', 'size'),
    [('w18', 18, (96, 64)), ('w32', 32, (64, 64)), ('w48', 48, (64, 32))],
)
@torch.no_grad()
def test_shapes(arch, width, size):
    outputs = ELHRNet(arch=arch).eval()(torch.randn(2, 3, *size))
    assert [tuple(o.shape) for o in outputs] == [(2, width, size[0] // 4, size[1] // 4)]


@torch.no_grad()
def test_all_branches():
    extra = {**SMALL, 'stage4': {**SMALL['stage4'], 'multiscale_output': True}}
    outputs = ELHRNet(extra=extra).eval()(torch.randn(1, 3, 64, 96))
    assert [tuple(o.shape[1:]) for o in outputs] == [
        (8, 16, 24),
        (16, 8, 12),
        (24, 4, 6),
        (32, 2, 3),
    ]


@pytest.mark.parametrize('size', [(100, 64), (64, 72), (48, 48), (31, 33)])
def test_odd_sizes_are_refused(size):
    with pytest.raises(
        ValueError, match=f'multiples of 32, but got {size[1]}×{size[0]}'
    ):
        ELHRNet(extra=SMALL)(torch.randn(1, 3, *size))


def test_only_the_basic_blocks_differ_from_hrnet():
    extra = ELHRNet._parse_arch('w32')
    shapes = [
        {k: v.shape for k, v in model.state_dict().items() if '.branches.' not in k}
        for model in (ELHRNet(arch='w32'), HRNet(extra))
    ]
    assert shapes[0] == shapes[1]


def test_every_basic_block_is_replaced():
    model = ELHRNet(arch='w32')
    blocks = [m for m in model.modules() if isinstance(m, LBasicblock)]
    # modules × branches × blocks of stages 2, 3 and 4
    assert len(blocks) == (1 * 2 + 4 * 3 + 3 * 4) * 4
    assert all(type(block) is LABasicblock for block in blocks)
    assert all(
        conv.group.groups == conv.group.in_channels
        for conv in model.modules()
        if isinstance(conv, NConv)
    )


def test_l_form_has_no_attention():
    model = ELHRNet(extra=SMALL, attention=False)
    assert {type(m) for m in model.modules() if isinstance(m, LBasicblock)} == {
        LBasicblock
    }


def test_block_arguments():
    model = ELHRNet(extra=SMALL, groups=4, reduction=4, kernel_size=3)
    block = model.stage2[0].branches[1][0]
    assert block.conv1.group.groups == block.conv2.group.groups == 4
    assert block.attention.channel.mlp[0].out_channels == 4
    assert block.attention.spatial.conv.kernel_size == (3, 3)


def test_initialization_keeps_both_halves_of_nconv_alive():
    """HRNet's N(0, 0.001) would leave the second half below the norm's epsilon."""

    def spread(model):
        model.init_weights()
        conv = model.stage2[0].branches[0][0].conv1
        first, second = conv(torch.randn(4, 8, 16, 16)).chunk(2, dim=1)
        return first.var(), second.var()

    first, second = spread(ELHRNet(extra=SMALL))
    assert 0.1 < second / first < 10
    hrnet_init = dict(type='Normal', std=0.001, layer='Conv2d')
    _, second = spread(ELHRNet(extra=SMALL, init_cfg=hrnet_init))
    assert second < nn.BatchNorm2d(1).eps


def test_zero_init_residual():
    model = ELHRNet(extra=SMALL, zero_init_residual=True)
    model.init_weights()
    light = [m for m in model.modules() if isinstance(m, LBasicblock)]
    assert light
    assert all(torch.all(block.norm2.weight == 0) for block in light)
    assert torch.all(model.layer1[0].norm3.weight == 0)


def test_layer_configs_reach_every_layer():
    model = ELHRNet(
        extra=SMALL,
        norm_cfg=dict(type='GN', num_groups=2),
        conv_cfg=dict(type='Conv2dAdaptivePadding'),
    )
    assert not any(isinstance(m, nn.BatchNorm2d) for m in model.modules())
    convs = {type(m).__name__ for m in model.modules() if isinstance(m, nn.Conv2d)}
    assert convs == {'Conv2dAdaptivePadding'}


@pytest.mark.parametrize('as_list', [False, True])
@pytest.mark.parametrize('zero', [False, True])
def test_hrnet_checkpoint_initializes_what_matches(tmp_path, zero, as_list):
    hrnet = HRNet(SMALL)
    for parameter in hrnet.parameters():
        nn.init.normal_(parameter)
    torch.save(dict(state_dict=hrnet.state_dict()), tmp_path / 'hrnet.pth')

    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'hrnet.pth'))
    if as_list:
        init_cfg = [init_cfg]
    torch.manual_seed(1)
    model = ELHRNet(extra=SMALL, zero_init_residual=zero, init_cfg=init_cfg)
    model.init_weights()
    assert model.init_cfg == init_cfg
    source = hrnet.state_dict()
    for key, value in model.state_dict().items():
        if '.branches.' not in key:
            torch.testing.assert_close(value, source[key], msg=key)
    # the rest is the default: Kaiming's by fan-in, of PyTorch's own six times the
    # variance
    block = model.stage4[0].branches[3][0]
    for weight in (block.conv1.pointwise.weight, block.conv2.group.weight):
        std = (2 / weight[0].numel()) ** 0.5
        assert weight.std().item() == pytest.approx(std, rel=0.25)
    assert (block.norm2.weight == (0 if zero else 1)).all()


def test_second_initialization_changes_nothing():
    model = ELHRNet(extra=SMALL, zero_init_residual=True)
    model.init_weights()
    nn.init.ones_(model.layer1[0].norm3.weight)
    model.init_weights()
    assert (model.layer1[0].norm3.weight == 1).all()


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(arch='w33'), "unknown arch 'w33'.*w18.*w32.*w48.*extra"),
        (dict(arch=['w32']), r"unknown arch \['w32'\].*w18.*w32.*w48.*extra"),
        (dict(extra={'stage1': SMALL['stage1']}), 'lacks .*stage2.*stage3.*stage4'),
        (
            dict(
                extra={
                    **SMALL,
                    'stage2': {**SMALL['stage2'], 'num_channels': (9, 18)},
                }
            ),
            'out_channels=9; give an even number',
        ),
        (
            dict(
                extra={
                    **SMALL,
                    'stage2': {**SMALL['stage2'], 'num_channels': (8, 16, 24)},
                }
            ),
            'NUM_BRANCHES',
        ),
        (dict(extra=SMALL, groups=3), 'groups=3'),
        (dict(extra=SMALL, reduction=0), 'reduction'),
        (dict(extra=SMALL, kernel_size=2), 'kernel_size'),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        ELHRNet(**arguments)
