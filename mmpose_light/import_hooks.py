"""Actions that wait for a module to be imported.

They let ``import mmpose_light`` take no time: what it has to do to MMPose, mmcv and
MMEngine is done when these are imported, or at once where they are already.
"""

import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


def after_import(name: str, action: Callable[[], None]) -> None:
    """Do something, once, as soon as a module of this full name has been imported.

    That is at once where it is imported already. What the action raises is raised by
    the import.
    """
    if name in sys.modules:
        action()
        return
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    _WAITING.setdefault(name, []).append(action)


def forget(name: str) -> None:
    """Drop what waits for a module of this full name."""
    _WAITING.pop(name, None)


_WAITING: dict[str, list[Callable[[], None]]] = {}


class _Finder(MetaPathFinder):
    """Finds modules that something waits for, by the other finders."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the module's spec, with a loader that acts after it has loaded."""
        actions = _WAITING.pop(fullname, None)
        if actions is None:
            return None
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            _WAITING[fullname] = actions
            return None
        spec.loader = _Loader(spec.loader, actions)
        return spec


class _Loader(Loader):
    """Loads as another loader does, then acts."""

    def __init__(self, loader: Any, actions: list[Callable[[], None]]) -> None:
        self.loader = loader
        self.actions = actions

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Create the module as the other loader does."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module, give its own loader back to it, then act."""
        module.__spec__.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        for action in self.actions:
            action()
