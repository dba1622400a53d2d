"""The inference form computes what the training form computes."""

import copy

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import nn

from mmpose_light.deploy import fuse
from mmpose_light.deploy.fused_add_up import FusedAddUp
from mmpose_light.deploy.fused_light_block import FusedCBAM, FusedLightBlock, FusedNConv
from mmpose_light.models.layers import CBAM, AddUp, LABasicblock, LBasicblock, NConv

NETWORKS = {
    'el-hrnet-w18': 'configs/el_hrnet/td-hm_el-hrnet-w18_1xb16-300e_coco-128x96.py',
    'eeffpose-p0': 'configs/eeffpose/td-hm_eeffpose-p0_4xb16-215e_coco-256x192.py',
    'effbase': 'configs/eeffpose/ablation/*000*.py',
    'hrnet-w32': 'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_hrnet-w32_8xb64-210e_coco-256x192.py',
    'mobilenetv2': 'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_mobilenetv2_8xb64-210e_coco-256x192.py',
}
IMAGES = torch.Size([2, 3, 64, 64])


def build(name, repo_dir, **backbone):
    init_default_scope('mmpose')
    path = NETWORKS[name]
    if path.startswith('mmpose::'):
        config = get_config(path)
    else:
        (file,) = repo_dir.glob(path)
        config = Config.fromfile(file)
    config.model.backbone.update(backbone)
    config.model.backbone.init_cfg = None
    return MODELS.build(config.model)


def odd_statistics(model):
    """Norm layers as a long training might leave them, their outputs still sane.

    They are first fitted to what they see: random statistics throughout would let
    rounding errors grow from layer to layer until they are all that is left.
    """
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    model.train()
    with torch.no_grad():
        images = torch.randn(IMAGES, dtype=next(model.parameters()).dtype)
        model(images, None, mode='tensor')
        for norm in norms:
            norm.running_mean += 0.3 * torch.randn_like(norm.running_mean)
            norm.running_var *= torch.empty_like(norm.running_var).uniform_(0.3, 3)
            norm.weight.uniform_(-1.5, 1.5)
            norm.weight[::7] = 0
            norm.bias.normal_(0, 0.3)
    return model.eval()


def assert_same(model, fused, images, tolerance=1e-5):
    with torch.no_grad():
        expected = model(images, None, mode='tensor')
        found = fused(images, None, mode='tensor')
    scale = expected.max() - expected.min()
    assert scale > 0
    assert (found - expected).abs().max() <= tolerance * scale


@pytest.mark.parametrize('name', NETWORKS)
def test_every_network_keeps_its_heatmaps(name, repo_dir):
    model = odd_statistics(build(name, repo_dir).double())
    fused = fuse(model)
    assert_same(model, fused, torch.randn(IMAGES).double(), tolerance=1e-9)
    if name != 'mobilenetv2':  # its head has some after transposed convolutions
        assert not any(isinstance(m, nn.BatchNorm2d) for m in fused.modules())


@pytest.mark.parametrize('name', ['el-hrnet-w18', 'hrnet-w32', 'mobilenetv2'])
def test_single_precision_is_near(name, repo_dir):
    model = odd_statistics(build(name, repo_dir))
    assert_same(model, fuse(model), torch.randn(IMAGES), tolerance=1e-5)


@pytest.mark.parametrize('backbone', [dict(attention=False), dict(groups=3)])
def test_variants_of_el_hrnet(backbone, repo_dir):
    model = odd_statistics(build('el-hrnet-w18', repo_dir, **backbone).double())
    assert_same(model, fuse(model), torch.randn(IMAGES).double(), tolerance=1e-9)


def test_after_a_training_step(repo_dir, smooth_model):
    model = copy.deepcopy(smooth_model.model).train()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    model(torch.randn(4, 3, 128, 96), None, mode='tensor').square().mean().backward()
    optimizer.step()
    model.eval()
    assert_same(model, fuse(model), torch.randn(2, 3, 128, 96))


def test_in_place_it_is_the_model_itself(smooth_model):
    model = copy.deepcopy(smooth_model.model)
    images = torch.randn(IMAGES)
    with torch.no_grad():
        expected = fuse(model)(images, None, mode='tensor')
        norms = sum(isinstance(m, nn.BatchNorm2d) for m in model.modules())
        assert fuse(model, inplace=True) is model
        assert torch.equal(model(images, None, mode='tensor'), expected)
    assert sum(isinstance(m, nn.BatchNorm2d) for m in model.modules()) < norms


def test_the_model_is_left_as_it_is(smooth_model):
    model = copy.deepcopy(smooth_model.model)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    fused = fuse(model)
    assert model.state_dict().keys() == before.keys()
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert not any(p.requires_grad for p in fused.parameters())
    assert all(p.requires_grad for p in model.parameters())
    assert not fused.training


def test_a_fused_model_predicts(smooth_model):
    sample = PoseDataSample(
        metainfo=dict(
            img_shape=(128, 96),
            input_size=(96, 128),
            input_center=np.array([48, 64]),
            input_scale=np.array([96, 128]),
            flip_indices=smooth_model.model.dataset_meta.get('flip_indices'),
        )
    )
    sample.gt_instances = InstanceData(
        bboxes=np.array([[0, 0, 96, 128]]), bbox_scores=np.ones(1)
    )
    images = torch.randn(1, 3, 128, 96)
    keypoints = []
    for model in (smooth_model.model, fuse(smooth_model.model)):
        with torch.no_grad():
            (result,) = model(images, [copy.deepcopy(sample)], mode='predict')
        keypoints.append(result.pred_instances.keypoints)
    assert keypoints[0] == pytest.approx(keypoints[1], abs=1e-3)


def test_a_model_in_training_mode_is_refused(smooth_model):
    model = copy.deepcopy(smooth_model.model)
    model.backbone.layer1.train()
    with pytest.raises(ValueError, match=r'backbone.layer1.*model.eval\(\)'):
        fuse(model)
    with pytest.raises(ValueError, match='eval mode'):
        fuse(nn.BatchNorm2d(3))


@pytest.mark.parametrize(
    'options',
    [
        dict(),
        dict(groups=4),
        dict(groups=1, bias=True),
        dict(kernel_size=5, stride=2, dilation=2),
    ],
)
def test_nconv_and_its_norm(options):
    nconv = NConv(12, 16, **options).double()
    norm = nn.BatchNorm2d(16).double().eval()
    for tensor in norm.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.1, 2)
    x = torch.randn(2, 12, 9, 8).double()
    fused = FusedNConv(nconv, norm)
    torch.testing.assert_close(fused(x), norm(nconv(x)))


@pytest.mark.parametrize('channels', [6, 32])
def test_cbam(channels):
    cbam = CBAM(channels).double()
    x = torch.randn(3, channels, 9, 7).double()
    torch.testing.assert_close(FusedCBAM(cbam)(x.clone()), cbam(x))


@pytest.mark.parametrize('block', [LBasicblock, LABasicblock])
def test_blocks_with_a_downsample(block):
    shortcut = nn.Conv2d(8, 16, 1, stride=2)
    module = block(8, 16, stride=2, downsample=shortcut).double().eval()
    x = torch.randn(2, 8, 8, 6).double()
    fused = fuse(module)
    assert isinstance(fused, FusedLightBlock)
    torch.testing.assert_close(fused(x), module(x))


def test_blocks_of_other_norm_layers_stay(repo_dir):
    norm_cfg = dict(type='GN', num_groups=2)
    module = LABasicblock(8, 8, norm_cfg=norm_cfg).eval()
    fused = fuse(module)
    assert isinstance(fused, LABasicblock)
    x = torch.randn(1, 8, 8, 6)
    torch.testing.assert_close(fused(x), module(x))


@pytest.mark.parametrize('norm_cfg', [dict(type='BN'), dict(type='GN', num_groups=4)])
@pytest.mark.parametrize('index', [0, 1, 2])
def test_add_up(index, norm_cfg):
    addup = AddUp([8, 16, 24], 16, index, norm_cfg=norm_cfg).double().eval()
    with torch.no_grad():
        for tensor in addup.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand_like(tensor) + 0.1)
        addup.weights[0] = -1  # nothing of the first scale
    feats = [
        torch.randn(2, c, 16 >> j, 8 >> j).double() for j, c in enumerate([8, 16, 24])
    ]
    fused = fuse(addup)
    assert isinstance(fused, FusedAddUp)
    torch.testing.assert_close(fused(feats), addup(feats))
