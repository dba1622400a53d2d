"""What a benchmark found, and the file that keeps it."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from .memory import Memory
from .settings import Group

JSON = 'benchmark.json'


@dataclass
class Card:
    """What is known about a network before anything is measured.

    Attributes:
        name (str): How it is called in options.
        label (str): How it is called in tables and pictures.
        config (str): The name of its config file.
        ours (bool): Whether it is a network of this repository.
        input_size (tuple[int, int], optional): Width and height in pixels.
        parameters (int, optional): Number of parameters.
        macs (int, optional): Multiply-accumulates for one image.
        ap (float, optional): Published AP on COCO val2017, at that input size.
        ap_source (str, optional): Where that is published.
        ap_reproduced (bool, optional): Whether those who tell it measured it.
    """

    name: str
    label: str
    config: str
    ours: bool
    input_size: tuple[int, int] | None = None
    parameters: int | None = None
    macs: int | None = None
    ap: float | None = None
    ap_source: str | None = None
    ap_reproduced: bool | None = None


@dataclass
class Cell:
    """What was measured of one network in one way.

    Attributes:
        model (str): Name of the network.
        task (str): 'inference' or 'training'.
        backend (str): What ran it.
        precision (str): What it computed in.
        batch_size (int): Images at a time.
        median_ms (float, optional): Median time of a run in milliseconds; None where
            nothing was measured, as for the others.
        q1_ms (float, optional): Lower quartile.
        q3_ms (float, optional): Upper quartile.
        runs (int): Number of runs.
        peak_memory_mib (float, optional): Peak memory of inference beyond the loaded
            network, in MiB.
        loaded_memory_mib (float, optional): Memory of the loaded network, in MiB.
        failure (str, optional): Why it could not be run.
        memory_failure (str, optional): Why its memory could not be measured.
    """

    model: str
    task: str
    backend: str
    precision: str
    batch_size: int
    median_ms: float | None = None
    q1_ms: float | None = None
    q3_ms: float | None = None
    runs: int = 0
    peak_memory_mib: float | None = None
    loaded_memory_mib: float | None = None
    failure: str | None = None
    memory_failure: str | None = None

    @property
    def group(self) -> Group:
        """What it can be compared with."""
        return Group(self.task, self.backend, self.precision, self.batch_size)

    @property
    def images_per_s(self) -> float | None:
        """Images in a second; None where nothing was measured."""
        if self.median_ms is None:
            return None
        return 1000 * self.batch_size / self.median_ms

    def set_times(self, seconds: Sequence[float]) -> None:
        """Take over the times of all runs so far.

        Args:
            seconds (Sequence[float]): The time of each run in seconds.
        """
        quartiles = 1000 * np.percentile(seconds, [25, 50, 75])
        self.q1_ms, self.median_ms, self.q3_ms = quartiles.tolist()
        self.runs = len(seconds)

    def set_memory(self, memory: Memory) -> None:
        """Take over the measured memory.

        Args:
            memory (Memory): The memory.
        """
        self.peak_memory_mib = memory.peak / 2**20
        self.loaded_memory_mib = memory.loaded / 2**20

    def fail(self, error: Exception) -> None:
        """Note why it cannot be run; what was measured before is dropped.

        Args:
            error (Exception): What was raised.
        """
        self.failure = describe_error(error)
        self.median_ms = self.q1_ms = self.q3_ms = None
        self.runs = 0
        self.peak_memory_mib = self.loaded_memory_mib = self.memory_failure = None


@dataclass
class Report:
    """Everything that a benchmark found.

    Attributes:
        environment (dict): The hardware, the versions, the date and the command.
        settings (dict): The settings.
        cards (list[Card]): The networks, in the order of the tables.
        cells (list[Cell]): What was measured.
    """

    environment: dict[str, Any]
    settings: dict[str, Any]
    cards: list[Card]
    cells: list[Cell] = field(default_factory=list)

    @property
    def groups(self) -> list[Group]:
        """What was compared, in order."""
        return list(dict.fromkeys(cell.group for cell in self.cells))

    @property
    def reference(self) -> Card | None:
        """The network that ratios refer to; None where it is not among the measured."""
        name = self.settings['reference']
        return next((card for card in self.cards if card.name == name), None)

    def find(self, model: str, group: Group) -> Cell | None:
        """Find a cell.

        Args:
            model (str): Name of the network.
            group (Group): What was measured.

        Returns:
            Cell | None: The cell; None where an interrupted run did not come so far.
        """
        for cell in self.cells:
            if cell.model == model and cell.group == group:
                return cell
        return None

    def ratio(self, cell: Cell) -> float | None:
        """Tell how many times as fast as the reference a network is.

        Args:
            cell (Cell): What was measured of the network.

        Returns:
            float | None: The reference's median time over its own, in the same group;
            None where one of them is missing.
        """
        reference = self.find(self.settings['reference'], cell.group)
        if reference is None or not (reference.median_ms and cell.median_ms):
            return None
        return reference.median_ms / cell.median_ms

    def save(self, out_dir: Path) -> Path:
        """Write everything to ``benchmark.json``, whole or not at all.

        Args:
            out_dir (Path): The folder.

        Returns:
            Path: The file.
        """
        content = dict(
            environment=self.environment,
            settings=self.settings,
            models=[asdict(card) for card in self.cards],
            cells=[
                dict(
                    asdict(cell),
                    images_per_s=cell.images_per_s,
                    ratio=self.ratio(cell),
                )
                for cell in self.cells
            ],
        )
        part = out_dir / f'{JSON}.part'
        text = json.dumps(content, indent=1, ensure_ascii=False)
        part.write_text(text, encoding='utf-8')
        os.replace(part, out_dir / JSON)
        return out_dir / JSON

    @classmethod
    def load(cls, path: str | Path) -> 'Report':
        """Read what :meth:`save` wrote.

        Args:
            path (str | Path): The file.

        Returns:
            Report: The report.

        Raises:
            ValueError: If it is no such file.
            FileNotFoundError: If it does not exist.
        """
        try:
            content = json.loads(Path(path).read_text(encoding='utf-8'))
            content['settings']['reference']
            cards = [Card(**card) for card in content['models']]
            names = {item.name for item in fields(Cell)}
            cells = [
                Cell(**{key: cell[key] for key in names}) for cell in content['cells']
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f'{path} is no {JSON} of this version: give one that the benchmark '
                'wrote'
            ) from error
        return cls(content['environment'], content['settings'], cards, cells)


def describe_error(error: Exception) -> str:
    """Put an error in a line.

    Args:
        error (Exception): The error.

    Returns:
        str: Its kind and the beginning of its message.
    """
    lines = str(error).strip().splitlines() or ['']
    return f'{type(error).__name__}: {lines[0][:200]}'.rstrip(': ')
