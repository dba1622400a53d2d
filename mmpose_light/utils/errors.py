"""Errors that a user can mend.

The command line prints their message and no traceback; whatever else is raised is a
bug, and shows where.
"""


class UserError(ValueError):
    """What was given will not do; the message names it and says what would."""


class MissingFileError(UserError, FileNotFoundError):
    """A file or folder that was named is not there."""


class MissingPackageError(UserError, ImportError):
    """A package that only some need is not installed; the message says how to get it."""
