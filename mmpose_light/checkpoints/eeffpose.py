"""The published weights of EEffPose, as checkpoints of this project.

The authors of `MEMe <https://doi.org/10.3390/s22020632>`_ publish plain state dicts
(``model_best.pth``) for EEffPose-P0 and P2 on COCO and MPII and for the other seven
orders of the ablation. :func:`convert` reads one, finds out which model it is, renames
its tensors, and writes a checkpoint for the config of that model. It is strict: every
tensor of the source is used, and every tensor of the model is filled.

FSHead and FAHead have the same parameters, so no name or shape tells them apart.
Training does: see :func:`guess_head`.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from torch import Tensor, nn

from ..models import BiFPN, EEffNet, EffNet, FAHead, FSHead, TFNeck
from ..utils.checkpoint import get_state_dict, read_checkpoint
from ..utils.errors import UserError
from ..utils.files import check_absent, whole_file
from ..version import __version__
from .eeffpose_names import BIFPN_LEVELS, rename

# EEffPose-P0 to P3: arch of the backbone; width and repetitions of the neck
SIZES = {
    'p0': ('b0', 64, 3),
    'p1': ('b1', 88, 4),
    'p2': ('b2', 112, 5),
    'p3': ('b3', 160, 6),
}

# by the number of keypoints
DATASETS = {17: 'coco', 16: 'mpii'}

# input sizes of the published models
INPUT_SIZES = {
    ('p0', 'coco'): '256x192',
    ('p0', 'mpii'): '256x256',
    ('p2', 'coco'): '384x288',
    ('p2', 'mpii'): '384x384',
}


@dataclass(frozen=True)
class EEffPoseModel:
    """One model of the family."""

    size: str  # ``'p0'`` to ``'p3'``
    #: Three digits for backbone, neck and head: ``'1'`` is the MEMe part (EEffNet,
    #: TFNeck, FAHead), ``'0'`` that of EffBase (EffNet, BiFPN, FSHead).
    order: str
    num_keypoints: int  # 17 (COCO) or 16 (MPII)

    @property
    def name(self) -> str:
        """Its name, e.g. ``'p0'``, or ``'p0-000'`` with parts of EffBase."""
        return self.size if self.order == '111' else f'{self.size}-{self.order}'

    @property
    def dataset(self) -> str:
        """``'coco'`` or ``'mpii'``."""
        return DATASETS[self.num_keypoints]

    @property
    def config(self) -> str | None:
        """Its config in this project; ``None`` if it is none of the published."""
        if (self.name, self.dataset) in INPUT_SIZES:
            folder, input_size = 'eeffpose', INPUT_SIZES[self.name, self.dataset]
        elif (self.size, self.dataset) == ('p0', 'coco'):
            folder, input_size = 'eeffpose/ablation', INPUT_SIZES['p0', 'coco']
        else:
            return None
        return (
            f'configs/{folder}/td-hm_eeffpose-{self.name}_4xb16-215e_'
            f'{self.dataset}-{input_size}.py'
        )

    def build(self) -> nn.ModuleDict:
        """Build backbone, neck and head, under these names."""
        arch, channels, num_blocks = SIZES[self.size]
        backbone = {'0': EffNet, '1': EEffNet}[self.order[0]](arch)
        neck = {'0': BiFPN, '1': TFNeck}[self.order[1]](
            backbone.out_channels, channels, num_blocks
        )
        num_scales = {'0': BIFPN_LEVELS, '1': len(backbone.out_channels)}[self.order[1]]
        head = {'0': FSHead, '1': FAHead}[self.order[2]](
            [channels] * num_scales, self.num_keypoints
        )
        return nn.ModuleDict(dict(backbone=backbone, neck=neck, head=head))


@dataclass(frozen=True)
class Conversion:
    """What :func:`convert` did."""

    model: EEffPoseModel  # the model that was found
    #: How its head was told: ``'given'`` by the caller, ``'trained'`` (by its biases),
    #: or ``'assumed'``.
    head_known: str
    num_tensors: int  # how many tensors were renamed
    sha256: str  # of the source file
    out: Path  # the file written


def convert(
    source: str | Path,
    out: str | Path,
    model: str | None = None,
    overwrite: bool = False,
) -> Conversion:
    """Convert a published checkpoint.

    The result holds ``state_dict`` and, under ``meta``, the ``model``, its ``config``
    (:attr:`EEffPoseModel.config`), its ``dataset_meta`` and name and SHA-256 of the
    source.

    Args:
        source (str | Path): The published file. Training checkpoints, with the
            tensors under ``'state_dict'``, and names with the prefix ``'module.'``
            are read, too. The file is loaded with ``weights_only=True``.
        out (str | Path): The file to write; it appears only when complete.
        model (str, optional): The model, e.g. ``'p0'`` or ``'p0-011'``; it has to
            agree with the file. Defaults to ``None``, which finds it out.
        overwrite (bool): Whether a file that is there may be replaced.

    Raises:
        MissingFileError: If there is no such source.
        UserError: If ``out`` is there already, or the source cannot be read safely, is
            no EEffPose model, is another one than ``model``, or its tensors are not
            exactly the model's.
    """
    source, out = Path(source), Path(out)
    if out.exists() and out.samefile(source):
        raise UserError(f'{out} is the source itself: choose another name')
    check_absent(out, overwrite)

    # a file of somebody else: nothing of it may run, whatever torch's default
    published = get_state_dict(read_checkpoint(source), source)
    found, head_known = identify(published, model)
    state_dict = convert_state_dict(published, found)
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    meta = dict(
        model=found.name,
        config=found.config,
        dataset_meta=parse_pose_metainfo(
            dict(from_file=f'configs/_base_/datasets/{found.dataset}.py')
        ),
        source=source.name,
        source_sha256=sha256,
        mmpose_light_version=__version__,
    )
    with whole_file(out) as part:
        torch.save(dict(meta=meta, state_dict=state_dict), part)
    return Conversion(found, head_known, len(state_dict), sha256, out)


def identify(
    published: Mapping[str, Tensor], name: str | None = None
) -> tuple[EEffPoseModel, str]:
    """Find out which model published tensors belong to.

    Returns the model, and how its head was told (:attr:`Conversion.head_known`).
    ``name`` is what the caller says it is, e.g. ``'p0-011'``.

    Raises:
        UserError: If this is no EEffPose model, or another one than the caller says.
    """
    backbone = _present(published, ('conv_stem.weight', '0.weight'), 'hr_backbone.')
    neck = _present(
        published,
        ('cell.0.fnode.0.combine.edge_weights', '0.addup_layers.0.weights'),
        'fpn.',
    )
    final = published.get('final_layer.layers.0.0.weight')
    sizes = {channels: size for size, (_, channels, _) in SIZES.items()}
    if None in (backbone, neck) or final is None or final.ndim != 4:
        raise UserError(
            'this is no EEffPose model: expected names such as '
            'hr_backbone.0.weight, fpn.0.addup_layers.0.weights and '
            f'final_layer.layers.0.0.weight, but got {list(published)[:3]} …'
        )
    num_keypoints, channels = final.shape[:2]
    if num_keypoints not in DATASETS or channels not in sizes:
        raise UserError(
            f'this EEffPose model has {num_keypoints} keypoints and a neck of '
            f'{channels} channels; known are {sorted(DATASETS)} keypoints and '
            f'{sorted(sizes)} channels'
        )
    parts = f'{backbone}{neck}'
    size = sizes[channels]

    candidates = [
        EEffPoseModel(size, parts + head, num_keypoints) for head in ('0', '1')
    ]
    if name is not None:
        return _choose(candidates, name), 'given'
    head = guess_head(published)
    if head is not None:
        return candidates[int(head)], 'trained'
    return candidates[parts == '11'], 'assumed'


def _choose(candidates: Sequence[EEffPoseModel], name: str) -> EEffPoseModel:
    """Return the candidate of a name, ``'p0'`` standing for ``'p0-111'``."""
    if not re.fullmatch(r'p[0-3](-[01]{3})?', name):
        raise UserError(
            f"unknown model {name!r}: give its size and order, e.g. 'p0', 'p2' or "
            "'p0-011'"
        )
    for model in candidates:
        if model.name == name.removesuffix('-111'):
            return model
    choices = ' or '.join(repr(model.name) for model in candidates)
    raise UserError(f'this is not {name!r}: by its tensors it is {choices}')


def _present(
    published: Mapping[str, Tensor], keys: Sequence[str], prefix: str
) -> int | None:
    """Return the index of the first key there is."""
    return next((i for i, key in enumerate(keys) if prefix + key in published), None)


def guess_head(published: Mapping[str, Tensor]) -> str | None:
    """Tell FSHead from FAHead by what training does to their biases.

    The last layer of either is a batch norm, whose output has its bias as the mean
    over the training images. FSHead adds these outputs, so the biases of all scales
    come to add up to the mean of a heatmap, almost zero: a Gaussian covers a percent
    of it. FAHead multiplies their sigmoids, and the product is near zero over all of
    the background only if they are far below zero.

    Returns ``'0'`` for FSHead, ``'1'`` for FAHead, ``None`` if the biases (as of
    weights that were not trained, or incomplete ones) look like neither.
    """
    biases = [
        value
        for key, value in published.items()
        if re.fullmatch(r'final_layer\.layers\.\d+\.1\.bias', key)
    ]
    if len({bias.shape for bias in biases}) != 1:
        return None
    total = sum(biases)
    if (total < -0.5).all():
        return '1'
    if total.any() and (total.abs() < 0.05).all():
        return '0'
    return None


def convert_state_dict(
    published: Mapping[str, Tensor], model: EEffPoseModel
) -> dict[str, Tensor]:
    """Rename published tensors, all of them, and fill the model with them, all of it.

    Raises:
        UserError: If a tensor is left over, missing or of another shape. The message
            lists which.
    """
    needed = model.build().state_dict()
    converted, unused, misshapen = {}, [], []
    for key, value in published.items():
        name = rename(key)
        if name not in needed or name in converted:
            unused.append(key)
            continue
        if value.ndim == 5 and len(value) == 1:  # AddUp: (1, channels, scales, 1, 1)
            value = value[0].transpose(0, 1)
        if value.shape != needed[name].shape:
            misshapen.append(
                f'{key}: {tuple(published[key].shape)} for {name}: '
                f'{tuple(needed[name].shape)}'
            )
        converted[name] = value.to(needed[name].dtype).contiguous()
    missing = [name for name in needed if name not in converted]
    problems = {
        'in the file, but not in the model': unused,
        'in the model, but not in the file': missing,
        'of another shape': misshapen,
    }
    if any(problems.values()):
        lists = '\n'.join(
            f'{len(keys)} {kind}:\n  ' + '\n  '.join(keys)
            for kind, keys in problems.items()
            if keys
        )
        raise UserError(f'the file does not fit EEffPose-{model.name}.\n{lists}')
    return {name: converted[name] for name in needed}
