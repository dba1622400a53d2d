"""Light networks for top-down human pose estimation, as a plugin for MMPose.

Importing this package is all it takes: it closes the two gaps of the released
OpenMMLab stack (:mod:`mmpose_light.compat`) and registers every module.
"""

import sys
from pathlib import Path

from .version import __version__

#: Why the package could not be imported. It is only ever set inside the command
#: ``mmpose-light``, whose ``check-env`` has to start on a broken stack to explain it.
import_error: Exception | None = None

try:
    from . import compat

    compat.apply()

    from . import datasets, engine, evaluation, models
except Exception as error:
    if Path(sys.argv[0]).stem != 'mmpose-light':
        raise ImportError(
            f'mmpose_light cannot be imported: {type(error).__name__}: {error} '
            '(`mmpose-light check-env` says what to fix)'
        ) from error
    import_error = error

__all__ = ['__version__', 'datasets', 'engine', 'evaluation', 'models']
