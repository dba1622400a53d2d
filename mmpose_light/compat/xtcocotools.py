"""MMPose without xtcocotools.

MMPose imports xtcocotools in eleven files. It is compiled against numpy 1 and has no
wheels from Python 3.12 on. Where it is not installed, its modules are
:mod:`.coco_tools`, over pycocotools, which MMDetection needs anyway.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

PACKAGE = 'xtcocotools'

#: What is behind each of its modules: where it is taken from, and which names.
STAND_INS = {
    PACKAGE: None,
    f'{PACKAGE}.coco': (f'{__package__}.coco_tools', ('COCO',)),
    f'{PACKAGE}.cocoeval': (f'{__package__}.coco_tools', ('COCOeval',)),
    f'{PACKAGE}.mask': (
        'pycocotools.mask',
        ('area', 'decode', 'encode', 'frPyObjects', 'iou', 'merge', 'toBbox'),
    ),
}


class StandInFinder(MetaPathFinder, Loader):
    """Finds xtcocotools where no other finder does, so it has to be the last one."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the spec of one of the package's modules; None for any other."""
        if fullname not in STAND_INS:
            return None
        return ModuleSpec(fullname, self, is_package=fullname == PACKAGE)

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python, as importlib asks for."""

    def exec_module(self, module: ModuleType) -> None:
        """Put the names into the module."""
        if STAND_INS[module.__name__] is not None:
            source, names = STAND_INS[module.__name__]
            held = vars(importlib.import_module(source))
            vars(module).update({name: held[name] for name in names})


def find_xtcocotools_stand_in() -> None:
    """Let Python find the stand-in after all that is installed."""
    if not any(isinstance(finder, StandInFinder) for finder in sys.meta_path):
        sys.meta_path.append(StandInFinder())


def is_stand_in(module: ModuleType) -> bool:
    """Return whether an imported xtcocotools is the stand-in."""
    return isinstance(module.__spec__.loader, StandInFinder)
