"""The packages that deployment needs, and MMPose does not."""

import importlib
from types import ModuleType

from ..utils.errors import MissingPackageError


def import_package(name: str) -> ModuleType:
    """Import a module of ``pip install mmpose-light[deploy]``.

    Raises:
        MissingPackageError: If it is not installed; the message says how to get it.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition('.')[0]:
            raise
        raise MissingPackageError(
            f'{name} is not installed, and this needs it: '
            '`pip install mmpose-light[deploy]`'
        ) from error
