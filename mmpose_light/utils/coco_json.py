"""Json files in COCO's format, read with errors that name the entry at fault."""

import reprlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import UserError
from .files import read_json

KINDS = ('images', 'annotations', 'categories')


def read_coco(path: str | Path, remedy: str = 'give another file') -> dict[str, list]:
    """Read annotations.

    Args:
        path (str | Path): The file.
        remedy (str): What to do where it will not do. Defaults to ``'give another
            file'``

    Returns:
        dict[str, list]: ``images``, ``annotations`` and ``categories``, each a list of
        dicts; what is missing or null is empty.

    Raises:
        MissingFileError: If there is no such file.
        UserError: If it is no json, has no images, or holds something else there.
    """
    content = read_json(path, remedy)
    if not isinstance(content, dict) or content.get('images') is None:
        raise UserError(
            f"{path} is no COCO annotation file: it has no 'images': {remedy}"
        )
    found = {kind: [] if content.get(kind) is None else content[kind] for kind in KINDS}
    for kind, entries in found.items():
        if not isinstance(entries, list):
            raise UserError(
                f'{kind!r} of {path} should be a list, it is of type '
                f'{type(entries).__name__}: {remedy}'
            )
        for index, entry in enumerate(entries):
            if not isinstance(entry, dict):
                raise UserError(
                    f'{name_entry(path, kind, index, entry)} should be an object'
                )
    return found


def name_entry(path: str | Path, kind: str, index: int, entry: Any) -> str:
    """Name an entry of a file so that it is found.

    Args:
        path (str | Path): The file.
        kind (str): The list that it stands in, one of :data:`KINDS`.
        index (int): Its place there, from 0.
        entry (Any): The entry.

    Returns:
        str: As in 'entry 3 of images in a.json ({'id': None})'.
    """
    return f'entry {index} of {kind} in {path} ({reprlib.repr(entry)})'


def require(
    path: str | Path, kind: str, entries: Sequence[dict], key: str, what: type
) -> None:
    """Complain about entries that lack something.

    Args:
        path (str | Path): The file.
        kind (str): The list that they stand in, one of :data:`KINDS`.
        entries (Sequence[dict]): The entries.
        key (str): What each needs.
        what (type): Of which type, where ``str`` means one that is not empty.

    Raises:
        UserError: Names the first entry without it, and counts the others.
    """
    bad = [
        index
        for index, entry in enumerate(entries)
        if not isinstance(entry.get(key), what) or entry[key] == ''
    ]
    if bad:
        more = f', and so {len(bad) - 1} others' if len(bad) > 1 else ''
        name = name_entry(path, kind, bad[0], entries[bad[0]])
        raise UserError(f'{name} has no {key} that can be used{more}')


def read_id(value: Any) -> int | str | None:
    """Return an id in the form in which it is compared.

    Args:
        value (Any): What stands in a file.

    Returns:
        int | str | None: 7 for 7, 7.0 and '7'; other texts as they are, so that '007'
        stays apart; ``None`` for what is no id.

    Example:
        >>> read_id('7'), read_id('007'), read_id(7.0), read_id(None)
        (7, '007', 7, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        number = len(value) < 20 and value.isdecimal() and str(int(value)) == value
        return int(value) if number else value or None
    return value if isinstance(value, int) else None
