"""What MMEngine logged of a training run.

MMEngine writes a line of JSON to ``WORK_DIR/TIMESTAMP/vis_data/scalars.json`` every
few iterations of the training (``lr``, ``epoch``, ``iter`` and the losses) and one
after each validation (the metrics and ``step``). A run that is resumed goes on in a new
``TIMESTAMP``.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ..utils.errors import MissingFileError, UserError

SCALARS = 'vis_data/scalars.json'
NO_METRICS = ('step', 'time', 'data_time')
COUNTERS = {'step', 'iter', 'epoch'}


@dataclass(frozen=True)
class TrainingLog:
    """What a run logged."""

    by_epoch: bool  # whether the numbers below count epochs; else iterations
    #: The learning rate (of the first group of parameters) by epoch, the last that was
    #: logged in it; or by iteration.
    rates: dict[int, float] = field(default_factory=dict)
    #: The results of validation: by name, such as 'coco/AP', then by the epoch or
    #: iteration that they follow.
    metrics: dict[str, dict[int, float]] = field(default_factory=dict)
    #: What was logged of the training: by name, such as 'loss' or 'time', then by
    #: iteration.
    training: dict[str, dict[int, float]] = field(default_factory=dict)


def read_log(run: str | Path) -> TrainingLog:
    """Read what a run logged, over all its parts if it was resumed.

    Where a later part began again at some epoch or iteration, what earlier ones logged
    from there on is dropped. Whether the run's loop counts epochs shows in its log:
    only a loop that counts iterations validates in epoch 0.

    Args:
        run (str | Path): Its work directory, or one ``scalars.json``.

    Raises:
        MissingFileError: If there is no such run, or no log in it.
        UserError: If the log is empty or is none of MMEngine's.
    """
    records = [record for path in find_scalars(run) for record in _read_part(path)]
    if not records:
        raise UserError(
            f'the log of {run} is empty: nothing is logged before the first iterations '
            'are done'
        )
    by_epoch = all(
        'epoch' in record if _is_training(record) else record['step']
        for record in records
    )
    counter = 'epoch' if by_epoch else 'iter'
    log = TrainingLog(by_epoch)
    last = (0, 0)
    for record in records:
        if _is_training(record):
            now = record[counter], record['iter']
            if now <= last:
                _drop_from((log.rates, *log.metrics.values()), now[0])
                _drop_from(log.training.values(), record['iter'])
            last = now
            if 'lr' in record:
                log.rates[now[0]] = record['lr']
            for name in record.keys() - COUNTERS:
                log.training.setdefault(name, {})[record['iter']] = record[name]
            continue
        place = last[0] if by_epoch else record['step'] or last[0]
        for name, value in record.items():
            if name not in NO_METRICS:
                log.metrics.setdefault(name, {})[place] = value
    return log


def find_scalars(run: str | Path) -> list[Path]:
    """Find the files that hold a run's log, in order of time.

    Args:
        run (str | Path): Its work directory, a ``TIMESTAMP`` folder in it, or a file.

    Raises:
        MissingFileError: If there is no such run, or no log in it.
    """
    run = Path(run)
    if run.is_file():
        return [run]
    if not run.is_dir():
        raise MissingFileError(f'run {run} does not exist: give its work directory')
    for pattern in (f'*/{SCALARS}', SCALARS):
        found = sorted(run.glob(pattern))
        if found:
            return found
    raise MissingFileError(
        f'no log in {run}: give the work directory of a run, where MMEngine writes '
        f'TIMESTAMP/{SCALARS}, or such a file'
    )


def _read_part(path: Path) -> list[dict[str, float]]:
    """Read the lines of a file, but for a last one that a killed run left half written.

    Validation alone, before any training, is none of the run's.
    """
    lines = path.read_text(encoding='utf-8', errors='replace').splitlines()
    records = []
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except ValueError:
            if number == len(lines):
                break
            record = None
        if not isinstance(record, dict) or 'step' not in record:
            raise UserError(
                f'{path}, line {number}, is no record of MMEngine: give the '
                "scalars.json of a run, or the run's work directory"
            )
        # LogProcessor(log_with_hierarchy=True) names the phase, too
        record = {re.sub('^(train|val)/', '', name): record[name] for name in record}
        if records or _is_training(record):
            records.append(record)
    return records


def _is_training(record: dict[str, float]) -> bool:
    return 'iter' in record


def _drop_from(curves: Iterable[dict[int, float]], start: int) -> None:
    for values in curves:
        for place in [place for place in values if place >= start]:
            del values[place]
