"""Names for results: one for each input, the same every time, nobody else's file."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

INDEX = 'inputs.json'
PICTURES = 'visualizations'
PREDICTIONS = 'predictions'
PICTURE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')


def name_outputs(out_dir: str | Path, inputs: Sequence[str]) -> dict[str, str]:
    """Give each input the name of its results, without suffix.

    It is the input's own name; inputs of the same name get ``-2``, ``-3`` … The names
    stand in ``inputs.json`` in the output folder, so a second run replaces the results
    of the same input, and those alone.

    Args:
        out_dir (str | Path): The output folder.
        inputs (Sequence[str]): The input files.

    Returns:
        dict[str, str]: Name by input.

    Raises:
        ValueError: If a file of that name is there which no run of this tool wrote, or
            ``inputs.json`` is something else.
    """
    out_dir = Path(out_dir)
    index = _read_index(out_dir / INDEX)
    known = {source: name for name, source in index.items()}
    taken = {
        path.stem: path
        for folder in (PICTURES, PREDICTIONS)
        for path in (out_dir / folder).glob('*')
    }
    names = {}
    for path in inputs:
        source = str(Path(path).resolve())
        if source not in known:
            name, number = Path(path).stem, 1
            while name in index:
                number += 1
                name = f'{Path(path).stem}-{number}'
            if name in taken:
                raise ValueError(
                    f'{taken[name]} is there already and is no result listed in '
                    f'{out_dir / INDEX}: choose another output folder'
                )
            index[name], known[source] = source, name
        names[path] = known[source]
    out_dir.mkdir(parents=True, exist_ok=True)
    part = out_dir / f'{INDEX}.part'
    part.write_text(json.dumps(index, indent=2, ensure_ascii=False), encoding='utf-8')
    os.replace(part, out_dir / INDEX)
    return names


def _read_index(path: Path) -> dict[str, str]:
    """Read the input file behind each name of earlier runs."""
    if not path.is_file():
        return {}
    try:
        index = json.loads(path.read_text(encoding='utf-8'))
    except ValueError:
        index = None
    if not isinstance(index, dict) or not all(
        isinstance(value, str) for value in index.values()
    ):
        raise ValueError(
            f'{path} was not written by this tool: choose another output folder'
        )
    return index
