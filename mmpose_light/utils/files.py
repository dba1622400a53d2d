"""Files: written whole or not at all, read with an error that names them."""

import contextlib
import functools
import gc
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import MissingFileError, UserError

_CHUNK = 1 << 24  # bytes


@contextlib.contextmanager
def whole_file(path: str | Path, sync: bool = False) -> Iterator[Path]:
    """Give a file to write, which takes its place once it is whole.

    Its folder is made; what is in the place is replaced. After an error the file,
    which is beside it and has the same suffix, is gone. ``sync`` has it on the disk
    before it takes its place: then a power cut, too, leaves it or the one before.

    Example:
        >>> import tempfile
        >>> with whole_file(Path(tempfile.mkdtemp(), 'a', 'b.txt')) as part:
        ...     _ = part.write_text('whole')
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # no longer than the name itself, which may be as long as the file system takes
    part = path.with_name(f'.{secrets.token_hex(4)}.part{path.suffix}')
    try:
        yield part
        if sync:
            _sync(part)
        os.replace(part, path)
        if sync and os.name == 'posix':  # elsewhere folders cannot be opened
            _sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


def remove_parts(folder: str | Path) -> None:
    """Remove what :func:`whole_file` left in a folder in a run that was killed."""
    for part in Path(folder).glob('.*.part*'):
        part.unlink()


def _sync(path: Path) -> None:
    """Wait until a file or the names in a folder are on the disk."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: str | Path, content: Any, indent: int | None = 1) -> Path:
    """Write a json file, whole or not at all; indent ``None`` is for one line."""
    text = json.dumps(content, indent=indent, ensure_ascii=False)
    with whole_file(path) as part:
        part.write_text(text, encoding='utf-8')
    return Path(path)


def read_json(path: str | Path, remedy: str = 'give another file') -> Any:
    """Read a json file; ``remedy`` says what to do where it will not do.

    Raises:
        MissingFileError: If there is no such file.
        UserError: If it is no json, or too deep or too large to be read; the message
            names the file and the place.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f'{path} does not exist: {remedy}')
    try:
        _refuse_depth(path)
        with paused_collector():
            return json.loads(path.read_text(encoding='utf-8'))
    except (ValueError, RecursionError) as error:
        raise UserError(f'{path} is no json file ({error}): {remedy}') from error
    except MemoryError as error:
        size = path.stat().st_size / 1e6
        raise UserError(
            f'{path} has {size:.0f} MB, too much for the memory that is left: {remedy}'
        ) from error


@contextlib.contextmanager
def paused_collector() -> Iterator[None]:
    """Keep the garbage collector from looking through millions of new objects."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _refuse_depth(path: Path) -> None:
    """Raise what the parser would, before a large file is in memory as a whole."""
    if path.stat().st_size < 4 * _CHUNK:
        return
    with path.open('rb') as file:
        while chunk := file.read(_CHUNK):
            opened = sum(map(chunk.count, (b'[', b'{')))
            if opened - sum(map(chunk.count, (b']', b'}'))) > len(chunk) / 100:
                raise RecursionError('nested too deep')


def real_path(path: str) -> str:
    """Do what ``os.path.realpath`` does, faster for many files of a folder."""
    folder, name = os.path.split(os.path.join(os.getcwd(), path))
    if name in ('', '.', '..') or os.path.islink(path):
        return os.path.realpath(path)
    return os.path.join(_real_folder(folder), name)


@functools.lru_cache(maxsize=64)
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)


def check_absent(path: str | Path, overwrite: bool = False) -> None:
    """Complain about a file that is there already.

    Raises:
        UserError: If it is there and may not be replaced, or is a folder.
    """
    path = Path(path)
    if path.is_dir():
        raise UserError(f'{path} is a folder: name a file')
    if path.exists() and not overwrite:
        raise UserError(
            f'{path} is there already: name another file, or --overwrite it'
        )
