"""The packages that deployment needs, and MMPose does not."""

import importlib
from types import ModuleType

from ..utils.errors import MissingPackageError

#: The extra of ``pip install mmpose-light[…]`` that brings a package; the others are in
#: ``deploy``.
EXTRAS = {'ncnn': 'ncnn', 'pnnx': 'ncnn'}


def import_package(name: str) -> ModuleType:
    """Import a module of an extra, such as ``pip install mmpose-light[deploy]``.

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
            f'`pip install mmpose-light[{EXTRAS.get(name, "deploy")}]`'
        ) from error
