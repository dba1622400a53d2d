"""Imports when they are needed, and quick then."""

import contextlib
import gc
import importlib
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any


def import_later(package: str, names: Mapping[str, str]) -> None:
    """Let a package have names whose modules are imported when they are used.

    Where a function is called as its module, the package has the function, also after
    the module was imported.

    Args:
        package (str): The full name of the package, which is being imported.
        names (Mapping[str, str]): By name the module, below the package or, with
            more dots, elsewhere.
    """
    module = sys.modules[package]
    later = {name: _property(package, path, name) for name, path in names.items()}
    module.__class__ = type('Package', (ModuleType,), later)


def _property(package: str, path: str, name: str) -> property:
    def get(self: ModuleType) -> Any:
        return getattr(importlib.import_module(path, package), name)

    def put(self: ModuleType, value: ModuleType) -> None:
        """Do nothing: an import binds a module to its name in the package here."""

    return property(get, put)


@contextlib.contextmanager
def load_what_stays() -> Iterator[None]:
    """Load modules and weights without looking through them for garbage.

    The more there is, the longer each look takes, and it finds nothing: for MMPose and
    a network that is an eighth of the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
