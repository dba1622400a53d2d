"""What a benchmark found, and the file that keeps it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from ..utils.errors import UserError, first_line
from ..utils.files import read_json, write_json
from .models import Card
from .settings import Group

JSON = 'benchmark.json'


@dataclass
class Cell:
    """What was measured of one model in one way."""

    model: str  # name of the model
    task: str  # 'inference' or 'training'
    runtime: str  # what ran it
    precision: str  # what it computed in
    batch_size: int  # images at a time
    #: Median time of a run in milliseconds; None where nothing was measured, as for the
    #: others.
    median_ms: float | None = None
    q1_ms: float | None = None  # lower quartile
    q3_ms: float | None = None  # upper quartile
    runs: int = 0
    #: Peak memory of inference beyond the loaded model, in MiB.
    peak_memory_mib: float | None = None
    loaded_memory_mib: float | None = None  # memory of the loaded model, in MiB
    failure: str | None = None  # why it could not be run
    memory_failure: str | None = None  # why its memory could not be measured

    @property
    def group(self) -> Group:
        """What it can be compared with."""
        return Group(self.task, self.runtime, self.precision, self.batch_size)

    @property
    def images_per_s(self) -> float | None:
        """Images in a second; None where nothing was measured."""
        if self.median_ms is None:
            return None
        return 1000 * self.batch_size / self.median_ms

    def set_times(self, seconds: Sequence[float]) -> None:
        """Take over the times of all runs so far, in seconds."""
        quartiles = 1000 * np.percentile(seconds, [25, 50, 75])
        self.q1_ms, self.median_ms, self.q3_ms = quartiles.tolist()
        self.runs = len(seconds)

    def set_memory(self, peak: int, loaded: int) -> None:
        """Take over the bytes at the peak beyond the loaded model, and its own."""
        self.peak_memory_mib, self.loaded_memory_mib = peak / 2**20, loaded / 2**20

    def fail(self, error: Exception) -> None:
        """Note why it cannot be run; what was measured before is dropped."""
        self.failure = describe_error(error)
        self.median_ms = self.q1_ms = self.q3_ms = None
        self.runs = 0
        self.peak_memory_mib = self.loaded_memory_mib = self.memory_failure = None


@dataclass
class Report:
    """Everything that a benchmark found."""

    environment: dict[str, Any]  # the hardware, the versions, the date and the command
    settings: dict[str, Any]
    cards: list[Card]  # the models, in the order of the tables
    cells: list[Cell] = field(default_factory=list)  # what was measured

    @property
    def groups(self) -> list[Group]:
        """What was compared, in order."""
        return list(dict.fromkeys(cell.group for cell in self.cells))

    @property
    def reference(self) -> Card | None:
        """The model that ratios refer to; None where it is not among the measured."""
        name = self.settings['reference']
        return next((card for card in self.cards if card.name == name), None)

    def find(self, model: str, group: Group) -> Cell | None:
        """Find a cell; None where an interrupted run did not come so far."""
        for cell in self.cells:
            if cell.model == model and cell.group == group:
                return cell
        return None

    def ratio(self, cell: Cell) -> float | None:
        """Tell how many times as fast as the reference, in the same group, a model is.

        None where one of the two times is missing.
        """
        reference = self.find(self.settings['reference'], cell.group)
        if reference is None or not (reference.median_ms and cell.median_ms):
            return None
        return reference.median_ms / cell.median_ms

    def save(self, out_dir: Path) -> Path:
        """Write everything to ``benchmark.json``, whole or not at all."""
        content = dict(
            environment=self.environment,
            settings=self.settings,
            models=[dump_card(card) for card in self.cards],
            cells=[
                dict(
                    asdict(cell),
                    images_per_s=cell.images_per_s,
                    ratio=self.ratio(cell),
                )
                for cell in self.cells
            ],
        )
        return write_json(out_dir / JSON, content)

    @classmethod
    def load(cls, path: str | Path) -> 'Report':
        """Read what :meth:`save` wrote.

        Raises:
            UserError: If it is no such file.
            MissingFileError: If it does not exist.
        """
        remedy = f'give a {JSON} that the benchmark wrote'
        content = read_json(path, remedy)
        names = {item.name for item in fields(Cell)}
        try:
            content['settings']['reference']
            cards = [
                Card(**{**card, 'config': Path(card['config'])})
                for card in content['models']
            ]
            cells = [
                Cell(**{key: cell[key] for key in names}) for cell in content['cells']
            ]
            return cls(content['environment'], content['settings'], cards, cells)
        except (KeyError, TypeError) as error:
            raise UserError(f'{path} is no {JSON} of this version: {remedy}') from error


def dump_card(card: Card) -> dict[str, Any]:
    """Make a card what a file holds: the config by its name."""
    return dict(asdict(card), config=card.config.name)


def describe_error(error: Exception) -> str:
    """Put an error in a line: its kind and the beginning of its message."""
    return f'{type(error).__name__}: {first_line(error, 200)}'.rstrip(': ')
