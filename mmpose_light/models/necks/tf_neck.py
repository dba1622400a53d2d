"""TFNeck, the neck of EEffPose.

Paper: `MEMe <https://doi.org/10.3390/s22020632>`_, Section 3.2, Figure 4b.
"""

from collections.abc import Sequence

from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.utils.typing import ConfigType, OptConfigType, OptMultiConfig
from torch import Tensor, nn

from ..init_cfg import FAN_IN_INIT_CFG
from ..layers import TotalFusion


@MODELS.register_module()
class TFNeck(BaseModule):
    """A row of total fusion blocks over any number of scales.

    Args:
        in_channels (Sequence[int]): Channels of each scale, from the highest
            resolution to the lowest, each half of the one before.
        out_channels (int): Channels of every scale of the output: 64, 88, 112 and 160
            for EEffPose-P0 to P3.
        num_blocks (int): Number of :class:`TotalFusion` blocks: 3, 4, 5 and 6 for
            EEffPose-P0 to P3.
        drop_path_rate (float): Rate of stochastic depth in every block. Defaults to
            0.2
        conv_cfg (dict, optional): The convolution layers. Defaults to ``None``,
            :class:`torch.nn.Conv2d`
        norm_cfg (dict): The normalization layers; for epsilon and momentum of batch
            norms see :class:`TotalFusion`. Defaults to ``dict(type='BN')``
        act_cfg (dict): The activation of AddUp: SiLU as in the published models, or
            ``dict(type='Mish')`` as in Equation 3. Defaults to ``dict(type='SiLU')``
        with_cp (bool): Whether to save memory by computing MixUp again in the
            backward pass. Defaults to ``False``
        init_cfg (dict or list[dict], optional): Initialization of the weights.
            Defaults to Kaiming's (fan-in) and norm layers of one

    Raises:
        ValueError: If there is no scale or no block, or ``drop_path_rate`` is not in
            [0, 1).

    Example:
        >>> import torch
        >>> from mmpose_light.models import TFNeck
        >>> feats = [torch.rand(1, c, s, s) for c, s in [(40, 64), (112, 32), (320, 16)]]
        >>> neck = TFNeck([40, 112, 320], out_channels=64, num_blocks=3)
        >>> [tuple(level.shape) for level in neck(feats)]
        [(1, 64, 64, 64), (1, 64, 32, 32), (1, 64, 16, 16)]
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int,
        num_blocks: int,
        drop_path_rate: float = 0.2,
        conv_cfg: OptConfigType = None,
        norm_cfg: ConfigType = dict(type='BN'),
        act_cfg: ConfigType = dict(type='SiLU'),
        with_cp: bool = False,
        init_cfg: OptMultiConfig = FAN_IN_INIT_CFG,
    ) -> None:
        super().__init__(init_cfg)
        if num_blocks < 1:
            raise ValueError(f'TFNeck needs a block or more, but got {num_blocks}')
        widths = [out_channels] * len(in_channels)
        self.blocks = nn.Sequential(
            *(
                TotalFusion(
                    in_channels if block == 0 else widths,
                    widths,
                    drop_path_rate=drop_path_rate,
                    conv_cfg=conv_cfg,
                    norm_cfg=norm_cfg,
                    act_cfg=act_cfg,
                    with_cp=with_cp,
                )
                for block in range(num_blocks)
            )
        )

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Map all scales to as many of the same resolutions, ``out_channels`` each."""
        return self.blocks(feats)
