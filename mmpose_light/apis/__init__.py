"""The public face: what the commands do, for use from Python.

Functions and classes are imported when they are first used, so the import takes no
time.

Example:
    >>> from mmpose_light.apis import list_models
    >>> list_models('*-mpii', trained=True)
    ['eeffpose-p0-001-lspet-mpii', 'el-hrnet-w32-lspet-mpii']
"""

from ..utils.late_imports import import_later

__all__ = [
    'ExportedModel',
    'GivenBoxes',
    'Inference',
    'Model',
    'check_data',
    'export',
    'find_model',
    'get_model',
    'infer',
    'list_models',
]

import_later(
    __name__,
    {
        'ExportedModel': '..deploy.runtime',
        'GivenBoxes': '.given_boxes',
        'Inference': '.inference',
        'Model': '.models',
        'check_data': '.check_data',
        'export': '.export',
        'export_onnx': '.export',
        'find_model': '.models',
        'get_model': '.models',
        'infer': '.infer',
        'list_models': '.models',
    },
)
