"""The published names of EEffPose's tensors, and those of this project."""

import re

from ..models import EEffNet
from ..models.backbones.efficientnet_checkpoint import rename_timm, rename_timm_block

BIFPN_LEVELS = 5

# published names of a convolution and its norm layer, to those here
_CONV_BN = {'0': 'conv', '1': 'bn'}
_NODE_LAYERS = {'conv_dw': 'depthwise_conv', 'conv_pw': 'pointwise_conv', 'bn': 'norm'}


def rename(key: str) -> str | None:
    """Translate a published name, e.g. ``'fpn.0.fixup_layers.1.conv.0.weight'``.

    Returns the name in a pose estimator, e.g. ``'neck.blocks.0.fixups.1.conv.weight'``;
    ``None`` if there is none.
    """
    for prefix, part, rename_part in (
        ('hr_backbone.', 'backbone', _rename_backbone),
        ('fpn.', 'neck', _rename_neck),
        ('final_layer.layers.', 'head', _rename_head),
    ):
        if key.startswith(prefix):
            name = rename_part(key.removeprefix(prefix))
            return name and f'{part}.{name}'
    return None


def _rename_backbone(key: str) -> str | None:
    """Translate a name of EffNet (as in timm) or EEffNet (numbered)."""
    if not key[0].isdigit():
        return rename_timm(key)
    # 0 convolution, 1 norm, 2 activation of the stem, 3 to 9 the stages
    index, _, rest = key.partition('.')
    if index in ('0', '1'):
        return f'stem.{("conv", "bn")[int(index)]}.{rest}'
    stage = int(index) - 3
    extended = stage - EEffNet.out_indices[0] - 1
    if match := re.fullmatch(r'branches\.(\d+)\.(\d+)\.(.+)', rest):
        branch, block, rest = match.groups()
        rest = rename_timm_block(rest, first_stage=stage == 0)
        # extended convolutions of the higher resolutions come first
        if int(branch) < sum(i < stage for i in EEffNet.out_indices):
            return rest and f'extensions.{extended}.{branch}.{block}.{rest}'
        return rest and f'stages.{stage}.{block}.{rest}'
    if rest.startswith('fuse_layers.'):
        rest = _rename_fusion(rest.removeprefix('fuse_layers.'))
        return rest and f'fusions.{extended}.{rest}'
    return None


def _rename_neck(key: str) -> str | None:
    """Translate a name of TFNeck (numbered blocks) or BiFPN (cells of nodes)."""
    if match := re.fullmatch(r'(\d+)\.(.+)', key):
        rest = _rename_fusion(match[2])
        return rest and f'blocks.{match[1]}.{rest}'
    if match := re.fullmatch(r'resample\.\d+\.conv\.((?:conv|bn)\..+)', key):
        return f'extra_conv.{match[1]}'
    if match := re.fullmatch(r'cell\.(\d+)\.fnode\.(\d+)\.(.+)', key):
        # nodes count down through the levels, then up again
        node = int(match[2])
        ups = BIFPN_LEVELS - 1
        path = f'top_down.{ups - 1 - node}' if node < ups else f'bottom_up.{node - ups}'
        rest = _rename_node(match[3])
        return rest and f'blocks.{match[1]}.{path}.{rest}'
    return None


def _rename_node(key: str) -> str | None:
    """Translate a name inside a node of BiFPN."""
    if key == 'combine.edge_weights':
        return 'weights'
    if match := re.fullmatch(r'combine\.resample\.\d+\.conv\.((?:conv|bn)\..+)', key):
        # only the level's own input, the first of a node, may differ in channels
        return f'convs.0.{match[1]}'
    if match := re.fullmatch(r'after_combine\.conv\.(conv_dw|conv_pw|bn)\.(.+)', key):
        return f'{_NODE_LAYERS[match[1]]}.{match[2]}'
    return None


def _rename_fusion(key: str) -> str | None:
    """Translate a name inside a total fusion block."""
    if match := re.fullmatch(r'addup_layers\.(\d+)\.weights', key):
        return f'addups.{match[1]}.weights'
    if match := re.fullmatch(
        r'addup_layers\.(\d+)\.sample_layers\.(\d+)\.[01]\.conv\.([01])\.(.+)', key
    ):
        return f'addups.{match[1]}.convs.{match[2]}.{_CONV_BN[match[3]]}.{match[4]}'
    if match := re.fullmatch(r'mixup_layers\.(\d+)\.(.+)', key):
        rest = rename_timm_block(match[2], first_stage=False)
        return rest and f'mixups.{match[1]}.{rest}'
    if match := re.fullmatch(r'fixup_layers\.(\d+)\.conv\.([01])\.(.+)', key):
        return f'fixups.{match[1]}.{_CONV_BN[match[2]]}.{match[3]}'
    return None


def _rename_head(key: str) -> str | None:
    """Translate a name inside a head."""
    match = re.fullmatch(r'(\d+)\.([01])\.(.+)', key)
    return match and f'convs.{match[1]}.{_CONV_BN[match[2]]}.{match[3]}'
