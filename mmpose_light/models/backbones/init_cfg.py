"""Which initialization a checkpoint is loaded over."""

from mmengine.model import PretrainedInit
from mmpose.utils.typing import OptMultiConfig


def split_init_cfg(
    init_cfg: OptMultiConfig, default: list[dict]
) -> tuple[list[dict], list[dict]]:
    """Separate the checkpoints of an ``init_cfg`` from what goes before them.

    Given alone, as by ``--cfg-options model.backbone.init_cfg.type=Pretrained``, a
    checkpoint would leave what it does not hold at PyTorch's initialization.

    Args:
        init_cfg (dict or list[dict], optional): What a model was given.
        default (list[dict]): What goes before checkpoints that come alone.

    Returns:
        tuple[list[dict], list[dict]]: The initialization, and the checkpoints to load
        over it.

    Example:
        >>> checkpoint = dict(type='Pretrained', checkpoint='hrnet.pth')
        >>> split_init_cfg(checkpoint, default=[dict(type='Kaiming', layer='Conv2d')])
        ([{'type': 'Kaiming', ...}], [{'type': 'Pretrained', ...}])
    """
    init_cfg = init_cfg or []
    cfgs = init_cfg if isinstance(init_cfg, list) else [init_cfg]
    pretrained = [cfg for cfg in cfgs if cfg['type'] in ('Pretrained', PretrainedInit)]
    others = [cfg for cfg in cfgs if cfg not in pretrained]
    return others or (default if pretrained else []), pretrained
