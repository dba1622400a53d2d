"""What is wrong with entries of a file: how many are at fault, and the first."""

import reprlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Findings:
    """What was found in annotations.

    Attributes:
        counts (dict[str, int]): How many images and people there are.
        problems (list[str]): What makes training or evaluation stop, or worthless.
        notes (list[str]): What is left out or looks odd, and does no harm.
    """

    counts: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def find(
        self,
        what: str,
        entries: Sequence[dict],
        is_bad: Callable[[dict], bool] | np.ndarray,
        note: bool = False,
    ) -> np.ndarray:
        """Note how many entries are at fault, and the first of them.

        Args:
            what (str): As in '3 of 40 {what}, such as …'.
            entries (Sequence[dict]): The entries.
            is_bad (Callable | np.ndarray): Tells of an entry whether it is at fault, or
                of all, bool, shape (N,).
            note (bool): Whether it does no harm. Defaults to ``False``

        Returns:
            np.ndarray: Which entries are not at fault, bool, shape (N,).
        """
        bad = is_bad
        if callable(is_bad):
            bad = np.fromiter(map(is_bad, entries), bool, len(entries))
        if bad.any():
            first = int(bad.argmax())
            entry = entries[first]
            name = (
                f'id {reprlib.repr(entry["id"])}' if 'id' in entry else f'entry {first}'
            )
            (self.notes if note else self.problems).append(
                f'{bad.sum()} of {len(entries)} {what}, such as {name}: '
                f'{reprlib.repr(entry)}'
            )
        return ~bad
