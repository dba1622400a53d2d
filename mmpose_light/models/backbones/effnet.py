"""EffNet, EfficientNet as the backbone of EffBase.

Papers: `EfficientNet <https://arxiv.org/abs/1905.11946>`_, Table 1 and Section 3.3,
and `MEMe <https://doi.org/10.3390/s22020632>`_, Section 3.1, Figure 3a.

It departs from EfficientNet in that the stem keeps the resolution of the image and
the last 1×1 convolution is left out. It is of the TensorFlow flavor, as the published
weights are: strided convolutions pad "SAME", batch norms have an epsilon of 1e-3.
"""

import math

from mmcv.cnn import ConvModule
from mmpose.models.backbones.base_backbone import BaseBackbone
from mmpose.models.backbones.utils import make_divisible
from mmpose.registry import MODELS
from mmpose.utils.typing import ConfigType, OptConfigType, OptMultiConfig
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..init_cfg import FAN_IN_INIT_CFG, split_init_cfg
from ..layers import InvertedResidual, fill_norm_cfg, to_fast_layout
from .efficientnet_checkpoint import load_efficientnet


@MODELS.register_module()
class EffNet(BaseBackbone):
    """EfficientNet pyramid for pose estimation.

    The outputs have strides of 4, 8 and 16 (the paper's S2, S3 and S4).

    Args:
        arch (str): ``'b0'``, ``'b1'``, ``'b2'`` or ``'b3'``. Defaults to ``'b0'``
        drop_path_rate (float): Rate of stochastic depth; block k of K, from 0, is
            dropped with a probability of k/K of it. Defaults to 0.2
        conv_cfg (dict, optional): The convolutions of the strided blocks only; all
            others are :class:`torch.nn.Conv2d`. Defaults to
            ``dict(type='Conv2dAdaptivePadding')``, which pads "SAME"; with stride 1
            that is the same as equal padding
        norm_cfg (dict): The normalization layers; epsilon and momentum of batch
            norms default to 1e-3 and 0.1. Defaults to ``dict(type='BN')``
        act_cfg (dict): The activation. Defaults to ``dict(type='SiLU')``
        frozen_stages (int): Stages to freeze: 0 the stem, 1 stage 1 too, and so on
            up to 7; -1 none. Defaults to -1
        norm_eval (bool): Whether batch norms stay in eval mode while training.
            Defaults to ``False``
        with_cp (bool): Whether to save memory by computing the blocks again in the
            backward pass. Defaults to ``False``
        init_cfg (dict or list[dict], optional): Initialization of the weights.
            ``dict(type='Pretrained', checkpoint=...)`` takes EfficientNet checkpoints
            of MMPretrain, MMDetection, timm and EfficientNet-PyTorch, and what timm's
            EfficientDet has of one (:mod:`.efficientnet_checkpoint`); an optional
            ``prefix`` limits it to a part of the file. What the file does not hold is
            left as the other entries initialize it, or the default where there are
            none. Defaults to Kaiming's (fan-in) and norm layers of one

    Attributes:
        out_channels (tuple[int, ...]): Channels of the outputs.

    Raises:
        ValueError: If ``arch`` is unknown, or ``frozen_stages`` or
            ``drop_path_rate`` is out of range.

    Example:
        >>> import torch
        >>> from mmpose_light.models import EffNet
        >>> model = EffNet(arch='b0').eval()
        >>> [tuple(level.shape) for level in model(torch.rand(1, 3, 256, 192))]
        [(1, 40, 64, 48), (1, 112, 32, 24), (1, 320, 16, 12)]
    """

    # width and depth coefficient
    arch_zoo = {
        'b0': (1.0, 1.0),
        'b1': (1.0, 1.1),
        'b2': (1.1, 1.2),
        'b3': (1.2, 1.4),
    }

    # of b0: kernel size, channels, blocks, stride, expansion
    stage_zoo = (
        (3, 16, 1, 1, 1),
        (3, 24, 2, 2, 6),
        (5, 40, 2, 2, 6),
        (3, 80, 3, 2, 6),
        (5, 112, 3, 1, 6),
        (5, 192, 4, 2, 6),
        (3, 320, 1, 1, 6),
    )

    # the last stages of strides 4, 8 and 16
    out_indices = (2, 4, 6)

    def __init__(
        self,
        arch: str = 'b0',
        drop_path_rate: float = 0.2,
        conv_cfg: OptConfigType = dict(type='Conv2dAdaptivePadding'),
        norm_cfg: ConfigType = dict(type='BN'),
        act_cfg: ConfigType = dict(type='SiLU'),
        frozen_stages: int = -1,
        norm_eval: bool = False,
        with_cp: bool = False,
        init_cfg: OptMultiConfig = FAN_IN_INIT_CFG,
    ) -> None:
        super().__init__(init_cfg)
        if arch not in list(self.arch_zoo):
            raise ValueError(
                f'unknown arch {arch!r} of {type(self).__name__}; choose one of '
                f'{sorted(self.arch_zoo)}'
            )
        if frozen_stages not in range(-1, len(self.stage_zoo) + 1):
            raise ValueError(
                f'frozen_stages must be from -1 (none) to {len(self.stage_zoo)} '
                f'(all), but got {frozen_stages}'
            )
        if not 0 <= drop_path_rate < 1:
            raise ValueError(
                f'drop_path_rate must be in [0, 1), but got {drop_path_rate}'
            )
        width, depth = self.arch_zoo[arch]
        self.stem_channels = make_divisible(32 * width, 8)
        self.channels = [make_divisible(c * width, 8) for _, c, *_ in self.stage_zoo]
        self.depths = [math.ceil(n * depth) for _, _, n, *_ in self.stage_zoo]
        self.out_channels = tuple(self.channels[i] for i in self.out_indices)
        self.drop_path_rate = drop_path_rate
        self.conv_cfg = conv_cfg
        self.norm_cfg = norm_cfg
        self.act_cfg = act_cfg
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self.with_cp = with_cp
        self._make_layers()
        self._freeze_stages()

    def _make_layers(self) -> None:
        """Build the stem and the seven stages."""
        self.stem = ConvModule(
            3,
            self.stem_channels,
            kernel_size=3,
            padding=1,
            norm_cfg=fill_norm_cfg(self.norm_cfg, eps=1e-3, momentum=0.1),
            act_cfg=self.act_cfg,
        )
        # init_cfg is to hold for it, too: by itself ConvModule goes by fan-out
        self.stem.is_init = True
        self.stages = nn.ModuleList(
            nn.Sequential(*(InvertedResidual(**cfg) for cfg in stage))
            for stage in self._block_cfgs()
        )

    def _block_cfgs(self) -> list[list[dict]]:
        """Return the arguments of every block, stage by stage."""
        norm_cfg = fill_norm_cfg(self.norm_cfg, eps=1e-3, momentum=0.1)
        cfgs, in_channels, index = [], self.stem_channels, 0
        for i, (kernel_size, _, _, stride, expand_ratio) in enumerate(self.stage_zoo):
            cfgs.append([])
            for block in range(self.depths[i]):
                strided = block == 0 and stride > 1
                cfgs[i].append(
                    dict(
                        in_channels=in_channels,
                        out_channels=self.channels[i],
                        kernel_size=kernel_size,
                        stride=stride if strided else 1,
                        expand_ratio=expand_ratio,
                        drop_path_rate=self.drop_path_rate * index / sum(self.depths),
                        conv_cfg=self.conv_cfg if strided else None,
                        norm_cfg=norm_cfg,
                        act_cfg=self.act_cfg,
                        with_cp=self.with_cp,
                    )
                )
                in_channels = self.channels[i]
                index += 1
        return cfgs

    def init_weights(self) -> None:
        """Initialize the weights as ``init_cfg`` says, checkpoints last.

        Raises:
            FileNotFoundError: If a checkpoint does not exist.
            ValueError: If a checkpoint cannot be read, or holds no EfficientNet, or
                one of another arch.
        """
        if self.is_init:
            super().init_weights()  # warns, and changes nothing
        else:
            self._finish_init(self._init_and_load())

    def _init_and_load(self) -> set[str]:
        """Initialize, then load checkpoints; return the names of what was loaded."""
        init_cfg = self.init_cfg
        self.init_cfg, pretrained = split_init_cfg(init_cfg)
        super().init_weights()
        self.init_cfg = init_cfg

        loaded = set()
        for cfg in pretrained:
            report = load_efficientnet(
                self, cfg['checkpoint'], self.depths, cfg.get('prefix')
            )
            loaded.update(report.loaded)
        return loaded

    def _finish_init(self, loaded: set[str]) -> None:
        """Set the weights that follow from others, except those that were loaded."""

    def _parts_of(self, stage: int) -> list[nn.Module]:
        """Return what belongs to a stage: 0 is the stem."""
        return [self.stem if stage == 0 else self.stages[stage - 1]]

    def _freeze_stages(self) -> None:
        """Keep the frozen stages from learning and in eval mode."""
        for stage in range(self.frozen_stages + 1):
            for part in self._parts_of(stage):
                part.eval()
                part.requires_grad_(False)

    def train(self, mode: bool = True) -> 'EffNet':
        """Switch the mode, but for frozen stages and, by ``norm_eval``, norms."""
        super().train(mode)
        self._freeze_stages()
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Map images (N, 3, H, W) to feature maps at 1/4, 1/8 and 1/16 of their size.

        Sizes are rounded up where they do not divide.
        """
        x = self.stem(to_fast_layout(x))
        outs = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i in self.out_indices:
                outs.append(x)
        return tuple(outs)
