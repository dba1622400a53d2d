"""Imports when they are needed, and quick then."""

import contextlib
import gc
import importlib
import sys
from collections.abc import Iterator, Mapping
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

#: What MMPose and MMEngine import for data sets, training and pictures of curves.
SELDOM_USED = 'matplotlib', 'mpl_toolkits', 'scipy', 'yapf'
#: Likewise, for the training of networks in parts, half a second's worth of imports.
TRAINING_ALONE = 'torch.distributed.fsdp', 'torch.distributed.optim'


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


def import_host() -> None:
    """Import MMPose's models, without what no model needs in order to run."""
    with import_on_use(*SELDOM_USED):
        import mmengine.runner  # noqa: F401
        import mmpose.models  # noqa: F401  (registers the modules of this package, too)


@contextlib.contextmanager
def import_on_use(*packages: str, derive: bool = True) -> Iterator[None]:
    """Let modules that are imported within import these packages when they use them.

    What they take from such a package stands for the real thing, which is imported when
    it is called or looked into. Afterwards, and after the first use within, imports are
    what they were. Packages that are imported already are not touched.

    Args:
        *packages (str): Packages and modules.
        derive (bool): Whether to derive from a class is use, too. If not, what derives
            from one derives from nothing: for processes that never call it. Defaults to
            ``True``

    Example:
        >>> import sys
        >>> with import_on_use('colorsys'):
        ...     from colorsys import rgb_to_hsv
        >>> 'colorsys' in sys.modules
        False
        >>> rgb_to_hsv(1, 0, 0)
        (0.0, 1.0, 1)
    """
    finder = _LaterFinder([p for p in packages if p not in sys.modules], derive)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        finder.stop()


class _LaterFinder(MetaPathFinder, Loader):
    """Finds stand-ins in the place of packages, until it is stopped."""

    def __init__(self, packages: list[str], derive: bool) -> None:
        self.packages, self.derive = packages, derive

    def find_spec(self, fullname: str, *_: Any) -> ModuleSpec | None:
        """Return the spec of a stand-in for a package or what is below it."""
        if any(f'{fullname}.'.startswith(f'{name}.') for name in self.packages):
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Create a stand-in."""
        return _LaterModule(spec.name, self)

    def exec_module(self, module: ModuleType) -> None:
        """Leave it as it is."""

    def stop(self) -> None:
        """Let imports be what they were."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for name, module in list(sys.modules.items()):
            if isinstance(module, _LaterModule) and module._finder is self:
                del sys.modules[name]
                parent, _, own = name.rpartition('.')
                if parent in sys.modules:
                    vars(sys.modules[parent]).pop(own, None)


class _LaterModule(ModuleType):
    """Stands for a module."""

    def __init__(self, name: str, finder: _LaterFinder) -> None:
        super().__init__(name)
        self._finder = finder

    def __getattr__(self, name: str) -> '_Later':
        if name.startswith('__') and name != '__version__':
            raise AttributeError(name)
        return _Later(self.__name__, name, self._finder)


class _Later:
    """Stands for what a module holds."""

    def __init__(self, module: str, name: str, finder: _LaterFinder) -> None:
        self._module, self._name, self._finder = module, name, finder

    def _import(self) -> Any:
        self._finder.stop()
        module = importlib.import_module(self._module)
        if not hasattr(module, self._name):  # a module below it
            return importlib.import_module(f'{self._module}.{self._name}')
        return getattr(module, self._name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__'):  # asked for by typing, in annotations
            raise AttributeError(name)
        return getattr(self._import(), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._import()(*args, **kwargs)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._import())

    def __mro_entries__(self, bases: tuple) -> tuple:
        return (self._import(),) if self._finder.derive else ()
