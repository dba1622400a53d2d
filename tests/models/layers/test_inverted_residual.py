"""The inverted residual, against a plain version of it."""

import pytest
import torch
import torch.nn.functional as F
from mmcv.cnn.bricks import DropPath

from mmpose_light.models.layers import InvertedResidual


def plain(block, x, stride, kernel_size, skip):
    """The block in functional form, from its tensors by name."""
    p = block.state_dict()

    def conv(name, x, **kwargs):
        return F.conv2d(
            x, p[f'{name}.conv.weight'], p.get(f'{name}.conv.bias'), **kwargs
        )

    def norm(name, x):
        names = ('running_mean', 'running_var', 'weight', 'bias')
        return F.batch_norm(x, *(p[f'{name}.bn.{n}'] for n in names), eps=1e-5)

    y = x
    if 'expand_conv.conv.weight' in p:
        y = F.silu(norm('expand_conv', conv('expand_conv', y)))
    y = conv(
        'depthwise_conv', y, stride=stride, padding=kernel_size // 2, groups=y.shape[1]
    )
    y = F.silu(norm('depthwise_conv', y))
    squeezed = F.silu(conv('se.conv1', y.mean((2, 3), keepdim=True)))
    y = y * torch.sigmoid(conv('se.conv2', squeezed))
    y = norm('linear_conv', conv('linear_conv', y))
    return x + y if skip else y


@pytest.mark.parametrize(
    ('args', 'skip'),
    [
        (dict(in_channels=8, out_channels=8), True),
        (dict(in_channels=8, out_channels=8, kernel_size=5, with_skip=False), False),
        (dict(in_channels=8, out_channels=8, expand_ratio=1), True),
        (dict(in_channels=8, out_channels=12, expand_ratio=1), False),
        (dict(in_channels=8, out_channels=12, stride=2, kernel_size=5), False),
    ],
)
@torch.no_grad()
def test_as_written_plainly(args, skip, randomize):
    block = randomize(InvertedResidual(**args)).eval()
    x = torch.randn(2, 8, 11, 10)
    expected = plain(block, x, args.get('stride', 1), args.get('kernel_size', 3), skip)
    torch.testing.assert_close(block(x), expected)


def test_squeezed_to_a_quarter_of_the_input():
    for expand_ratio in (1, 6):
        block = InvertedResidual(40, 80, expand_ratio=expand_ratio)
        assert block.se.conv1.out_channels == 10


@pytest.mark.parametrize('with_skip', [True, False])
def test_drop_path(with_skip):
    block = InvertedResidual(8, 8, with_skip=with_skip, drop_path_rate=0.5)
    x = torch.randn(64, 8, 4, 4)
    dropped = (block(x) == (x if with_skip else 0)).flatten(1).all(1)
    assert 10 < dropped.sum() < 54
    block.eval()
    assert torch.equal(block(x), block(x))
    assert not (block(x) == (x if with_skip else 0)).flatten(1).all(1).any()


def test_drop_path_needs_a_way_around():
    block = InvertedResidual(8, 16, drop_path_rate=0.5)
    assert not any(isinstance(module, DropPath) for module in block.modules())


def test_with_cp_computes_the_same():
    x = torch.randn(2, 8, 6, 6, requires_grad=True)
    block = InvertedResidual(8, 8)
    grads = []
    for block.with_cp in (False, True):
        grads.append(
            torch.autograd.grad(block(x).square().sum(), [x, *block.parameters()])
        )
    for plain_grad, cp_grad in zip(*grads, strict=True):
        torch.testing.assert_close(plain_grad, cp_grad)


def test_gradients(check_gradients):
    check_gradients(InvertedResidual(8, 12, stride=2), torch.randn(2, 8, 8, 8))


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (dict(kernel_size=4), 'kernel_size must be odd, but got 4'),
        (dict(stride=3), 'stride must be 1 or 2, but got 3'),
        (dict(expand_ratio=0), 'expand_ratio must be 1 or more, but got 0'),
        (dict(in_channels=3), 'in_channels=3'),
        (dict(drop_path_rate=1.0), r'drop_path_rate must be in \[0, 1\), but got 1.0'),
        (dict(drop_path_rate=-0.1), 'but got -0.1'),
    ],
)
def test_wrong_arguments(args, message):
    with pytest.raises(ValueError, match=message):
        InvertedResidual(**dict(in_channels=8, out_channels=8) | args)
