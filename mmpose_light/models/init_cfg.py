"""How layers are initialized, and what a checkpoint is loaded over.

Kaiming's fan-out, the default of OpenMMLab, counts all output channels, whatever the
groups. A depth-wise layer then starts so small that what reaches its batch norm has a
variance below the norm's epsilon, and the norm no longer normalizes. Fan-in counts the
inputs that each output really has.
"""

from mmengine.model import PretrainedInit
from mmpose.utils.typing import OptMultiConfig

#: The initialization of every backbone, neck and head of this package.
FAN_IN_INIT_CFG = [
    dict(type='Kaiming', layer='Conv2d', mode='fan_in'),
    dict(type='Constant', val=1, layer=['_BatchNorm', 'GroupNorm']),
]


def split_init_cfg(init_cfg: OptMultiConfig) -> tuple[list[dict], list[dict]]:
    """Separate the checkpoints of an ``init_cfg`` from what goes before them.

    Given alone, as by ``--cfg-options model.backbone.init_cfg.type=Pretrained``, a
    checkpoint would leave what it does not hold at PyTorch's initialization;
    :data:`FAN_IN_INIT_CFG` goes before it.

    Returns:
        tuple[list[dict], list[dict]]: The initialization, and the checkpoints to load
        over it.
    """
    init_cfg = init_cfg or []
    cfgs = init_cfg if isinstance(init_cfg, list) else [init_cfg]
    pretrained = [cfg for cfg in cfgs if cfg['type'] in ('Pretrained', PretrainedInit)]
    others = [cfg for cfg in cfgs if cfg not in pretrained]
    return others or (FAN_IN_INIT_CFG if pretrained else []), pretrained
