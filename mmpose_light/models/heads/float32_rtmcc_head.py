"""RTMPose's head for training in bfloat16.

MMPose's RTMCCHead measures its training accuracy with numpy in every step, and numpy
knows no bfloat16; HeatmapHead's measurement can be turned off, this one cannot.
"""

from mmpose.models import RTMCCHead
from mmpose.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class Float32RTMCCHead(RTMCCHead):
    """MMPose's RTMCCHead, whose outputs are in single precision under autocast too.

    Takes the arguments of ``RTMCCHead``, and its weights.
    """

    def forward(self, feats: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """Turn feature maps, the last of them, into SimCC vectors of x and y."""
        x, y = super().forward(feats)
        return x.float(), y.float()
