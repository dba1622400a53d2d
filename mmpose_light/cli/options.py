"""Options of a command that are fields of a dataclass: what they are stands there."""

import argparse
import dataclasses
import typing
from collections.abc import Sequence
from types import NoneType, UnionType


def add_options(group: argparse._ActionsContainer, settings: type, *names: str) -> None:
    """Add options for some fields of a dataclass, made by ``utils.options.option``.

    Type and number of values are those of the annotation. What is true by default has
    an option ``--no-…``, or one called otherwise, that turns it off.

    Args:
        group (argparse._ActionsContainer): A parser, or a group of one.
        settings (type): The dataclass.
        *names (str): Its fields.
    """
    fields = {field.name: field for field in dataclasses.fields(settings)}
    types = typing.get_type_hints(settings)
    for name in names:
        about = dict(fields[name].metadata)
        option, default = about.pop('option', name), fields[name].default
        if default is True:
            option = option if option != name else f'no_{name}'
            about |= dict(action='store_false', help=about.pop('off'))
        elif default is False:
            about['action'] = 'store_true'
        else:
            about |= _describe(types[name])
            if default not in (None, ()):
                shown = ' '.join(
                    map(str, default if isinstance(default, tuple) else [default])
                )
                about['help'] += f' (default: {shown})'
        group.add_argument(f'--{option.replace("_", "-")}', dest=name, **about)


def _describe(kind: type) -> dict:
    """Return how argparse reads a value of a type; of several types, of the first."""
    if isinstance(kind, UnionType):
        kind = next(k for k in typing.get_args(kind) if k is not NoneType)
    if kind is bool:
        return dict(action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS)
    if typing.get_origin(kind) in (tuple, Sequence):
        first, *more = typing.get_args(kind)
        fixed = more and more != [...]
        return dict(_describe(first), nargs=1 + len(more) if fixed else '+')
    return dict(type=kind) if kind in (int, float) else {}
