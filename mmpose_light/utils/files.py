"""Files: written whole or not at all, read with an error that names them."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import MissingFileError, UserError


@contextlib.contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a file to write, which takes its place once it is whole.

    Args:
        path (str | Path): Where the file belongs; one that is there is replaced. Its
            folder is made.

    Yields:
        Path: The file to write, beside it; gone after an error.

    Example:
        >>> import tempfile
        >>> with whole_file(Path(tempfile.mkdtemp(), 'a', 'b.txt')) as part:
        ...     _ = part.write_text('whole')
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f'.{path.name}.{os.getpid()}.part')
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: str | Path, content: Any, indent: int | None = 1) -> Path:
    """Write a json file, whole or not at all.

    Args:
        path (str | Path): The file; one that is there is replaced.
        content (Any): What json can hold.
        indent (int, optional): Spaces of each level; ``None`` for one line. Defaults
            to 1

    Returns:
        Path: The file.
    """
    text = json.dumps(content, indent=indent, ensure_ascii=False)
    with whole_file(path) as part:
        part.write_text(text, encoding='utf-8')
    return Path(path)


def read_json(path: str | Path, remedy: str = 'give another file') -> Any:
    """Read a json file.

    Args:
        path (str | Path): The file.
        remedy (str): What to do where it will not do. Defaults to ``'give another
            file'``

    Returns:
        Any: What it holds.

    Raises:
        MissingFileError: If there is no such file.
        UserError: If it is no json; the message names the file and the place.

    Example:
        >>> read_json('nowhere.json')
        Traceback (most recent call last):
        ...
        mmpose_light.utils.errors.MissingFileError: nowhere.json does not exist: give another file
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f'{path} does not exist: {remedy}')
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except (ValueError, RecursionError) as error:
        raise UserError(f'{path} is no json file ({error}): {remedy}') from error


def check_absent(path: str | Path, overwrite: bool = False) -> None:
    """Complain about a file that is there already.

    Args:
        path (str | Path): The file that is to be written.
        overwrite (bool): Whether it may be replaced. Defaults to ``False``

    Raises:
        UserError: If it is there and may not, or is a folder.
    """
    path = Path(path)
    if path.is_dir():
        raise UserError(f'{path} is a folder: name a file')
    if path.exists() and not overwrite:
        raise UserError(
            f'{path} is there already: name another file, or --overwrite it'
        )
