"""mmcv without compiled ops.

MMPose 1.3 and MMDetection import ``mmcv.ops`` at import time, which needs the compiled
module ``mmcv._ext``; mmcv-lite, the only mmcv that installs without a compiler, has
none. No op of it is used by a top-down heatmap model. Where ``mmcv._ext`` does not
exist, a stand-in takes its place: any op can be imported, and calling one raises an
error that names it, except ``nms``, which torchvision serves so that detectors run.
"""

import importlib.util
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import torch

OPS_MODULE = 'mmcv._ext'
OPS_REMEDY = (
    'Put mmcv with compiled ops in the place of mmcv-lite: `pip uninstall mmcv-lite`, '
    'then `pip install --no-build-isolation "mmcv>=2.0.1,<2.2.0"`, which compiles them. '
    'For some releases of torch there are prebuilt wheels: `pip install -U openmim`, '
    'then `mim install "mmcv>=2.0.1,<2.2.0"`.'
)


class OpsStandIn(ModuleType):
    """What stands for ``mmcv._ext`` where mmcv was installed without it.

    Every public attribute is a function, so that ``mmcv.ops`` imports. Its spec has no
    loader, so that ``mmcv_full_available()`` of MMEngine and ``check_ops_exist()`` of
    mmcv go on answering no, and all that depends on them (the reversion of SyncBN, for
    one) goes on working.
    """

    def __init__(self) -> None:
        super().__init__(OPS_MODULE, 'Stand-in for the compiled ops of mmcv.')
        self.__spec__ = ModuleSpec(OPS_MODULE, loader=None)
        self.nms = nms
        self.get_compiler_version = _not_compiled
        self.get_compiling_cuda_version = _not_compiled

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        if name.startswith('__'):
            raise AttributeError(f'module {OPS_MODULE!r} has no attribute {name!r}')

        def missing_op(*args: Any, **kwargs: Any) -> NoReturn:
            raise NotImplementedError(
                f'The op {name!r} needs the compiled part of mmcv, which is not '
                f'installed. {OPS_REMEDY}'
            )

        missing_op.__name__ = name
        return missing_op


def install_ops_stand_in() -> None:
    """Put :class:`OpsStandIn` in the place of ``mmcv._ext`` if there is none."""
    if OPS_MODULE not in sys.modules and importlib.util.find_spec(OPS_MODULE) is None:
        sys.modules[OPS_MODULE] = OpsStandIn()


def nms(
    bboxes: 'torch.Tensor', scores: 'torch.Tensor', iou_threshold: float, offset: int
) -> 'torch.Tensor':
    """Drop boxes that overlap better ones, as mmcv's compiled op of this signature.

    Args:
        bboxes (torch.Tensor): Boxes (x1, y1, x2, y2), shape (N, 4).
        scores (torch.Tensor): Their scores, shape (N, ).
        iou_threshold (float): A box is dropped if it overlaps a kept one by more
            than this.
        offset (int): 0, or 1 where corners are pixel indices, so that a box's width
            is x2 - x1 + 1.

    Returns:
        torch.Tensor: The indices of the boxes that are kept, by falling score.

    Raises:
        ValueError: If the offset is neither 0 nor 1.
        ImportError: If torchvision is not installed.
    """
    if offset not in (0, 1):
        raise ValueError(f'nms takes an offset of 0 or 1, but got {offset!r}')
    import torch
    from torchvision.ops import nms as torchvision_nms

    # Widths of x2 - x1 + 1 are those of the boxes grown by 1 at their far corner.
    grown = torch.cat((bboxes[:, :2], bboxes[:, 2:] + offset), dim=1)
    return torchvision_nms(grown, scores, iou_threshold)


def _not_compiled() -> str:
    """Answer for mmcv's ``collect_env``, as it says it itself without ops."""
    return 'n/a'
