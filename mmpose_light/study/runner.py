"""Trains the networks of a study, one after the other, and keeps a record of each.

A run is known by its record, ``WORK_DIR/NETWORK.json``; its checkpoints and logs lie in
``WORK_DIR/NETWORK/``. A run that is finished is not done again, one that was
interrupted goes on from its newest checkpoint.
"""

import functools
import gc
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.runner import Runner

from ..checkpoints.loading import find_whole_checkpoint
from ..engine.quiet_runner import build_runner, say_nothing, silence
from ..utils.complexity import count_macs, count_parameters
from .data import StudyData
from .hooks import ProgressHook, TimeBudgetHook
from .options import RunOptions
from .plan import plan_runs
from .protocol import DEFAULT, choose_networks, read_protocol
from .record import FINISHED, take_from_log, write_record

logger = logging.getLogger(__name__)


def run_study(
    protocol: str | Path = DEFAULT,
    data: StudyData | None = None,
    work_dir: str | Path = 'work_dirs/study',
    networks: Sequence[str] | None = None,
    options: RunOptions | None = None,
    say: Callable[[str], None] = say_nothing,
) -> dict[str, str]:
    """Train the networks of a study that are not trained yet.

    Args:
        protocol (str | Path): Config file of the protocol, or the name of one in
            ``configs/study``.
        data (StudyData, optional): What to train and validate on. Defaults to
            ``None``, that in ``data/lspet``
        work_dir (str | Path): Where everything is written.
        networks (Sequence[str], optional): Which networks. Defaults to ``None``, all
        options (RunOptions, optional): How to train them. Defaults to ``None``, as the
            protocol says
        say (Callable[[str], None]): Takes lines on the progress.

    Returns:
        dict[str, str]: For each network 'finished', 'stopped' (its time ended),
        'waiting' (not started, for it would not end in time) or 'failed'.

    Raises:
        MissingFileError: If the protocol or data are missing.
        UserError: If a network is unknown, if data or a record cannot be read, or if
            ``work_dir`` holds a run of other settings.
    """
    options = options or RunOptions()
    data = data or StudyData.below()
    deadline = None
    if options.time_budget is not None:
        deadline = time.monotonic() + 60 * options.time_budget
    protocol = read_protocol(protocol)
    names = choose_networks(protocol, networks)
    work_dir = Path(work_dir)
    if options.limit_images is not None:
        data = data.first(options.limit_images, work_dir / 'data')

    # all records first: an error comes before hours of training, not after
    runs = plan_runs(protocol, names, data, work_dir, options)
    statuses = {}
    for number, (name, (cfg, record)) in enumerate(runs.items(), start=1):
        say_of = functools.partial(_say_of, say, f'[{number}/{len(runs)}] {name}')
        path = work_dir / f'{name}.json'
        if record['status'] == FINISHED:
            say_of('finished before')
        elif _has_time(record, deadline, options.split, say_of):
            _run(cfg, record, path, deadline, options.split, say_of)
        else:
            statuses[name] = 'waiting'
            continue
        statuses[name] = record['status']
    return statuses


def _say_of(say: Callable[[str], None], run: str, line: str) -> None:
    say(f'{run}: {line}')


def _has_time(
    record: dict[str, Any],
    deadline: float | None,
    split: bool,
    say: Callable[[str], None],
) -> bool:
    """Return whether a run can start; one whose speed is not known yet can."""
    if deadline is None:
        return True
    left = deadline - time.monotonic()
    wanted = 0.0
    if record['epochs'] and not split:
        missing = record['settings']['epochs'] - record['epochs']
        wanted = missing * record['seconds'] / record['epochs']
    if left > 0 and wanted <= left:
        return True
    say(
        f'not started: {max(left, 0) / 60:.1f} minutes are left'
        + (f', it takes {wanted / 60:.1f}' if wanted else '')
    )
    return False


def _run(
    cfg: Config,
    record: dict[str, Any],
    path: Path,
    deadline: float | None,
    split: bool,
    say: Callable[[str], None],
) -> None:
    """Run or resume a training, and bring its record up to date."""
    try:
        runner = _build(cfg, record, say)
        runner.register_hook(ProgressHook(record, path, say))
        if deadline is not None:
            runner.register_hook(TimeBudgetHook(deadline, split))
        record['status'] = 'running'
        with silence():
            runner.train()
        take_from_log(record, cfg.work_dir)
        whole = runner.epoch == runner.max_epochs
        record['status'] = FINISHED if whole else 'stopped'
        record.pop('error', None)
    except Exception as error:
        # the other networks' time is not to be lost by this one
        record.update(status='failed', error=f'{type(error).__name__}: {error}')
        logger.exception('%s failed', record['network'])
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


def _build(cfg: Config, record: dict[str, Any], say: Callable[[str], None]) -> Runner:
    """Build MMEngine's runner, to go on from the newest checkpoint if there is one."""
    newest = find_whole_checkpoint(cfg.work_dir, say)
    if newest is not None:
        cfg.load_from, cfg.resume = newest, True
    steps = record['settings']['iterations']
    say(f'{steps} iterations' + (f', going on from {newest}' if newest else ''))
    runner = build_runner(cfg)
    record['parameters'] = count_parameters(runner.model)
    record['macs'] = count_macs(runner.model, tuple(cfg.input_size))
    return runner


def _keep_last(work_dir: Path, epochs: int) -> None:
    """Delete the checkpoints of a finished run but its last."""
    for path in work_dir.glob('epoch_*.pth'):
        if path.name != f'epoch_{epochs}.pth':
            path.unlink()
