"""What both heads do; the files beside this one have what each does alone."""

import pytest
import torch
from mmpose.models.utils.tta import flip_heatmaps
from mmpose.testing import get_packed_inputs
from mmpose.utils.tensor_utils import to_numpy

from mmpose_light.models import FAHead, FSHead

DECODER = dict(type='MSRAHeatmap', input_size=(48, 64), heatmap_size=(12, 16), sigma=2)


def make_feats(channels=(8, 8, 12), batch_size=2):
    """A pyramid of random features at the size of the decoder's heatmaps."""
    return tuple(
        torch.randn(batch_size, c, 16 >> i, 12 >> i) for i, c in enumerate(channels)
    )


def make_samples(num_keypoints=17):
    """Two samples with heatmaps to learn."""
    inputs = get_packed_inputs(
        2,
        num_keypoints=num_keypoints,
        input_size=(48, 64),
        heatmap_size=(12, 16),
        with_heatmap=True,
    )
    for sample in inputs['data_samples']:
        weights = sample.gt_instance_labels.keypoint_weights
        weights[:, ::3] = 0  # some keypoints are not labelled
    return inputs['data_samples']


@pytest.fixture(params=[FSHead, FAHead])
def head_type(request):
    return request.param


@pytest.fixture
def head(head_type):
    return head_type([8, 8, 12], 17, decoder=DECODER)


@pytest.mark.parametrize('num_keypoints', [1, 16, 17])
@pytest.mark.parametrize('channels', [[8], [8, 8, 12], [4] * 5])
def test_any_number_of_scales_and_keypoints(head_type, channels, num_keypoints):
    head = head_type(channels, num_keypoints).eval()
    feats = [torch.randn(2, c, 16, 12) for c in channels]
    assert head(feats).shape == (2, num_keypoints, 16, 12)


def test_sizes_that_do_not_divide(head):
    feats = [
        torch.randn(1, c, *size)
        for c, size in zip([8, 8, 12], [(9, 7), (5, 4), (3, 2)], strict=True)
    ]
    assert head.eval()(feats).shape == (1, 17, 9, 7)


def test_loss(head):
    feats, samples = make_feats(), make_samples()
    losses = head.loss(feats, samples)
    assert set(losses) == {'loss_kpt', 'acc_pose'}
    target = torch.stack([s.gt_fields.heatmaps for s in samples])
    weights = torch.cat([s.gt_instance_labels.keypoint_weights for s in samples])
    squares = (head(feats) - target) ** 2 * weights[..., None, None]
    torch.testing.assert_close(losses['loss_kpt'], 0.5 * squares.mean())


def test_loss_is_configurable(head_type):
    feats, samples = make_feats([8]), make_samples()
    head = head_type([8], 17, loss=dict(type='KeypointOHKMMSELoss', topk=1))
    target = torch.stack([s.gt_fields.heatmaps for s in samples])
    hardest = ((head(feats) - target) ** 2).mean((2, 3)).amax(1).mean()
    losses = head.loss(feats, samples, dict(compute_acc=False))
    torch.testing.assert_close(losses, dict(loss_kpt=hardest))


@torch.no_grad()
def test_predict(head):
    feats = make_feats()
    preds, fields = head.eval().predict(
        feats, make_samples(), dict(output_heatmaps=True)
    )
    heatmaps = head(feats)
    for pred, field, heatmap in zip(preds, fields, heatmaps, strict=True):
        assert pred.keypoints.shape == (1, 17, 2)
        assert torch.equal(field.heatmaps, heatmap)
        expected, scores = head.decoder.decode(to_numpy(heatmap))
        assert (pred.keypoints == expected).all()
        assert (pred.keypoint_scores == scores).all()


@pytest.mark.parametrize('shift_heatmap', [True, False])
@torch.no_grad()
def test_flip_test(head, shift_heatmap):
    feats, flipped, samples = make_feats(), make_feats(), make_samples()
    test_cfg = dict(flip_test=True, shift_heatmap=shift_heatmap, output_heatmaps=True)
    _, fields = head.eval().predict([feats, flipped], samples, test_cfg)
    other = flip_heatmaps(
        head(flipped),
        flip_indices=samples[0].metainfo['flip_indices'],
        shift_heatmap=shift_heatmap,
    )
    expected = (head(feats) + other) / 2
    for field, heatmap in zip(fields, expected, strict=True):
        torch.testing.assert_close(field.heatmaps, heatmap)


def test_no_decoder_no_prediction(head_type):
    with pytest.raises(RuntimeError, match='decoder has not been set'):
        head_type([8], 17).predict(make_feats([8]), make_samples())


def test_norms(head_type):
    norms = [conv.bn for conv in head_type([8, 8], 17).convs]
    assert {(m.eps, m.momentum) for m in norms} == {(1e-3, 0.01)}
    norm_cfg = dict(type='GN', num_groups=1)
    convs = head_type([8, 8], 17, norm_cfg=norm_cfg).convs
    assert all(isinstance(conv.gn, torch.nn.GroupNorm) for conv in convs)


def test_initialization(head):
    """Large enough for the norm layer's epsilon of 1e-3."""
    head.init_weights()
    for conv, feat in zip(head.convs, make_feats(), strict=True):
        assert conv.conv(feat).var() > 0.1


def test_gradients(head, check_gradients):
    check_gradients(head, make_feats())


def test_bfloat16(head, check_bfloat16):
    check_bfloat16(head, make_feats())


@pytest.mark.parametrize('in_channels', [64, [], ()])
def test_wrong_channels(head_type, in_channels):
    with pytest.raises(ValueError, match='takes the channels of each scale'):
        head_type(in_channels, 17)


def test_no_keypoint(head_type):
    with pytest.raises(ValueError, match='a keypoint or more, but got out_channels=0'):
        head_type([8, 8], 0)


def test_conv_cfg(head_type):
    convs = head_type([8, 8], 17, conv_cfg=dict(type='Conv2dAdaptivePadding')).convs
    assert {type(conv.conv).__name__ for conv in convs} == {'Conv2dAdaptivePadding'}


def test_wrong_number_of_scales(head):
    with pytest.raises(ValueError, match='built for 3 scales, but got 2'):
        head(make_feats()[:2])
