"""Warnings of the host's packages that nobody who runs a command can act on."""

import warnings

from ..import_hooks import after_import

#: What they begin with, as regular expressions: how MMEngine finds packages, and where
#: MMPose finds its own description of a data set.
MESSAGES = (
    'pkg_resources is deprecated as an API',
    r'The metainfo config file ".*" does not exist\. A matched config file ',
)


def ignore_host_warnings() -> None:
    """Silence these warnings.

    Warnings stay so as long as the caller's :func:`warnings.catch_warnings` lasts.
    """
    for message in MESSAGES:
        warnings.filterwarnings('ignore', message=message, category=UserWarning)


def log_errors_alone() -> None:
    """Silence MMEngine's log below errors, once MMEngine is imported."""
    after_import('mmengine.logging', _log_errors_alone)


def _log_errors_alone() -> None:
    from mmengine.logging import MMLogger

    MMLogger.get_current_instance().setLevel('ERROR')
