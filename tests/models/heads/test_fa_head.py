"""FAHead, against Equation 7 written plainly."""

import math

import torch

from mmpose_light.models import FAHead, FSHead


@torch.no_grad()
def test_as_written_plainly(randomize):
    """The product of the sigmoids of what FSHead, tested on its own, adds."""
    head = randomize(FAHead([8, 8, 12], 17)).eval()
    summing = FSHead([8, 8, 12], 17).eval()
    summing.load_state_dict(head.state_dict())
    feats = [torch.randn(2, c, 16 >> i, 12 >> i) for i, c in enumerate((8, 8, 12))]
    expected = 1
    for i, maps in enumerate(summing.forward_scales(feats)):
        attention = 1 / (1 + torch.exp(-maps))
        big = attention.repeat_interleave(2**i, 2).repeat_interleave(2**i, 3)
        expected = expected * big
    torch.testing.assert_close(head(feats), expected)


@torch.no_grad()
def test_scales_at_their_own_resolution(randomize):
    head = randomize(FAHead([8, 12], 3)).eval()
    feats = [torch.randn(2, 8, 8, 6), torch.randn(2, 12, 4, 3)]
    maps = head.forward_scales(feats)
    assert [tuple(m.shape) for m in maps] == [(2, 3, 8, 6), (2, 3, 4, 3)]
    assert all(((m > 0) & (m < 1)).all() for m in maps)


@torch.no_grad()
def test_every_scale_can_veto():
    """A pixel responds only where all scales do."""
    head = FAHead([8, 8, 12], 17).eval()
    feats = [torch.randn(1, c, 16 >> i, 12 >> i) for i, c in enumerate((8, 8, 12))]
    for conv in head.convs:
        bias = conv.bn.bias.clone()
        conv.bn.bias.fill_(-math.inf)
        assert not head(feats).any()
        conv.bn.bias.copy_(bias)
    assert head(feats).all()
