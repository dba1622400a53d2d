"""EL-HRNet, HRNet of light residual blocks with attention.

Paper: `Human Pose Estimation Based on Efficient and Lightweight High-Resolution
Network (EL-HRNet) <https://doi.org/10.3390/s24020396>`_, Section 2.3.2, Figure 5.

Stem, stage 1, transitions and fuse layers are MMPose's HRNet; every basic block of
stages 2 to 4 is an LA-Basicblock. The paper is silent on the initialization; the
default here departs from HRNet's (see :class:`ELHRNet`).
"""

from functools import partial
from typing import Any

import torch
from mmengine.model import initialize
from mmpose.models.backbones import HRNet
from mmpose.registry import MODELS
from mmpose.utils.typing import ConfigType, OptConfigType, OptMultiConfig
from torch import Tensor

from ..init_cfg import FAN_IN_INIT_CFG, split_init_cfg
from ..layers import LABasicblock, LBasicblock, to_fast_layout


@MODELS.register_module()
class ELHRNet(HRNet):
    """EL-HRNet backbone.

    Args:
        arch (str): The variant by the width of its first branch: ``'w18'``,
            ``'w32'`` (the paper's) or ``'w48'``. Defaults to ``'w32'``
        extra (dict, optional): The stages in the format of MMPose's
            :class:`HRNet`; where given, ``arch`` has no effect. Its ``'BASIC'``
            blocks become the light ones. Defaults to ``None``
        attention (bool): Whether the blocks are LA-Basicblocks (with CBAM) or
            L-Basicblocks. Defaults to ``True``
        reduction (int): Reduction ratio of CBAM. Defaults to 8
        kernel_size (int): Kernel size of CBAM's spatial attention. Defaults to 7
        groups (int, optional): Groups of NConv's 3×3 convolution. Defaults to
            ``None``, depth-wise
        in_channels (int): Channels of the image. Defaults to 3
        conv_cfg (dict, optional): The convolution layer. Defaults to ``None``,
            :class:`torch.nn.Conv2d`
        norm_cfg (dict): The normalization layer. Defaults to ``dict(type='BN')``
        norm_eval (bool): Whether norm layers stay in eval mode while training.
            Defaults to ``False``
        with_cp (bool): Whether to save memory by computing the blocks again in
            the backward pass. Defaults to ``False``
        zero_init_residual (bool): Whether the last norm layer of each block starts
            at zero, except those that a checkpoint fills. Defaults to ``False``
        frozen_stages (int): Stages to freeze: 0 the stem, 1 stage 1 too, and so
            on up to 4; -1 none. Defaults to -1
        init_cfg (dict or list[dict], optional): Initialization of the weights.
            Defaults to Kaiming's (fan-in) and norm layers of one. HRNet's normal
            distribution of 0.001 would multiply through NConv's two convolutions
            and leave the second one's output below the epsilon of the norm layer.
            ``dict(type='Pretrained', checkpoint=...)`` with a checkpoint of HRNet
            initializes stem, stage 1, transitions and fuse layers; what the file does
            not hold is left as the other entries initialize it, or the default where
            there are none

    Raises:
        ValueError: If ``arch`` is unknown, ``extra`` lacks a stage, ``frozen_stages``
            is out of range, or a width, ``groups``, ``reduction`` or ``kernel_size``
            does not suit the blocks.

    Example:
        >>> import torch
        >>> from mmpose_light.models import ELHRNet
        >>> model = ELHRNet(arch='w32').eval()
        >>> [tuple(level.shape) for level in model(torch.rand(1, 3, 256, 192))]
        [(1, 32, 64, 48)]
    """

    # widths of the branches; all have HRNet's 1, 4, 3 modules of 4 blocks each
    arch_zoo = {
        'w18': (18, 36, 72, 144),
        'w32': (32, 64, 128, 256),
        'w48': (48, 96, 192, 384),
    }

    # the coarsest branch sees 1/32 of the input
    size_divisor = 32

    def __init__(
        self,
        arch: str = 'w32',
        extra: OptConfigType = None,
        attention: bool = True,
        reduction: int = 8,
        kernel_size: int = 7,
        groups: int | None = None,
        in_channels: int = 3,
        conv_cfg: OptConfigType = None,
        norm_cfg: ConfigType = dict(type='BN'),
        norm_eval: bool = False,
        with_cp: bool = False,
        zero_init_residual: bool = False,
        frozen_stages: int = -1,
        init_cfg: OptMultiConfig = FAN_IN_INIT_CFG,
    ) -> None:
        if frozen_stages not in range(-1, 5):
            raise ValueError(
                f'frozen_stages must be from -1 (none) to 4 (all), but got '
                f'{frozen_stages}'
            )
        if attention:
            block = partial(
                LABasicblock,
                groups=groups,
                reduction=reduction,
                kernel_size=kernel_size,
            )
        else:
            block = partial(LBasicblock, groups=groups)
        block.expansion = 1
        # read by HRNet's constructor
        self.blocks_dict = {**HRNet.blocks_dict, 'BASIC': block}
        super().__init__(
            extra=self._parse_arch(arch) if extra is None else self._check(extra),
            in_channels=in_channels,
            conv_cfg=conv_cfg,
            norm_cfg=norm_cfg,
            norm_eval=norm_eval,
            with_cp=with_cp,
            zero_init_residual=zero_init_residual,
            frozen_stages=frozen_stages,
            init_cfg=init_cfg,
        )

    @classmethod
    def _parse_arch(cls, arch: str) -> dict[str, Any]:
        """Spell a variant of the table out in HRNet's format."""
        if arch not in list(cls.arch_zoo):
            raise ValueError(
                f'unknown arch {arch!r} of ELHRNet; choose one of '
                f'{sorted(cls.arch_zoo)}, or give the stages as extra=dict(...)'
            )
        extra = dict(
            stage1=dict(
                num_modules=1,
                num_branches=1,
                block='BOTTLENECK',
                num_blocks=(4,),
                num_channels=(64,),
            )
        )
        for stage, num_modules in ((2, 1), (3, 4), (4, 3)):
            extra[f'stage{stage}'] = dict(
                num_modules=num_modules,
                num_branches=stage,
                block='BASIC',
                num_blocks=(4,) * stage,
                num_channels=cls.arch_zoo[arch][:stage],
            )
        return extra

    @classmethod
    def _check(cls, extra: ConfigType) -> ConfigType:
        """Name what an explicit architecture lacks."""
        missing = [f'stage{i}' for i in range(1, 5) if f'stage{i}' not in extra]
        if missing:
            raise ValueError(
                f'extra of ELHRNet lacks {missing}; give stage1 to stage4 in the '
                'format of HRNet'
            )
        return extra

    def init_weights(self) -> None:
        """Initialize the weights as ``init_cfg`` says, checkpoints last.

        HRNet leaves ``zero_init_residual`` out where there is a checkpoint, which it
        would overwrite; here the checkpoint is loaded after it.
        """
        if self.is_init:
            super(HRNet, self).init_weights()  # warns, and changes nothing
            return
        init_cfg = self.init_cfg
        self.init_cfg, pretrained = split_init_cfg(init_cfg)
        super().init_weights()
        self.init_cfg = init_cfg
        initialize(self, pretrained)

    def train(self, mode: bool = True) -> 'ELHRNet':
        """Set the mode as HRNet does, and return the module as PyTorch does."""
        super().train(mode)
        return self

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Map an image (N, 3, H, W) to a tuple of feature maps.

        The tuple holds the highest resolution (N, C, H/4, W/4), or every branch
        where ``extra['stage4']`` sets ``multiscale_output``.

        Raises:
            ValueError: If a side of the input is no multiple of 32.
        """
        height, width = x.shape[-2:]
        if not torch.jit.is_tracing() and (
            height % self.size_divisor or width % self.size_divisor
        ):
            raise ValueError(
                f'ELHRNet takes input sides that are multiples of '
                f'{self.size_divisor}, but got {width}×{height} (width×height); '
                'change input_size of the codec'
            )
        return super().forward(to_fast_layout(x))
