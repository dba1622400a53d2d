"""Runs a benchmark: one thing after the other, every network in turn."""

import gc
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import torch
from rich.progress import Progress

from ..utils.complexity import count_macs, count_parameters
from .backends import BACKENDS, Job, Run
from .environment import describe_environment
from .export import export_job
from .memory import ProcessDied, measure_memory
from .models import Subject, build_model, find_subjects, get_input_size, load_config
from .pictures import draw_pictures
from .published import find_published
from .report import JSON, Card, Cell, Report
from .settings import Group, Settings
from .tables import write_csv, write_markdown
from .timing import make_timed, take_turns
from .training import open_training
from .zoo import ZOO

OUT_DIR = 'work_dirs/benchmark'
WARMUPS = 2


def run_benchmark(
    settings: Settings,
    out_dir: str | Path = OUT_DIR,
    *,
    command: str | None = None,
    progress: Progress | None = None,
) -> Report:
    """Measure networks side by side and write what comes of it.

    ``benchmark.json`` is written again after every step, so that a run that is
    interrupted keeps what it has; tables and pictures are written at the end, also
    after an interruption. A network that cannot be run in some way is left out there,
    with the reason, and the others go on.

    Args:
        settings (Settings): What to measure.
        out_dir (str | Path): Where everything is written. Defaults to
            ``'work_dirs/benchmark'``
        command (str, optional): The command line, for the record. Defaults to ``None``
        progress (Progress, optional): Shows how far it is. Defaults to ``None``

    Returns:
        Report: Everything that was measured.

    Raises:
        ValueError: If a network is unknown, or the folder holds something else.
        FileNotFoundError: If a config does not exist.

    Example:
        >>> from mmpose_light.benchmark.run import run_benchmark
        >>> from mmpose_light.benchmark.settings import Settings
        >>> settings = Settings(models=('el-hrnet-w32', 'hrnet-w32'))
        >>> report = run_benchmark(settings, 'work_dirs/two')  # doctest: +SKIP
    """
    subjects = find_subjects(settings.models, settings.configs)
    known = [*ZOO, *(subject.name for subject in subjects)]
    if settings.reference not in known:
        raise ValueError(
            f'reference {settings.reference!r} is unknown: one of the measured '
            f'networks would do ({", ".join(subject.name for subject in subjects)})'
        )
    out_dir = _open_folder(out_dir)
    progress = progress or Progress(disable=True)
    threads = torch.get_num_threads()
    report = Report(
        environment=describe_environment(command),
        settings=asdict(settings),
        cards=[make_card(subject, settings.input_size) for subject in subjects],
    )
    report.save(out_dir)
    try:
        with tempfile.TemporaryDirectory(prefix='onnx-', dir=out_dir) as folder:
            for group in settings.groups:
                total = len(subjects) + settings.rounds
                task = progress.add_task(group.title, total=total, step='')
                for step in measure_group(
                    report, group, subjects, settings, Path(folder)
                ):
                    report.save(out_dir)
                    progress.update(task, advance=1, step=step)
    finally:
        torch.set_num_threads(threads)
        write_results(report, out_dir)
    return report


def write_results(report: Report, out_dir: str | Path) -> list[Path]:
    """Write tables and pictures of a report.

    Args:
        report (Report): The report.
        out_dir (str | Path): The folder; files of an earlier report are replaced.

    Returns:
        list[Path]: The files.
    """
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    files = [write_markdown(report, out_dir), write_csv(report, out_dir)]
    return files + draw_pictures(report, out_dir)


def make_card(subject: Subject, input_size: tuple[int, int] | None) -> Card:
    """Gather what is known about a network without running it.

    Args:
        subject (Subject): The network.
        input_size (tuple[int, int], optional): The input size if it is not the
            config's.

    Returns:
        Card: The card; what cannot be told is None.
    """
    card = Card(subject.name, subject.label, subject.config.name, subject.ours)
    published = find_published(subject.config)
    try:
        own_size = get_input_size(load_config(subject.config))
        config = load_config(subject.config, input_size)
        model = build_model(config)
        card.input_size = get_input_size(config)
        card.parameters = count_parameters(model)
        card.macs = count_macs(model, card.input_size)
    except Exception:  # whoever runs it meets the same error, and reports it
        return card
    if published and card.input_size == own_size:
        card.ap, card.ap_source = published.ap, published.source
        card.ap_reproduced = published.reproduced
    return card


def measure_group(
    report: Report,
    group: Group,
    subjects: list[Subject],
    settings: Settings,
    folder: Path,
) -> Iterator[str]:
    """Measure one thing of every network.

    Args:
        report (Report): Gets a cell for each network.
        group (Group): What to measure.
        subjects (list[Subject]): The networks.
        settings (Settings): The settings.
        folder (Path): Where exported files go.

    Yields:
        str: What was done, after every step; the report is up to date then.
    """
    cells = {subject.name: Cell(subject.name, **asdict(group)) for subject in subjects}
    report.cells += cells.values()
    timed = {}
    for subject in subjects:
        cell = cells[subject.name]
        try:
            run = _open(_make_job(subject, group, settings), cell, settings, folder)
            for _ in range(WARMUPS):
                run()
            timed[subject.name] = make_timed(run, settings.device)
        except Exception as error:
            cell.fail(error)
        yield f'{subject.label} opened'

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


def _open(job: Job, cell: Cell, settings: Settings, folder: Path) -> Run:
    """Open a network, after its memory was measured in another process.

    A runtime that crashes on a file does so there, and not here.
    """
    if cell.task == 'training':
        return open_training(job)
    backend = BACKENDS[job.backend]
    if backend.exported:
        job = replace(job, file=export_job(job, folder))
    if backend.exported or settings.memory:
        try:
            memory = measure_memory(job)
            if settings.memory:
                cell.set_memory(memory)
        except ProcessDied:
            raise
        except RuntimeError as error:
            cell.memory_failure = str(error)
    return backend.open(job)


def _make_job(subject: Subject, group: Group, settings: Settings) -> Job:
    return Job(
        config=subject.config,
        input_size=settings.input_size,
        backend=group.backend,
        precision=group.precision,
        batch_size=group.batch_size,
        threads=settings.threads,
        device=settings.device,
        channels_last=settings.channels_last,
        cuda_graphs=settings.cuda_graphs and group.task == 'inference',
    )


def _open_folder(out_dir: str | Path) -> Path:
    """Make the folder, or complain where it holds something else under our name."""
    out_dir = Path(out_dir)
    if (out_dir / JSON).exists():
        try:
            Report.load(out_dir / JSON)
        except ValueError as error:
            raise ValueError(
                f'{out_dir / JSON} is there already, and no benchmark of this version '
                'wrote it: choose another output folder'
            ) from error
    out_dir.mkdir(parents=True, exist_ok=True)
    return out_dir
