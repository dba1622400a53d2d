"""What makes a trained model fast and portable.

Its names are imported when they are asked for: running an exported file takes no
PyTorch.
"""

from ..utils.late_imports import import_later

__all__ = ['ExportedModel', 'export_model', 'fuse', 'quantize']

import_later(
    __name__,
    {
        'ExportedModel': '.runtime',
        'export_model': '.export',
        'fuse': '.fusion',
        'quantize': '.quantization',
    },
)
