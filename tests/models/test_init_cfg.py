"""The initialization: what reaches a batch norm is well above the norm's epsilon."""

from pathlib import Path

import pytest
import torch
from mmcv.cnn.bricks import DropPath
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.models import build_pose_estimator
from torch import nn

from mmpose_light.models import EffNet
from mmpose_light.models.init_cfg import FAN_IN_INIT_CFG, split_init_cfg

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
NETWORKS = [
    *sorted(CONFIGS.glob('eeffpose/ablation/*.py')),
    # the smallest and the largest
    *sorted(CONFIGS.glob('eeffpose/*-p[03]_*_coco-*.py')),
    *sorted(CONFIGS.glob('el_hrnet/*w32_1xb16-300e_coco-256x192.py')),
]


def variances_over_epsilon(model, images):
    """Return each norm's mean variance of its input channels over its epsilon."""
    ratios = {}

    def measure(name):
        def hook(norm, inputs):
            variance = inputs[0].transpose(0, 1).flatten(1).var(dim=1).mean()
            ratios[name] = (variance / norm.eps).item()

        return hook

    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_pre_hook(measure(name))
        if isinstance(module, DropPath):
            module.drop_prob = 0.0
    with torch.no_grad():
        model.train()(images, None, mode='tensor')
    return ratios


@pytest.mark.parametrize('config', NETWORKS, ids=lambda path: path.stem)
def test_variance_is_well_above_epsilon(config):
    config = Config.fromfile(config)
    init_default_scope(config.default_scope)
    config.model.backbone.pop('init_cfg', None)
    model = build_pose_estimator(config.model)
    model.init_weights()
    ratios = variances_over_epsilon(model, torch.randn(2, 3, 128, 96))
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(ratios) == len(norms)
    worst = min(ratios, key=ratios.get)
    assert ratios[worst] >= 30, f'{worst}: {ratios[worst]:.3g}'


def test_fan_out_would_be_below_epsilon():
    """What the initialization is there for: the same measure finds the fault."""
    config = Config.fromfile(NETWORKS[0])
    init_default_scope(config.default_scope)
    fan_out = [dict(type='Kaiming', layer='Conv2d'), FAN_IN_INIT_CFG[1]]
    for part in ('backbone', 'neck', 'head'):
        config.model[part].init_cfg = fan_out
    model = build_pose_estimator(config.model)
    model.init_weights()
    assert min(variances_over_epsilon(model, torch.randn(2, 3, 128, 96)).values()) < 5


def test_checkpoint_alone_is_loaded_over_fan_in():
    checkpoint = dict(type='Pretrained', checkpoint='hrnet.pth')
    assert split_init_cfg(checkpoint) == (FAN_IN_INIT_CFG, [checkpoint])
    assert split_init_cfg(None) == ([], [])
    own = dict(type='Normal', layer='Conv2d', std=0.01)
    assert split_init_cfg([own, checkpoint]) == ([own], [checkpoint])


def test_stem_is_initialized_like_the_rest():
    """Its ConvModule would initialize itself, and by fan-out."""
    model = EffNet()
    model.init_weights()
    assert model.stem.conv.weight.std().item() == pytest.approx(
        (2 / 27) ** 0.5, rel=0.1
    )
