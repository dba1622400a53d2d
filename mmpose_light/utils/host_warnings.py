"""Warnings of the host's packages that nobody who runs a command can act on."""

import warnings

from ..import_hooks import after_import

#: What they begin with, as regular expressions.
MESSAGES = (
    'pkg_resources is deprecated',
    'The metainfo config file .* does not exist',  # it is found elsewhere
)


def ignore_host_warnings() -> None:
    """Silence these warnings, and MMEngine's log below errors.

    Warnings stay so as long as the caller's :func:`warnings.catch_warnings` lasts.
    """
    for message in MESSAGES:
        warnings.filterwarnings('ignore', message=message)
    after_import('mmengine.logging', _log_errors_alone)


def _log_errors_alone() -> None:
    from mmengine.logging import MMLogger

    MMLogger.get_current_instance().setLevel('ERROR')
