"""Which categories of a file of boxes are people."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..utils.coco_json import name_entry, read_id
from ..utils.errors import UserError

Id = int | str

#: Names that mean people, in lower case, also with an s at their end.
PERSON_NAMES = frozenset(
    [
        'person',
        'people',
        'human',
        'pedestrian',
        'player',
        'athlete',
        'man',
        'men',
        'woman',
        'women',
        'boy',
        'girl',
        'child',
        'children',
        'kid',
        'baby',
        'adult',
    ]
)
PERSON = 1  # COCO's category id


@dataclass
class Categories:
    """The categories of a file.

    Attributes:
        taken (set): Ids of those whose boxes are taken; None stands for no category.
        names (dict[int | str, str]): Their names, as far as there are any.
    """

    taken: set[Id | None]
    names: dict[Id, str]

    def name(self, category: Id | None) -> str:
        """Return what a category is called, its id where it has no name."""
        return str(self.names.get(category, category))


def name_categories(categories: Sequence[dict], source: str | Path) -> dict[Id, str]:
    """Read the names of categories.

    Args:
        categories (Sequence[dict]): The ``categories`` of a COCO annotation file.
        source (str | Path): That file.

    Returns:
        dict[int | str, str]: Names by id.

    Raises:
        UserError: If an entry has no id and name.
    """
    names = {}
    for index, entry in enumerate(categories):
        key, name = read_id(entry.get('id')), entry.get('name')
        if key is None or not isinstance(name, str):
            where = name_entry(source, 'categories', index, entry)
            raise UserError(f'{where} has no id and name that can be used')
        names[key] = name
    return names


def choose_categories(
    found: Counter[Id | None],
    names: dict[Id, str],
    category: Sequence[Id] | Id | None,
    source: str | Path,
) -> Categories:
    """Choose the categories whose boxes are people.

    Args:
        found (Counter): How many boxes there are of each category; None stands for
            boxes without one.
        names (dict[int | str, str]): Names of the categories that have one.
        category (Sequence[int | str] | int | str, optional): Names, in any case, or ids
            of those to take; ``None`` for those whose name means a person.
        source (str | Path): The file of the boxes.

    Returns:
        Categories: What is taken.

    Raises:
        UserError: If none is a person's, or it is not clear which; the message lists
            what is there.
    """
    # a category may be given by its name alone
    names = {**{key: key for key in found if isinstance(key, str)}, **names}
    there = ', '.join(
        f'{names.get(key, "no name")} (id {key}): {found[key]} boxes'
        for key in sorted({*found, *names} - {None}, key=str)
    )
    remedy = (
        f'{source} has {there or "no categories"}. Say which to take with --category '
        "NAME_OR_ID, or call it 'person' in the file"
    )
    if category is not None:
        listed = [category] if isinstance(category, int | str) else category
        taken = set()
        for item in listed:
            fitting = {
                key
                for key in {*found, *names} - {None}
                if read_id(item) == key or _plain(item) == _plain(names.get(key, key))
            }
            if not fitting:
                raise UserError(f'there is no category {item!r}: {remedy}')
            taken |= fitting
    elif names:
        taken = {None, *(key for key, name in names.items() if _means_person(name))}
    else:
        ids = found.keys() - {None}
        taken = {None, PERSON} if ids != {0} else {None, 0}
        if ids >= {0, PERSON}:
            raise UserError(f'it is not clear whether people are 0 or 1: {remedy}')
    if found and not taken & found.keys():
        raise UserError(f'no box is known to be of a person: {remedy}')
    return Categories(taken, names)


def _plain(name: Id) -> str:
    """Return a name in lower case, with spaces alone between its words."""
    return re.sub(r'[\W_]+', ' ', str(name)).strip().casefold()


def _means_person(name: str) -> bool:
    plain = _plain(name)
    return plain in PERSON_NAMES or plain.removesuffix('s') in PERSON_NAMES
