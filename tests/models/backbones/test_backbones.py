"""What every backbone does; the files beside this one have what each does alone."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from mmpose.registry import MODELS
from torch import nn

from mmpose_light.models import ELHRNet


@dataclass(frozen=True)
class Case:
    """A backbone to test.

    Attributes:
        build (Callable): Its class.
        channels (tuple[int, ...]): Of its outputs.
        last_stage (int): The largest ``frozen_stages``.
        frozen (dict[int, tuple[str, ...]]): For some ``frozen_stages``, how the names
            of what it freezes begin.
        arguments (dict): What makes it small.
        steady (dict): What makes two training passes alike.
    """

    build: Callable[..., nn.Module]
    channels: tuple[int, ...]
    last_stage: int
    frozen: dict[int, tuple[str, ...]]
    arguments: dict[str, Any]
    steady: dict[str, Any]

    def __call__(self, **arguments: Any) -> nn.Module:
        return self.build(**self.arguments | arguments)


STEM = ('conv1', 'bn1', 'conv2', 'bn2')


def stages(*numbers: int) -> tuple[str, ...]:
    return tuple(f'stages.{i}.' for i in numbers)


@pytest.fixture(params=['ELHRNet', 'L-HRNet', 'EffNet', 'EEffNet'])
def backbone(request, small_el_hrnet_extra) -> Case:
    efficient = dict(
        channels=(16, 24, 40),
        last_stage=7,
        arguments={},
        steady=dict(drop_path_rate=0.0),
    )
    cases = {
        'ELHRNet': Case(
            ELHRNet,
            channels=(8,),
            last_stage=4,
            frozen={
                0: STEM,
                2: (*STEM, 'layer1', 'stage2', 'transition1', 'transition2'),
            },
            # a reduction of 8 would leave hidden layers of one or two
            arguments=dict(extra=small_el_hrnet_extra, reduction=2),
            steady={},
        ),
        'EffNet': Case(
            MODELS.get('SmallEffNet'),
            frozen={
                0: ('stem.',),
                3: ('stem.', *stages(0, 1, 2)),
                7: ('stem.', 'stages.'),
            },
            **efficient,
        ),
        # an extended stage is frozen with its extended convolutions and its fusion
        'EEffNet': Case(
            MODELS.get('SmallEEffNet'),
            frozen={
                3: ('stem.', *stages(0, 1, 2)),
                4: ('stem.', *stages(0, 1, 2, 3), 'extensions.0.', 'fusions.0.'),
                7: ('stem.', 'stages.', 'extensions.', 'fusions.'),
            },
            **efficient,
        ),
    }
    cases['L-HRNet'] = replace(
        cases['ELHRNet'], arguments=dict(extra=small_el_hrnet_extra, attention=False)
    )
    return cases[request.param]


@torch.no_grad()
def test_shapes(backbone):
    outputs = backbone().eval()(torch.randn(2, 3, 64, 96))
    assert [tuple(output.shape) for output in outputs] == [
        (2, channels, 16 >> i, 24 >> i) for i, channels in enumerate(backbone.channels)
    ]


def test_gradients(backbone, check_gradients):
    model = backbone()
    model.init_weights()
    check_gradients(model, torch.randn(2, 3, 64, 64))


def test_bfloat16(backbone, check_bfloat16):
    check_bfloat16(backbone(), torch.randn(2, 3, 32, 32))


@torch.no_grad()
def test_eval_mode_draws_nothing_and_learns_nothing(backbone):
    model = backbone().eval()
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    image = torch.randn(1, 3, 32, 32)
    for first, second in zip(model(image), model(image), strict=True):
        assert torch.equal(first, second)
    for name, buffer in model.named_buffers():
        assert torch.equal(buffer, before[name]), name


def test_norm_eval(backbone):
    model = backbone(norm_eval=True).train()
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms
    assert not any(norm.training for norm in norms)
    others = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    assert all(other.training for other in others)


def test_nothing_is_frozen_unasked(backbone):
    model = backbone().train()
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert all(module.training for module in model.modules())


def test_frozen_stages(backbone):
    for number, begin in backbone.frozen.items():
        model = backbone(frozen_stages=number)
        for _ in range(2):  # as built, and in training
            for name, parameter in model.named_parameters():
                assert parameter.requires_grad != name.startswith(begin), name
            for name, module in model.named_modules():
                if isinstance(module, nn.BatchNorm2d):
                    assert module.training != name.startswith(begin), name
            model.train()


def test_with_cp_computes_the_same(backbone):
    gradients = []
    for with_cp in (False, True):
        torch.manual_seed(0)
        model = backbone(with_cp=with_cp, norm_eval=True, **backbone.steady).train()
        image = torch.randn(1, 3, 32, 32)
        sum(output.square().sum() for output in model(image)).backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
    for plain, checkpointed in zip(*gradients, strict=True):
        torch.testing.assert_close(plain, checkpointed)


def test_group_norm_reaches_every_layer(backbone):
    model = backbone(norm_cfg=dict(type='GN', num_groups=2))
    kinds = {type(module) for module in model.modules()}
    assert nn.GroupNorm in kinds
    assert nn.BatchNorm2d not in kinds


def test_wrong_arguments(backbone):
    with pytest.raises(ValueError, match="unknown arch 'b9'"):
        backbone.build(arch='b9')
    for number in (-2, backbone.last_stage + 1):
        message = (
            f'frozen_stages must be from -1 .* to {backbone.last_stage} .*, '
            f'but got {number}'
        )
        with pytest.raises(ValueError, match=message):
            backbone(frozen_stages=number)
    with pytest.raises(TypeError, match='frozen_stage'):
        backbone(frozen_stage=1)
