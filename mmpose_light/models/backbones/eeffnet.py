"""EEffNet, EfficientNet that keeps its high resolutions alive.

Paper: `MEMe <https://doi.org/10.3390/s22020632>`_, Section 3.1, Figure 3b.

The paper shows extended convolutions and cross-scale fusions in a figure only; where
they stand and what they are cloned from follows the published models.
"""

from typing import Any

from mmpose.registry import MODELS
from mmpose.utils.typing import ConfigType
from torch import Tensor, nn

from ..layers import InvertedResidual, TotalFusion, to_fast_layout
from .effnet import EffNet


@MODELS.register_module()
class EEffNet(EffNet):
    """EffNet with extended convolutions and cross-scale total fusion.

    From stage 4 on, the features of stride 4 (S2) do not end but pass through
    extended convolutions, from stage 6 on those of stride 8 (S3) too: one block for
    every block of the stage, cloned, weights and all, from the last block before the
    stride (of stage 3 for S2, of stage 5 for S3). The stage itself continues the
    lowest resolution. After stages 4, 5, 6 and 7 a :class:`TotalFusion` joins all
    scales there are.

    Args:
        arch (str): ``'b0'``, ``'b1'``, ``'b2'`` or ``'b3'``. Defaults to ``'b0'``
        fusion_act_cfg (dict): The activation of AddUp: SiLU as in the published
            models, or ``dict(type='Mish')`` as in Equation 3. Defaults to
            ``dict(type='SiLU')``
        **kwargs: The other arguments of :class:`EffNet`; they hold for extended
            convolutions and fusions, too. In fusions, epsilon and momentum of batch
            norms have other defaults (see :class:`TotalFusion`), and the drop-path
            rate is that of the stage's last block. A stage is frozen with them.

    Attributes:
        out_channels (tuple[int, ...]): Channels of the outputs.

    Raises:
        ValueError: If an argument does not suit :class:`EffNet`.

    Example:
        >>> import torch
        >>> from mmpose_light.models import EEffNet
        >>> model = EEffNet(arch='b0').eval()
        >>> [tuple(level.shape) for level in model(torch.rand(1, 3, 256, 192))]
        [(1, 40, 64, 48), (1, 112, 32, 24), (1, 320, 16, 12)]
    """

    def __init__(
        self,
        arch: str = 'b0',
        fusion_act_cfg: ConfigType = dict(type='SiLU'),
        **kwargs: Any,
    ) -> None:
        self.fusion_act_cfg = fusion_act_cfg  # read while EffNet builds the layers
        super().__init__(arch, **kwargs)

    def _make_layers(self) -> None:
        """Build EffNet and, for stages 4 to 7, what keeps the other scales alive."""
        super()._make_layers()
        self.first_extended = self.out_indices[0] + 1
        self.extensions = nn.ModuleList()
        self.fusions = nn.ModuleList()
        cfgs = self._block_cfgs()
        for stage in range(self.first_extended, len(self.stages)):
            kept = self._kept_alive(stage)
            self.extensions.append(
                nn.ModuleList(
                    self._make_extension(cfgs[source][-1], cfgs[stage])
                    for source in kept
                )
            )
            channels = [self.channels[i] for i in [*kept, stage]]
            self.fusions.append(
                TotalFusion(
                    channels,
                    channels,
                    drop_path_rate=cfgs[stage][-1]['drop_path_rate'],
                    norm_cfg=self.norm_cfg,
                    act_cfg=self.fusion_act_cfg,
                    mixup_act_cfg=self.act_cfg,
                    with_cp=self.with_cp,
                )
            )
        self._finish_init(loaded=set())

    @staticmethod
    def _make_extension(source_cfg: dict, stage_cfgs: list[dict]) -> nn.Sequential:
        """Build a block like the source's for every block of a stage."""
        return nn.Sequential(
            *(
                InvertedResidual(
                    **source_cfg | dict(drop_path_rate=cfg['drop_path_rate'])
                )
                for cfg in stage_cfgs
            )
        )

    def _kept_alive(self, stage: int) -> list[int]:
        """Return the stages (from 0) whose features bypass a later stage."""
        return [i for i in self.out_indices if i < stage]

    def _finish_init(self, loaded: set[str]) -> None:
        """Clone the extended convolutions, except those that were loaded."""
        for i, extensions in enumerate(self.extensions):
            sources = self._kept_alive(self.first_extended + i)
            for j, (source, extension) in enumerate(
                zip(sources, extensions, strict=True)
            ):
                if any(key.startswith(f'extensions.{i}.{j}.') for key in loaded):
                    continue
                for block in extension:
                    block.load_state_dict(self.stages[source][-1].state_dict())

    def _parts_of(self, stage: int) -> list[nn.Module]:
        """Return what belongs to a stage: 0 is the stem."""
        parts = super()._parts_of(stage)
        if stage > self.first_extended:
            index = stage - 1 - self.first_extended
            parts += [self.extensions[index], self.fusions[index]]
        return parts

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Map images (N, 3, H, W) to feature maps at 1/4, 1/8 and 1/16 of their size.

        Sizes are rounded up where they do not divide.
        """
        x = self.stem(to_fast_layout(x))
        for stage in self.stages[: self.first_extended]:
            x = stage(x)
        feats = (x,)
        for stage, extensions, fusion in zip(
            self.stages[self.first_extended :],
            self.extensions,
            self.fusions,
            strict=True,
        ):
            # a stage without stride takes the place of the scale that it continues
            kept = zip(extensions, feats)  # noqa: B905
            feats = fusion([extend(feat) for extend, feat in kept] + [stage(feats[-1])])
        return feats
