"""Errors that a user can mend.

The command line prints their message and no traceback; whatever else is raised is a
bug, and shows where.
"""

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """What was given will not do; the message names it and says what would."""


class MissingFileError(UserError, FileNotFoundError):
    """A file or folder that was named is not there."""


class MissingPackageError(UserError, ImportError):
    """A package that only some need is not installed; the message says how to get it."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Say in brackets which names are near a misspelt one, if there are any."""
    near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    return f' (perhaps {" or ".join(near)})' if near else ''


def first_line(error: Exception, most: int = 300) -> str:
    """Return the beginning of an error's message."""
    lines = [line for line in str(error).splitlines() if line.strip()] or ['']
    return lines[0].strip()[:most]
