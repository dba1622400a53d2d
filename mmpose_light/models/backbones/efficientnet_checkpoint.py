"""Reading EfficientNet checkpoints of other libraries into EffNet and EEffNet.

Known are the layouts of OpenMMLab (``layers.3.0.depthwise_conv.conv.weight``, as
MMPretrain and MMDetection publish them), of timm (``blocks.2.0.conv_dw.weight``; also
in the EfficientDet checkpoints, under ``backbone.``, where neck and heads are left
aside) and of EfficientNet-PyTorch (``_blocks.3._depthwise_conv.weight``; also its Lite
variants, which have no squeeze and excitation), and that of the backbones themselves
(``stages.2.0.depthwise_conv.conv.weight``).
"""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mmengine.logging import print_log
from torch import Tensor, nn

from ...utils.checkpoint import get_state_dict, read_checkpoint

# A block of stage 1 has no expansion, which shifts timm's numbers.
_TIMM_FIRST_STAGE = {
    'conv_dw': 'depthwise_conv.conv',
    'bn1': 'depthwise_conv.bn',
    'conv_pw': 'linear_conv.conv',
    'bn2': 'linear_conv.bn',
}
_TIMM_LATER_STAGES = {
    'conv_pw': 'expand_conv.conv',
    'bn1': 'expand_conv.bn',
    'conv_dw': 'depthwise_conv.conv',
    'bn2': 'depthwise_conv.bn',
    'conv_pwl': 'linear_conv.conv',
    'bn3': 'linear_conv.bn',
}
_TIMM_SE = {'se.conv_reduce': 'se.conv1.conv', 'se.conv_expand': 'se.conv2.conv'}
_TIMM_STEM = {'conv_stem': 'stem.conv', 'bn1': 'stem.bn'}

# Its blocks have the same names in every stage.
_EFFICIENTNET_PYTORCH = {
    '_expand_conv': 'expand_conv.conv',
    '_bn0': 'expand_conv.bn',
    '_depthwise_conv': 'depthwise_conv.conv',
    '_bn1': 'depthwise_conv.bn',
    '_se_reduce': 'se.conv1.conv',
    '_se_expand': 'se.conv2.conv',
    '_project_conv': 'linear_conv.conv',
    '_bn2': 'linear_conv.bn',
}
_EFFICIENTNET_PYTORCH_STEM = {'_conv_stem': 'stem.conv', '_bn0': 'stem.bn'}

# A name that only one layout has: the first convolution.
_LAYOUTS = {
    'conv_stem.weight': 'timm',
    'layers.0.conv.weight': 'openmmlab',
    '_conv_stem.weight': 'efficientnet_pytorch',
    'stem.conv.weight': 'native',
}


class LoadReport(NamedTuple):
    """What loading a checkpoint left open."""

    #: Whose names the checkpoint has: ``'openmmlab'``, ``'timm'``,
    #: ``'efficientnet_pytorch'`` or ``'native'``.
    layout: str
    loaded: list[str]  # names of the backbone's tensors that were loaded
    #: Names of the backbone's tensors that the checkpoint does not hold (other than
    #: counters of batches).
    missing: list[str]
    unused: list[str]  # names in the checkpoint that the backbone has no place for


def rename_timm_block(key: str, first_stage: bool) -> str | None:
    """Translate a name inside a block of timm's EfficientNet.

    Args:
        key (str): The name inside the block, e.g. ``'se.conv_reduce.weight'``.
        first_stage (bool): Whether the block has no expanding convolution.

    Returns:
        str, optional: The name inside an :class:`InvertedResidual`, ``None`` if there
        is none.
    """
    layer, _, tensor = key.rpartition('.')
    layers = _TIMM_FIRST_STAGE if first_stage else _TIMM_LATER_STAGES
    layer = layers.get(layer, _TIMM_SE.get(layer))
    return layer and f'{layer}.{tensor}'


def rename_timm(key: str) -> str | None:
    """Translate a name of timm's EfficientNet into one of EffNet, if it has one."""
    layer, _, tensor = key.rpartition('.')
    if layer in _TIMM_STEM:
        return f'{_TIMM_STEM[layer]}.{tensor}'
    match = re.fullmatch(r'blocks\.(\d+)\.(\d+)\.(.+)', key)
    if match is None:
        return None
    stage, block, rest = match.groups()
    rest = rename_timm_block(rest, first_stage=stage == '0')
    return rest and f'stages.{stage}.{block}.{rest}'


def rename_openmmlab(key: str, depths: Sequence[int]) -> str | None:
    """Translate a name of OpenMMLab's EfficientNet into one of EffNet, if it has one.

    Its layers, as in ``'layers.4.3.se.conv1.conv.weight'``, 4 and 5 hold stages 4 and
    5, and stages 6 and 7, of so many blocks each.
    """
    if key.startswith('layers.0.'):
        return f'stem.{key.removeprefix("layers.0.")}'
    match = re.fullmatch(r'layers\.([1-5])\.(\d+)\.(.+)', key)
    if match is None:
        return None
    layer, block, rest = int(match[1]), int(match[2]), match[3]
    stages = {4: (3, 4), 5: (5, 6)}.get(layer, (layer - 1,))
    if len(stages) == 2 and block >= depths[stages[0]]:
        block -= depths[stages[0]]
        stages = stages[1:]
    return f'stages.{stages[0]}.{block}.{rest}'


def rename_efficientnet_pytorch(key: str, depths: Sequence[int]) -> str | None:
    """Translate a name of EfficientNet-PyTorch into one of EffNet, if it has one.

    It counts blocks, as in ``'_blocks.4._depthwise_conv.weight'``, through all stages.
    """
    layer, _, tensor = key.rpartition('.')
    if layer in _EFFICIENTNET_PYTORCH_STEM:
        return f'{_EFFICIENTNET_PYTORCH_STEM[layer]}.{tensor}'
    match = re.fullmatch(r'_blocks\.(\d+)\.(\w+)', layer)
    if match is None or match[2] not in _EFFICIENTNET_PYTORCH:
        return None
    block = int(match[1])
    for stage, depth in enumerate(depths):
        if block < depth:
            name = _EFFICIENTNET_PYTORCH[match[2]]
            return f'stages.{stage}.{block}.{name}.{tensor}'
        block -= depth
    return None


def translate(
    state_dict: Mapping[str, Tensor], depths: Sequence[int]
) -> tuple[str, dict[str, Tensor], list[str]]:
    """Rename the tensors of an EfficientNet checkpoint as EffNet names them.

    Their names may begin with ``'module.'``, ``'backbone.'`` or both; ``depths`` are
    the numbers of blocks in the seven stages. Returns the layout, the renamed tensors,
    and the names that have no counterpart.

    Raises:
        ValueError: If the names follow none of the known layouts.
    """
    stripped = {
        key: re.sub(r'^(module\.)?(backbone\.)?', '', key) for key in state_dict
    }
    layout = next((_LAYOUTS[n] for n in stripped.values() if n in _LAYOUTS), None)
    if layout is None:
        raise ValueError(
            'this is no EfficientNet checkpoint that can be read: it has none of '
            'layers.0.conv.weight (MMPretrain, MMDetection), conv_stem.weight (timm), '
            '_conv_stem.weight (EfficientNet-PyTorch) and stem.conv.weight (this '
            'backbone itself), with or without the prefix "backbone."; its first names '
            f'are {list(state_dict)[:3]}'
        )

    renamed, unused = {}, []
    for key, name in stripped.items():
        if layout == 'timm':
            name = rename_timm(name)
        elif layout == 'openmmlab':
            name = rename_openmmlab(name, depths)
        elif layout == 'efficientnet_pytorch':
            name = rename_efficientnet_pytorch(name, depths)
        if name is None:
            unused.append(key)
        else:
            renamed[name] = state_dict[key]
    return layout, renamed, unused


def load_efficientnet(
    backbone: nn.Module,
    checkpoint: str,
    depths: Sequence[int],
    prefix: str | None = None,
) -> LoadReport:
    """Load a checkpoint of EfficientNet into a backbone, and log what did not match.

    Args:
        backbone (nn.Module): An EffNet or EEffNet.
        checkpoint (str): File or address of the checkpoint, the tensors themselves or
            with them under ``'state_dict'``.
        depths (Sequence[int]): Number of blocks in each of the seven stages.
        prefix (str, optional): Take only the tensors whose names begin so.
            Defaults to ``None``, all

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file cannot be read, holds no EfficientNet, or one of
            another width.
    """
    state_dict = get_state_dict(read_checkpoint(checkpoint), checkpoint)
    if prefix is not None:
        prefix = prefix.removesuffix('.') + '.'
        below = [key for key in state_dict if key.startswith(prefix)]
        state_dict = {key.removeprefix(prefix): state_dict[key] for key in below}
        if not below:
            raise ValueError(f'no name in {checkpoint} begins with prefix {prefix!r}')
    layout, renamed, unused = translate(state_dict, depths)
    own = backbone.state_dict()
    loaded = {key: value for key, value in renamed.items() if key in own}
    _check_shapes(loaded, own, checkpoint)
    backbone.load_state_dict(loaded, strict=False)
    missing = [key for key in own if key not in loaded]
    report = LoadReport(
        layout,
        loaded=list(loaded),
        missing=[key for key in missing if not key.endswith('num_batches_tracked')],
        unused=unused + [key for key in renamed if key not in own],
    )
    print_log(
        f'{type(backbone).__name__} took {len(report.loaded)} tensors of '
        f'{checkpoint} ({layout} layout).\n'
        f'Not in the file: {_summarize(report.missing)}.\n'
        f'In the file, but not used: {_summarize(report.unused)}.',
        logger='current',
        level=logging.WARNING if report.missing else logging.INFO,
    )
    return report


def _check_shapes(
    loaded: Mapping[str, Tensor], own: Mapping[str, Tensor], checkpoint: str
) -> None:
    mismatched = [
        f'{key}: {tuple(value.shape)} in the file, {tuple(own[key].shape)} needed'
        for key, value in loaded.items()
        if value.shape != own[key].shape
    ]
    if mismatched:
        raise ValueError(
            f'{checkpoint} is of another arch than this backbone; '
            f'{len(mismatched)} tensors differ in shape, first {mismatched[0]}; '
            'set arch to that of the checkpoint'
        )


def _summarize(keys: Iterable[str], depth: int = 3) -> str:
    """List names by what they begin with, and how many begin so."""
    groups = Counter('.'.join(key.split('.')[:-1][:depth]) for key in keys)
    return ', '.join(f'{name} ({count})' for name, count in groups.items()) or 'none'
