"""Light networks for top-down human pose estimation, as a plugin for MMPose.

Importing this package is all it takes. It closes the gaps of the released OpenMMLab
stack (:mod:`mmpose_light.compat`) and registers every module with MMPose: at once where
MMPose is imported already, else when it is. By itself the import takes no time.
"""

import importlib
from types import ModuleType

from . import compat
from .import_hooks import after_import
from .version import __version__

#: What registers modules, by MMPose's own names.
REGISTERED = ('datasets', 'engine', 'evaluation', 'models')

__all__ = ['__version__', *REGISTERED]


def register_modules() -> None:
    """Register every module with MMPose.

    Raises:
        ImportError: If the stack is broken; the message says who knows more.
    """
    try:
        for name in REGISTERED:
            importlib.import_module(f'{__name__}.{name}')
    except Exception as error:
        raise ImportError(
            f'the modules of mmpose_light cannot be imported: {type(error).__name__}: '
            f'{error} (`mmpose-light check-env` says what to fix)'
        ) from error


def __getattr__(name: str) -> ModuleType:
    if name in REGISTERED:
        return importlib.import_module(f'{__name__}.{name}')
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


compat.apply()
after_import('mmpose', register_modules)
