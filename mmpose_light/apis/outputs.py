"""Results in files: one name for each input, the same every time, nobody else's file."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ..utils.errors import UserError
from ..utils.files import read_json, whole_file, write_json
from .people import People

INDEX = 'inputs.json'
DRAWN = 'visualizations'
PREDICTIONS = 'predictions'
IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')


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
        UserError: If a file of that name is there which no run of this tool wrote, or
            ``inputs.json`` is something else.
    """
    out_dir = Path(out_dir)
    index = _read_index(out_dir / INDEX)
    known = {source: name for name, source in index.items()}
    taken = {
        path.stem: path
        for folder in (DRAWN, PREDICTIONS)
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
                raise UserError(
                    f'{taken[name]} is there already and is no result listed in '
                    f'{out_dir / INDEX}: choose another output folder'
                )
            index[name], known[source] = source, name
        names[path] = known[source]
    write_json(out_dir / INDEX, index, indent=2)
    return names


def _read_index(path: Path) -> dict[str, str]:
    """Read the input file behind each name of earlier runs."""
    if not path.is_file():
        return {}
    remedy = 'it was not written by this tool; choose another output folder'
    index = read_json(path, remedy)
    if not isinstance(index, dict) or not all(
        isinstance(value, str) for value in index.values()
    ):
        raise UserError(f'{path} is something else: {remedy}')
    return index


def name_image(path: str, name: str) -> str:
    """Name the image that is drawn, with the input's own suffix if it can be.

    Args:
        path (str): The input.
        name (str): The name of its results.

    Returns:
        str: A file name.

    Example:
        >>> name_image('a.png', 'a-2'), name_image('a.gif', 'a')
        ('a-2.png', 'a.jpg')
    """
    suffix = Path(path).suffix.lower()
    return name + (suffix if suffix in IMAGE_SUFFIXES else '.jpg')


def write_image(path: Path, image: np.ndarray) -> None:
    """Write an image, whole or not at all.

    Args:
        path (Path): The file; its suffix tells the format.
        image (np.ndarray): BGR, uint8.

    Raises:
        UserError: If OpenCV cannot write that format.
    """
    done, content = cv2.imencode(path.suffix, image)
    if not done:
        raise UserError(f'OpenCV cannot write {path}')
    with whole_file(path) as part:
        part.write_bytes(content.tobytes())


def describe_people(people: People) -> list[dict]:
    """Return people as MMPose's inferencers write them to json.

    Args:
        people (People): The people of one image.

    Returns:
        list[dict]: Keypoints, their scores, box and its score, of each.
    """
    return [
        dict(
            keypoints=keypoints.tolist(),
            keypoint_scores=scores.tolist(),
            bbox=[box[:4].tolist()],
            bbox_score=float(box[4]),
        )
        for box, keypoints, scores in zip(*people, strict=True)
    ]


class VideoFile:
    """An mp4 video that is written frame by frame.

    Args:
        path (Path): The file.
        rate (float): Frames in a second.
    """

    def __init__(self, path: Path, rate: float) -> None:
        self.path = path
        self.rate = rate
        self._writer: cv2.VideoWriter | None = None

    def write(self, frame: np.ndarray) -> None:
        """Write a frame; the first tells the size."""
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            code, size = cv2.VideoWriter_fourcc(*'mp4v'), frame.shape[1::-1]
            self._writer = cv2.VideoWriter(str(self.path), code, self.rate, size)
        self._writer.write(frame)

    def close(self) -> bool:
        """End the file, and return whether there is one."""
        if self._writer is not None:
            self._writer.release()
        return self.path.is_file()
