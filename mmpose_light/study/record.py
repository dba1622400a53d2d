"""The JSON file of a run: settings, curves, results, speed, memory.

It is written all at once, so that an interruption leaves the old file or the new.
"""

import json
import math
import os
from pathlib import Path
from typing import Any

FORMAT = 1
#: What a file must have; the types are those of JSON.
FIELDS = {
    'format': int,
    'network': str,
    'title': str,
    'order': int,
    'status': str,
    'settings': dict,
    'hardware': str,
    'versions': dict,
    'parameters': int,
    'macs': int,
    'epochs': int,
    'iterations': int,
    'seconds': (int, float),
    'timed_iterations': int,
    'timed_seconds': (int, float),
    'losses': list,
    'evaluations': list,
}
FINISHED = 'finished'


def read_record(path: str | Path) -> dict[str, Any]:
    """Read the file of a run.

    Args:
        path (str | Path): The file.

    Returns:
        dict[str, Any]: What the run wrote; :data:`FIELDS` names what is always there.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not the whole file of a run.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path} does not exist: give the JSON file of a run')
    try:
        record = json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        problem = f'it is no JSON ({error})'
    else:
        problem = _find_problem(record)
    if problem:
        raise ValueError(
            f'{path} was not written by a run of the study: {problem}. Restore it, or '
            'move it away to start that run anew'
        )
    return record


def _find_problem(record: Any) -> str | None:
    """Say what a record lacks."""
    if not isinstance(record, dict):
        return f'it holds a {type(record).__name__}'
    for key, kind in FIELDS.items():
        if not isinstance(record.get(key), kind):
            return f'{key!r} is missing or of a wrong type'
    if record['format'] != FORMAT:
        return f"its format is {record['format']}, this version's is {FORMAT}"
    points = [*record['losses'], *record['evaluations']]
    if not all(
        isinstance(p, dict) and isinstance(p.get('iteration'), int) for p in points
    ):
        return 'a point of its curves has no iteration'
    return None


def write_record(path: str | Path, record: dict[str, Any]) -> None:
    """Write the file of a run, all at once. What is not finite becomes ``null``.

    Args:
        path (str | Path): The file; its folder is made if missing.
        record (dict[str, Any]): What to write.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f'{path.name}.part')
    part.write_text(json.dumps(_finite(record), indent=1) + '\n', encoding='utf-8')
    os.replace(part, path)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return float(f'{value:.6g}') if math.isfinite(value) else None
    return value


def images_per_second(record: dict[str, Any]) -> float | None:
    """Return how many images a run trained on in a second, evaluations left out.

    Args:
        record (dict[str, Any]): The run.

    Returns:
        float | None: Images per second; ``None`` if nothing was timed yet.
    """
    if not record['timed_seconds']:
        return None
    images = record['timed_iterations'] * record['settings']['batch_size']
    return images / record['timed_seconds']
