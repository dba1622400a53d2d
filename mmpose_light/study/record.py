"""The JSON file of a run: its settings, and once it has ended curves, speed, memory.

While a run goes on, the file has its settings, by which it is known to be the same run,
and how far it came. Curves, speed and memory stand in MMEngine's own log in the run's
folder; :func:`take_from_log` copies them into the record at the end, so that the record
can be read alone.
"""

import itertools
import math
from pathlib import Path
from typing import Any

from ..utils.errors import UserError
from ..utils.files import read_json, write_json
from ..visualization.training_log import read_log

FORMAT = 1
#: The names of the results, and what the metrics of MMPose and ours call them.
METRICS = {
    'AP': 'coco/AP',
    'AP50': 'coco/AP .5',
    'AP75': 'coco/AP .75',
    'AR': 'coco/AR',
    'PCK': 'torso/PCK@0.2',
}
COUNTS = {'PCK_people': 'torso/people', 'PCK_left_out': 'torso/left_out'}
#: What a file must have.
FIELDS = (
    'format', 'network', 'title', 'order', 'status', 'settings', 'hardware', 'versions',
    'parameters', 'macs', 'epochs', 'iterations', 'seconds', 'timed_iterations',
    'timed_seconds', 'losses', 'evaluations',
)  # fmt: skip
FINISHED = 'finished'
#: What makes two runs comparable, and how a table says it.
SHARED = {
    'protocol': 'protocol',
    'iterations': 'iterations',
    'batch_size': 'batch size',
    'optimizer': 'optimizer',
    'precision': 'precision',
    'seed': 'seed',
    'train_people': 'people to train on',
    'val_people': 'people to validate on',
}
#: Not shown, but to be the same as well.
HIDDEN = {
    'train_sha256': 'training data',
    'val_sha256': 'validation data',
}


def read_record(path: str | Path) -> dict[str, Any]:
    """Read the file of a run; :data:`FIELDS` names what is always there.

    Raises:
        MissingFileError: If there is no such file.
        UserError: If it is not the whole file of a run.
    """
    remedy = 'restore it, or move it away to start that run anew'
    record = read_json(path, remedy)
    missing = [key for key in FIELDS if key not in record]
    if missing or record['format'] != FORMAT:
        problem = (
            f'{missing[0]!r} is missing'
            if missing
            else f"its format is {record['format']}, this version's is {FORMAT}"
        )
        raise UserError(
            f'{path} was not written by a run of the study, {problem}: {remedy}'
        )
    return record


def write_record(path: str | Path, record: dict[str, Any]) -> None:
    """Write the file of a run, all at once. What is not finite becomes ``null``."""
    write_json(path, _finite(record))


def take_from_log(record: dict[str, Any], run: str | Path) -> None:
    """Copy a run's curves, speed and memory from MMEngine's log into its record.

    MMEngine logs means of the loss and of a step's time over the steps since the line
    before. The first line of an epoch is not timed: it waits for the data loader. Where
    the run, a folder, has logged nothing, the record is left as it is.

    Raises:
        UserError: If the log is none of MMEngine's.
    """
    try:
        log = read_log(run)
    except FileNotFoundError:
        return
    settings = record['settings']
    per_epoch = settings['iterations'] // settings['epochs']
    losses, times = log.training.get('loss', {}), log.training.get('time', {})
    record['losses'] = [
        dict(iteration=iteration, loss=losses[iteration]) for iteration in losses
    ]
    record['evaluations'] = [
        dict(
            iteration=epoch * per_epoch,
            epoch=epoch,
            **{name: log.metrics[key][epoch] for name, key in METRICS.items()},
            **{name: int(log.metrics[key][epoch]) for name, key in COUNTS.items()},
        )
        for epoch in log.metrics.get(METRICS['AP'], {})
    ]
    steps = {
        iteration: iteration - before
        for before, iteration in itertools.pairwise(times)
        if (before - 1) // per_epoch == (iteration - 1) // per_epoch
    }
    record['timed_iterations'] = sum(steps.values())
    record['timed_seconds'] = sum(steps[i] * times[i] for i in steps)
    memory = log.training.get('memory')
    record['peak_memory'] = max(memory.values()) * 2**20 if memory else None


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return float(f'{value:.6g}') if math.isfinite(value) else None
    return value


def seconds_per_step(record: dict[str, Any]) -> float | None:
    """Return how long a step of training took, evaluations left out.

    ``None`` if nothing was timed yet.
    """
    if not record['timed_iterations']:
        return None
    return record['timed_seconds'] / record['timed_iterations']


def final_results(record: dict[str, Any]) -> dict[str, float | None] | None:
    """Return what a run's last evaluation gave, from 0 to 1.

    ``None`` where nothing was evaluated.
    """
    return record['evaluations'][-1] if record['evaluations'] else None


def is_comparable(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Return whether two runs differ in the network and its learning rate alone."""
    return all(
        first['settings'].get(key) == second['settings'].get(key)
        for key in (*SHARED, *HIDDEN)
    )
