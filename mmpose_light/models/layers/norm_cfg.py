"""Epsilon and momentum of batch norm, which differ from place to place in EEffPose.

The published weights were trained with the figures of EfficientNet in the backbone,
of EfficientDet in 1×1 convolutions of necks and heads, and of PyTorch in MixUp.
"""

from mmpose.utils.typing import ConfigType


def fill_norm_cfg(norm_cfg: ConfigType, eps: float, momentum: float) -> dict:
    """Complete the config of a batch norm with the figures of its place.

    What the config sets itself is kept. Returns a completed copy; of any other layer
    than a batch norm a plain copy.

    Example:
        >>> from mmpose_light.models.layers import fill_norm_cfg
        >>> fill_norm_cfg(dict(type='SyncBN', momentum=0.2), eps=1e-3, momentum=0.01)
        {'eps': 0.001, 'momentum': 0.2, 'type': 'SyncBN'}
        >>> fill_norm_cfg(dict(type='GN', num_groups=8), eps=1e-3, momentum=0.01)
        {'type': 'GN', 'num_groups': 8}
    """
    layer = norm_cfg['type']
    name = layer if isinstance(layer, str) else layer.__name__
    if 'BN' in name or 'BatchNorm' in name:
        return dict(eps=eps, momentum=momentum) | dict(norm_cfg)
    return dict(norm_cfg)
