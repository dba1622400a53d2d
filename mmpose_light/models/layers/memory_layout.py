"""The layout of feature maps in memory."""

import torch
from torch import Tensor


def to_fast_layout(x: Tensor) -> Tensor:
    """Lay images, (N, C, H, W), out channels last on a CPU: light convolutions want it.

    Every layer after it keeps the layout. The 1×1 and depth-wise convolutions that
    light networks consist of take two thirds of the time there, in training and in
    inference. On other devices the layout is the user's choice.
    """
    if x.device.type != 'cpu':
        return x
    return x.contiguous(memory_format=torch.channels_last)
