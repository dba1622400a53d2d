"""How far a benchmark is, and how long it will take still."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """Something that was done."""

    title: str  # what it is a part of
    what: str  # what was done
    done: int  # steps of that part so far
    total: int  # its steps
    #: How long everything will take still; None before the first round is over.
    seconds_left: float | None = None

    @property
    def left(self) -> str:
        """How long it will take, such as 'about 4 minutes left', or nothing."""
        if self.seconds_left is None:
            return ''
        minutes = round(self.seconds_left / 60)
        if minutes < 1:
            return 'less than a minute left'
        return f'about {minutes} minute{"s" if minutes > 1 else ""} left'


OnStep = Callable[[Step], None]


def ignore(step: Step) -> None:
    """Tell nobody of a step."""


class Forecast:
    """Tells how long a benchmark will take, from what it took so far.

    A group takes its opening and so many rounds, each like those before it; groups to
    come take what those so far take on average.

    Args:
        groups (int): Groups that are measured one after the other.
        rounds (int): Rounds of each.
        clock (Callable): Tells the time in seconds.
    """

    def __init__(
        self, groups: int, rounds: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.groups, self.rounds, self.clock = groups, rounds, clock
        self.begun = self.opened = 0.0
        self.done = 0
        self.durations = []

    def begin_group(self) -> None:
        """Note that a group begins."""
        self.begun = self.clock()
        self.done = 0

    def begin_rounds(self) -> None:
        """Note that its models are open."""
        self.opened = self.clock()

    def end_round(self) -> float:
        """Note that a round is over; tell about how many seconds the rest will take."""
        now = self.clock()
        self.done += 1
        rest = (self.rounds - self.done) * (now - self.opened) / self.done
        durations = [*self.durations, now - self.begun + rest]
        if self.done == self.rounds:
            self.durations = durations
        to_come = self.groups - len(durations)
        return rest + to_come * sum(durations) / len(durations)
