"""Parameters and multiply-accumulates of a network, by one counter for all.

MACs are those of convolutions, linear layers and matrix products; norm layers,
activations, pooling and resizing count nothing, as in the published figures of
HRNet. Papers often print them as "FLOPs", some in units of 2^30.
"""

import copy

import torch
from mmpose.models.pose_estimators.base import BasePoseEstimator
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.flop_counter import FlopCounterMode


def count_parameters(model: nn.Module) -> int:
    """Count the parameters of a model, frozen ones too."""
    return sum(parameter.numel() for parameter in model.parameters())


def count_macs(model: nn.Module, input_size: tuple[int, int]) -> int:
    """Count the multiply-accumulates of one forward pass of one image.

    Args:
        model (nn.Module): A pose estimator of MMPose, or a module whose forward
            takes images (N, 3, H, W), a backbone for example.
        input_size (tuple[int, int]): Width and height of the image in pixels, in
            the order of a codec's ``input_size``.
    """
    width, height = input_size
    # shapes are all it takes: nothing is computed on the meta device
    model = copy.deepcopy(model).to('meta').eval()
    for module in [*model.modules()]:  # they count nothing, and take half of the time
        for name, child in module.named_children():
            if isinstance(child, _BatchNorm):
                setattr(module, name, nn.Identity())
    image = torch.empty(1, 3, height, width, device='meta')
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        if isinstance(model, BasePoseEstimator):
            model(image, None, mode='tensor')
        else:
            model(image)
    return counter.get_total_flops() // 2
