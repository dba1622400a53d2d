"""The training form of a network to its inference form.

What is exact on paper and saves time: batch norms go into the convolutions before them,
the light blocks of EL-HRNet and the weighted sums of EEffPose take forms of their own
(:mod:`~mmpose_light.deploy.fused_light_block`,
:mod:`~mmpose_light.deploy.fused_add_up`). Every other layer, and so any other network
of MMPose, stays what it is.
"""

import copy
from collections.abc import Callable
from functools import partial

import torch
from mmcv.cnn.utils import fuse_conv_bn
from torch import nn

from ..models.layers import AddUp
from .fused_add_up import FusedAddUp
from .fused_light_block import FusedLightBlock, is_fusible
from .graph_light_block import GraphLightBlock


def fuse(model: nn.Module, inplace: bool = False) -> nn.Module:
    """Return a copy for inference that computes the same in less time.

    Memory is laid out channels last, the faster way for the convolutions of light
    networks. Outputs differ by rounding alone.

    Args:
        model (nn.Module): A network, or a part of one, in eval mode. It is left as
            it is, unless ``inplace``.
        inplace (bool): Whether to make the model itself into that, in the place of a
            copy. Defaults to ``False``

    Returns:
        nn.Module: The copy, whose parameters take no gradients.

    Raises:
        ValueError: If the model, or a part of it, is in training mode.

    Example:
        >>> import torch
        >>> from mmpose_light.deploy import fuse
        >>> from mmpose_light.models import ELHRNet
        >>> model = fuse(ELHRNet(arch='w32').eval())
        >>> model(torch.rand(1, 3, 256, 192))[0].shape
        torch.Size([1, 32, 64, 48])
    """
    check_eval_mode(model)
    if not inplace:
        model = copy.deepcopy(model)
    model = model.requires_grad_(False)
    model = _replace(model, is_fusible, FusedLightBlock)
    model = fuse_conv_bn(model)
    model = _replace(model, lambda module: isinstance(module, AddUp), FusedAddUp)
    model = model.eval().requires_grad_(False)
    return model.to(memory_format=torch.channels_last)


def to_graph_form(model: nn.Module, runtime: str = 'onnxruntime') -> nn.Module:
    """Put a network in inference form, which is changed, into the form of its graph.

    The same numbers once more, by the steps that the runtimes of graphs do fast
    (:mod:`~mmpose_light.deploy.graph_light_block`, which tells what ``runtime`` is).
    """
    return _replace(
        model,
        lambda module: isinstance(module, FusedLightBlock),
        partial(GraphLightBlock, runtime=runtime),
    ).requires_grad_(False)


def check_eval_mode(model: nn.Module) -> None:
    """Complain about a model in training mode.

    Raises:
        ValueError: If it, or a part of it, is in training mode.
    """
    training = [name for name, module in model.named_modules() if module.training]
    if training:
        raise ValueError(
            'this takes a model in eval mode, whose batch norms use their running '
            f'statistics, but {training[0] or "it"!r} is in training mode; call '
            'model.eval() first'
        )


def _replace(
    module: nn.Module,
    is_replaced: Callable[[nn.Module], bool],
    replacement: Callable[[nn.Module], nn.Module],
) -> nn.Module:
    """Put another module in the place of each that is to be replaced."""
    if is_replaced(module):
        return replacement(module)
    for name, child in module.named_children():
        setattr(module, name, _replace(child, is_replaced, replacement))
    return module
