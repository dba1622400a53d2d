"""Settings as dataclasses whose fields say what they are, once for code and commands."""

from dataclasses import field
from typing import Any


def option(default: Any, help: str, **how: Any) -> Any:
    """Make a field of a dataclass that is an option of a command, too.

    Args:
        default (Any): Its default.
        help (str): What it is, and what ``None`` stands for.
        **how (Any): ``option``, its name on the command line where it is another;
            ``metavar``; ``choices``, what else is refused; ``off``, what turning off
            does, for what is true by default.

    Returns:
        Any: The field.
    """
    return field(default=default, metadata=dict(help=help, **how))
