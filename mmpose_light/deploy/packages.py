"""The packages that deployment needs, and MMPose does not."""

import importlib
from types import ModuleType

from ..utils.errors import MissingPackageError


def import_package(name: str) -> ModuleType:
    """Import a package of ``pip install mmpose-light[deploy]``.

    Args:
        name (str): The name of the module.

    Returns:
        ModuleType: The module.

    Raises:
        MissingPackageError: If it is not installed; the message says how to get it.

    Example:
        >>> import_package('onnx').__name__
        'onnx'
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
