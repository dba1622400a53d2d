"""What makes a trained model fast and portable.

Its names are imported when they are asked for: running an exported file takes no
PyTorch.
"""

import importlib
from typing import Any

#: The modules that the names of this package come from.
_MODULES = {
    'ExportedModel': 'runtime',
    'export_model': 'export',
    'fuse': 'fusion',
    'quantize': 'quantization',
}

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(f'.{_MODULES[name]}', __name__), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
