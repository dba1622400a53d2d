"""RTMPose's head under autocast to bfloat16."""

import torch
from mmengine.registry import init_default_scope
from mmpose.models import RTMCCHead
from mmpose.registry import MODELS

CODEC = dict(
    type='SimCCLabel',
    input_size=(64, 64),
    sigma=(4.9, 5.66),
    simcc_split_ratio=2.0,
    normalize=False,
    use_dark=False,
)


def build(name):
    init_default_scope('mmpose')
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type=name,
            in_channels=16,
            out_channels=17,
            input_size=(64, 64),
            in_featuremap_size=(2, 2),
            gau_cfg=dict(
                hidden_dims=32,
                s=16,
                expansion_factor=2,
                dropout_rate=0.0,
                drop_path=0.0,
                act_fn='SiLU',
                use_rel_bias=False,
                pos_enc=False,
            ),
            loss=dict(type='KLDiscretLoss', beta=10.0, label_softmax=True),
            decoder=CODEC,
        )
    ).eval()


def test_same_numbers_in_single_precision():
    feats = (torch.randn(2, 16, 2, 2),)
    head, host = build('Float32RTMCCHead'), build('RTMCCHead')
    assert isinstance(head, RTMCCHead)
    torch.testing.assert_close(head(feats), host(feats), rtol=0, atol=0)


def test_single_precision_under_autocast():
    feats = (torch.randn(2, 16, 2, 2),)
    head, host = build('Float32RTMCCHead'), build('RTMCCHead')
    with torch.autocast('cpu', torch.bfloat16):
        outputs, expected = head(feats), host(feats)
    for output, other in zip(outputs, expected, strict=True):
        assert other.dtype == torch.bfloat16, 'what numpy cannot take'
        assert output.dtype == torch.float32
        torch.testing.assert_close(output, other.float(), rtol=0, atol=0)
