"""Runs a benchmark: one thing after the other, every model in turn."""

import gc
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import torch

from ..apis.zoo import ZOO
from ..utils.errors import UserError
from ..utils.files import check_absent
from ..utils.threads import keep_torch_threads
from ..utils.timing import Run, make_timed, take_turns
from .environment import describe_environment
from .export import export_once
from .isolation import ProcessDiedError
from .memory import measure_memory, try_apart
from .models import Card, describe_model, find_models
from .plots import draw_plots
from .progress import Forecast, OnStep, Step, ignore
from .report import JSON, Cell, Report
from .runtimes import RUNTIMES, open_model
from .settings import OUT_DIR, Group, Settings
from .tables import write_csv, write_markdown
from .training import open_training

WARMUPS = 2


def run_benchmark(
    settings: Settings,
    out_dir: str | Path = OUT_DIR,
    *,
    overwrite: bool = False,
    command: str | None = None,
    on_step: OnStep = ignore,
) -> Report:
    """Measure models side by side and write what comes of it.

    ``benchmark.json`` is written again after every step, so that a run that is
    interrupted keeps what it has; tables and plots are written at the end, also after
    an interruption. A model that cannot be run in some way is left out there, with the
    reason, and the others go on.

    Args:
        settings (Settings): What to measure.
        out_dir (str | Path): Where everything is written.
        overwrite (bool): Whether to replace a benchmark that is there.
        command (str, optional): The command line, for the record.
        on_step (Callable): Is told every :class:`Step`.

    Returns:
        Report: Everything that was measured.

    Raises:
        UserError: If a model is unknown, or the folder holds a benchmark already.
        MissingFileError: If a config does not exist.

    Example:
        >>> from mmpose_light.benchmark.run import run_benchmark
        >>> from mmpose_light.benchmark.settings import Settings
        >>> settings = Settings(models=['el-hrnet-w32', 'hrnet-w32'])
        >>> report = run_benchmark(settings, 'work_dirs/two')  # doctest: +SKIP
    """
    out_dir = Path(out_dir)
    check_absent(out_dir / JSON, overwrite)
    cards = find_models(settings.models)
    _check_reference(settings.reference, [card.name for card in cards])
    report = Report(describe_environment(command), asdict(settings), cards=[])
    for done, card in enumerate(cards, 1):
        report.cards.append(describe_model(card, settings.input_size))
        on_step(Step('Parameters and MACs', card.label, done, len(cards)))
    report.save(out_dir)
    folder = tempfile.TemporaryDirectory(prefix='onnx-', dir=out_dir)
    try:
        with keep_torch_threads(), folder:
            for step in _measure(report, settings, Path(folder.name)):
                report.save(out_dir)
                on_step(step)
    finally:
        write_results(report, out_dir)
    return report


def write_results(report: Report, out_dir: str | Path) -> list[Path]:
    """Write tables and plots of a report; those of an earlier one are replaced."""
    out_dir = Path(out_dir)
    files = [write_markdown(report, out_dir), write_csv(report, out_dir)]
    return files + draw_plots(report, out_dir)


def _check_reference(reference: str, names: list[str]) -> None:
    """Complain about a reference that no model is called."""
    if reference not in (*ZOO, *names):
        raise UserError(
            f'reference {reference!r} is unknown: one of the measured models would do '
            f'({", ".join(names)})'
        )


def _measure(report: Report, settings: Settings, folder: Path) -> Iterator[Step]:
    """Measure everything, and tell every step."""
    forecast = Forecast(len(settings.groups), settings.rounds)
    opened, total = len(report.cards), len(report.cards) + settings.rounds
    for group in settings.groups:
        forecast.begin_group()
        steps = measure_group(report, group, settings, folder)
        for done, what in enumerate(steps, 1):
            left = forecast.end_round() if done > opened else None
            yield Step(group.title, what, done, total, left)
            if done == opened:
                forecast.begin_rounds()


def measure_group(
    report: Report, group: Group, settings: Settings, folder: Path
) -> Iterator[str]:
    """Measure one thing of every model, which gets a cell in the report.

    Yields what was done, after every step, one for each model and then one for each
    round; the report is up to date then. Exported files go to ``folder``.
    """
    cells = {card.name: Cell(card.name, **asdict(group)) for card in report.cards}
    report.cells += cells.values()
    timed = {}
    for card in report.cards:
        cell = cells[card.name]
        try:
            run = _open(card, cell, settings, folder)
            for _ in range(WARMUPS):
                run()
            timed[card.name] = make_timed(run, settings.device)
        except Exception as error:
            cell.fail(error)
        yield f'{card.label} {"failed" if cell.failure else "opened"}'

    turns = take_turns(timed, settings.rounds, settings.runs)
    for number, (times, failures) in enumerate(turns, 1):
        for name, seconds in times.items():
            if name in failures:
                cells[name].fail(failures[name])
            else:
                cells[name].set_times(seconds)
        yield f'round {number} of {settings.rounds}'

    run = None
    timed.clear()
    gc.collect()  # the next group needs the room
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _open(card: Card, cell: Cell, settings: Settings, folder: Path) -> Run:
    """Open a model, after it ran in another process.

    A runtime that crashes on a file does so there, and not here.
    """
    group = cell.group
    if cell.task == 'training':
        return open_training(card.config, group, settings)
    runtime = RUNTIMES[cell.runtime]
    what = card.config, group, settings
    if runtime.open:
        what = *what, export_once(*what, folder)
    try:
        if settings.memory:
            cell.set_memory(*measure_memory(*what))
        elif runtime.open:
            try_apart(*what)
    except ProcessDiedError as error:
        raise ProcessDiedError(f'{runtime.title} {error}') from error
    except RuntimeError as error:
        cell.memory_failure = str(error) if settings.memory else None
    return open_model(*what)
