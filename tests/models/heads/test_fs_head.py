"""FSHead, against Equation 6 written plainly."""

import pytest
import torch
from mmpose.models.heads import HeatmapHead

from mmpose_light.models import FSHead


def plain_conv_norm(conv, x):
    """A 1×1 convolution without bias and a batch norm in eval mode."""
    x = torch.einsum('oc,nchw->nohw', conv.conv.weight[:, :, 0, 0], x)
    shape, bn = (1, -1, 1, 1), conv.bn
    x = (x - bn.running_mean.view(shape)) / (bn.running_var.view(shape) + 1e-3).sqrt()
    return x * bn.weight.view(shape) + bn.bias.view(shape)


def plain_upsample(x, size):
    """Nearest neighbor, by indices."""
    rows, cols = (
        torch.arange(new) * old // new
        for old, new in zip(x.shape[2:], size, strict=True)
    )
    return x[:, :, rows][:, :, :, cols]


@pytest.mark.parametrize('size', [(16, 12), (9, 7)])
@torch.no_grad()
def test_as_written_plainly(size, randomize):
    head = randomize(FSHead([8, 8, 12], 17)).eval()
    feats = [
        torch.randn(2, c, -(-size[0] // 2**i), -(-size[1] // 2**i))
        for i, c in enumerate((8, 8, 12))
    ]
    expected = sum(
        plain_upsample(plain_conv_norm(conv, feat), size)
        for conv, feat in zip(head.convs, feats, strict=True)
    )
    torch.testing.assert_close(head(feats), expected)


@torch.no_grad()
def test_scales_at_their_own_resolution(randomize):
    head = randomize(FSHead([8, 12], 3)).eval()
    feats = [torch.randn(2, 8, 8, 6), torch.randn(2, 12, 4, 3)]
    for conv, feat, out in zip(
        head.convs, feats, head.forward_scales(feats), strict=True
    ):
        torch.testing.assert_close(out, plain_conv_norm(conv, feat))


def test_loss_and_prediction_are_mmposes():
    assert issubclass(FSHead, HeatmapHead)
    assert not {'loss', 'predict', 'decode'} & set(vars(FSHead))
