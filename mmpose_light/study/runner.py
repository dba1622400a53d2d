"""Trains the networks of a study, one after the other, and keeps a record of each.

A run is known by its record, ``WORK_DIR/NETWORK.json``; its checkpoints and logs lie in
``WORK_DIR/NETWORK/``. A run that is finished is not done again, one that was
interrupted goes on from its newest checkpoint.
"""

import contextlib
import functools
import gc
import logging
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mmcv
import mmengine
import mmpose
import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from ..demo.run import find_whole_checkpoint
from ..utils.complexity import count_macs, count_parameters
from ..version import __version__
from .data import StudyData
from .hooks import RecordHook, TimeBudgetHook
from .protocol import build_config, choose_networks, config_hash, read_protocol
from .record import FINISHED, FORMAT, read_record, write_record

MAX_WORKERS = 12


@dataclass(frozen=True)
class RunOptions:
    """How each network of a study is trained; the same for all.

    Attributes:
        iterations (int, optional): Training steps, rounded up to whole epochs, after
            which a run can stop and go on. Defaults to ``None``, those of the protocol
        batch_size (int, optional): Images in a step. Defaults to ``None``, those of
            the protocol
        seed (int): Seed of all random numbers. Defaults to 0
        lr_scale (float): Factor on every learning rate. Defaults to 1
        amp (bool, optional): Whether to train in mixed precision, bfloat16 where the
            GPU has it, else float16. Defaults to ``None``, on a GPU
        limit_images (int, optional): Train and validate on the first images alone, to
            rehearse. Defaults to ``None``, all
        workers (int, optional): Processes that prepare images. Defaults to ``None``,
            as many as cores but one, at most 12
        time_budget (float, optional): Minutes after which no training goes on.
            Defaults to ``None``, no end
        split (bool): Whether to start trainings that will not end within
            ``time_budget``. Defaults to ``False``

    Raises:
        ValueError: If a number makes no sense, or mixed precision finds no GPU.
    """

    iterations: int | None = None
    batch_size: int | None = None
    seed: int = 0
    lr_scale: float = 1.0
    amp: bool | None = None
    limit_images: int | None = None
    workers: int | None = None
    time_budget: float | None = None
    split: bool = False

    def __post_init__(self) -> None:
        for name, least in (
            ('iterations', 1),
            ('batch_size', 2),  # batch normalization wants two
            ('limit_images', 1),
            ('workers', 0),
            ('seed', 0),
        ):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f'{name} must be at least {least}, got {value}')
        for name in ('lr_scale', 'time_budget'):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f'{name} must be positive, got {value}')
        if self.amp and not torch.cuda.is_available():
            raise ValueError('mixed precision needs a GPU, and there is none: --no-amp')
        if self.split and self.time_budget is None:
            raise ValueError('split spreads runs over time budgets: give time_budget')

    @property
    def precision(self) -> str:
        """str: The type that convolutions compute in."""
        if self.amp is False or not torch.cuda.is_available():
            return 'float32'
        return 'bfloat16' if torch.cuda.is_bf16_supported() else 'float16'


def run_study(
    protocol_file: str | Path,
    data: StudyData,
    work_dir: str | Path,
    networks: Sequence[str] | None = None,
    options: RunOptions | None = None,
    say: Callable[[str], None] | None = None,
) -> dict[str, str]:
    """Train the networks of a study that are not trained yet.

    Args:
        protocol_file (str | Path): Config file of the protocol.
        data (StudyData): What to train and validate on.
        work_dir (str | Path): Where everything is written.
        networks (Sequence[str], optional): Which networks. Defaults to ``None``, all
        options (RunOptions, optional): How to train them. Defaults to ``None``, as the
            protocol says
        say (Callable[[str], None], optional): Takes lines on the progress. Defaults to
            ``None``, standard output

    Returns:
        dict[str, str]: For each network 'finished', 'stopped' (its time ended),
        'waiting' (not started, for it would not end in time) or 'failed'.

    Raises:
        FileNotFoundError: If the protocol or data are missing.
        ValueError: If a network is unknown, if data or a record cannot be read, or if
            ``work_dir`` holds a run of other settings.
    """
    options = options or RunOptions()
    if say is None:
        # the standard output of now: while a run works it is silenced
        say = functools.partial(print, file=sys.stdout, flush=True)
    deadline = None
    if options.time_budget is not None:
        deadline = time.monotonic() + 60 * options.time_budget
    protocol = read_protocol(protocol_file)
    names = choose_networks(protocol, networks)
    work_dir = Path(work_dir)
    if options.limit_images is not None:
        data = data.first(options.limit_images, work_dir / 'data')

    # all records first: an error comes before hours of training, not after
    runs = _plan_runs(protocol, names, data, work_dir, options)
    statuses = {}
    for number, (name, (cfg, record)) in enumerate(runs.items(), start=1):
        status = record['status']
        if status != FINISHED:
            status = _run_in_time(
                cfg,
                record,
                work_dir,
                deadline,
                options,
                say=functools.partial(_say_of, say, f'[{number}/{len(runs)}] {name}'),
            )
        else:
            _say_of(say, f'[{number}/{len(runs)}] {name}', 'finished before')
        statuses[name] = status
    return statuses


def _say_of(say: Callable[[str], None], run: str, line: str) -> None:
    say(f'{run}: {line}')


def _plan_runs(
    protocol: Config,
    names: Sequence[str],
    data: StudyData,
    work_dir: Path,
    options: RunOptions,
) -> dict[str, tuple[Config, dict[str, Any]]]:
    """Make the config of each run, and read its record or begin a new one."""
    people = data.train.count_people()
    shared = dict(
        seed=options.seed,
        precision=options.precision,
        train_people=people,
        val_people=data.val.count_people(),
        train_sha256=data.train.sha256(),
        val_sha256=data.val.sha256(),
    )
    runs = {}
    for name in names:
        cfg = build_config(protocol, name, options.lr_scale)
        settings = dict(
            protocol=Path(protocol.filename).stem,
            config_sha256=config_hash(cfg),
            optimizer=cfg.optim_wrapper.optimizer.type,
            lr=cfg.optim_wrapper.optimizer.lr,
            **shared,
        )
        _adapt(cfg, data, work_dir / name, people, options)
        settings.update(
            batch_size=cfg.train_dataloader.batch_size,
            epochs=cfg.train_cfg.max_epochs,
            iterations=cfg.train_cfg.max_epochs
            * (people // cfg.train_dataloader.batch_size),
        )
        path = work_dir / f'{name}.json'
        if path.exists():
            record = read_record(path)
            _check_settings(path, record, settings)
        else:
            entry = protocol.networks[name]
            record = _new_record(
                name, list(protocol.networks).index(name), entry, settings
            )
        runs[name] = cfg, record
    return runs


def _adapt(
    cfg: Config, data: StudyData, work_dir: Path, people: int, options: RunOptions
) -> None:
    """Write the data, the schedule's length and the options into a run's config."""
    workers = options.workers
    if workers is None:
        workers = min(MAX_WORKERS, (os.cpu_count() or 1) - 1)
    for loader, split in (
        (cfg.train_dataloader, data.train),
        (cfg.val_dataloader, data.val),
    ):
        loader.num_workers = workers
        loader.persistent_workers = workers > 0
        loader.pin_memory = torch.cuda.is_available()
        loader.dataset.update(
            data_root='',
            ann_file=str(split.ann_file.absolute()),
            data_prefix=dict(img=str(split.image_dir.absolute())),
        )
    for evaluator in cfg.val_evaluator:
        if 'Coco' in evaluator.type:
            evaluator.ann_file = str(data.val.ann_file.absolute())
    if options.batch_size is not None:
        cfg.train_dataloader.batch_size = options.batch_size
        cfg.val_dataloader.batch_size = options.batch_size
    per_epoch = people // cfg.train_dataloader.batch_size
    if not per_epoch:
        raise ValueError(
            f'{people} people do not fill a batch of {cfg.train_dataloader.batch_size}: '
            'give a smaller batch size'
        )
    iterations = options.iterations or cfg.iterations
    cfg.train_cfg.max_epochs = -(-iterations // per_epoch)
    if options.precision != 'float32':
        cfg.optim_wrapper.update(type='AmpOptimWrapper', dtype=options.precision)
    # for MMPose's tools/test.py, which takes the config that the run leaves
    cfg.test_dataloader, cfg.test_evaluator = cfg.val_dataloader, cfg.val_evaluator
    cfg.randomness.seed = options.seed
    cfg.work_dir = str(work_dir)


def _check_settings(
    path: Path, record: dict[str, Any], settings: dict[str, Any]
) -> None:
    """Complain about a run of other settings."""
    old = record['settings']
    other = [key for key in settings if old.get(key) != settings[key]]
    if other:
        told = ', '.join(f'{k} {old.get(k)!r}, now {settings[k]!r}' for k in other)
        raise ValueError(
            f'{path} is a run of other settings ({told}): give the same ones to go on, '
            'or another --work-dir'
        )


def _new_record(
    name: str, order: int, entry: Config, settings: dict[str, Any]
) -> dict[str, Any]:
    return dict(
        format=FORMAT,
        network=name,
        title=entry.title,
        order=order,
        ablation=entry.get('ablation'),
        status='waiting',
        settings=settings,
        hardware=describe_hardware(),
        versions=dict(
            mmpose_light=__version__,
            mmpose=mmpose.__version__,
            mmengine=mmengine.__version__,
            mmcv=mmcv.__version__,
            torch=torch.__version__,
            numpy=np.__version__,
            python=platform.python_version(),
        ),
        parameters=0,
        macs=0,
        epochs=0,
        iterations=0,
        seconds=0.0,
        timed_iterations=0,
        timed_seconds=0.0,
        peak_memory=None,
        losses=[],
        evaluations=[],
    )


def _run_in_time(
    cfg: Config,
    record: dict[str, Any],
    work_dir: Path,
    deadline: float | None,
    options: RunOptions,
    say: Callable[[str], None],
) -> str:
    """Run or resume a training unless its time is over; return its status."""
    if deadline is not None:
        left = deadline - time.monotonic()
        wanted = 0.0
        if record['epochs'] and not options.split:
            missing = record['settings']['epochs'] - record['epochs']
            wanted = missing * record['seconds'] / record['epochs']
        if left <= 0 or wanted > left:
            say(
                f'not started: {max(left, 0) / 60:.1f} minutes are left'
                + (f', it takes {wanted / 60:.1f}' if wanted else '')
            )
            return 'waiting'
    path = work_dir / f'{record["network"]}.json'
    try:
        runner = _build_runner(cfg, record, say)
        runner.register_hook(RecordHook(record, path, say))
        if deadline is not None:
            runner.register_hook(TimeBudgetHook(deadline, options.split))
        record['status'] = 'running'
        with _silence():
            runner.train()
        whole = runner.epoch == runner.max_epochs
        record['status'] = FINISHED if whole else 'stopped'
        record.pop('error', None)
    except Exception as error:
        # the other networks' time is not to be lost by this one
        record.update(status='failed', error=f'{type(error).__name__}: {error}')
        traceback.print_exc()
        say(f'failed: {record["error"]}')
    else:
        say(f'{record["status"]} after {record["epochs"]} epochs')
    write_record(path, record)
    if record['status'] == FINISHED:
        _keep_last(Path(cfg.work_dir), record['epochs'])
    runner = None
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return record['status']


def _build_runner(
    cfg: Config, record: dict[str, Any], say: Callable[[str], None]
) -> Runner:
    """Build MMEngine's runner, to go on from the newest checkpoint if there is one."""
    work_dir = Path(cfg.work_dir)
    newest = find_whole_checkpoint(work_dir)
    if newest is not None:
        cfg.load_from, cfg.resume = str(newest), True
    steps = record['settings']['iterations']
    say(f'{steps} iterations' + (f', going on from {newest}' if newest else ''))
    # MMEngine keeps loggers and visualizers by name for the life of the process.
    cfg.experiment_name = f'{work_dir.name}_{time.time_ns()}'
    cfg.visualizer.name = cfg.experiment_name
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    with _silence():
        runner = Runner.from_cfg(cfg)
    for handler in list(runner.logger.handlers):
        if type(handler) is logging.StreamHandler:
            runner.logger.removeHandler(handler)
    record['parameters'] = count_parameters(runner.model)
    record['macs'] = count_macs(runner.model, tuple(cfg.input_size))
    return runner


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep what MMEngine and COCO's evaluation print off the console.

    MMEngine's log file in the run's folder has it.
    """
    with open(os.devnull, 'w') as nowhere, contextlib.redirect_stdout(nowhere):
        yield


def _keep_last(work_dir: Path, epochs: int) -> None:
    """Delete the checkpoints of a finished run but its last."""
    for path in work_dir.glob('epoch_*.pth'):
        if path.name != f'epoch_{epochs}.pth':
            path.unlink()


def describe_hardware() -> str:
    """Name the GPU, or else the processor and its threads.

    Returns:
        str: For the tables.
    """
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    name = platform.processor() or platform.machine()
    cpuinfo = Path('/proc/cpuinfo')
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith('model name'):
                name = line.partition(':')[2].strip()
                break
    return f'{name}, {torch.get_num_threads()} threads'
