"""Results in files: one name for each input, the same every time, nobody else's file."""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Callable, Container, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from ..utils.errors import UserError
from ..utils.files import read_json, real_path, whole_file, write_json
from .people import People

INDEX = 'inputs.json'
DRAWN = 'visualizations'
PREDICTIONS = 'predictions'
ESCAPE = 27  # the key's code
NAME_MAX = 255  # bytes, of most file systems
MAX_TIME_BASE = (1 << 16) - 1
NOT_FINITE = (
    'the network gives values that are not finite (NaN or infinity): its weights or '
    'its input hold such values, or it was trained to no good end'
)
IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')


def name_outputs(
    out_dir: str | Path, inputs: Sequence[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Give each input the name of its results, without suffix.

    It is the input's own name; inputs of the same name get ``-2``, ``-3`` … The names
    stand in ``inputs.json`` in the output folder, so a second run replaces the results
    of the same input, and those alone.

    Args:
        out_dir (str | Path): The output folder.
        inputs (Sequence[str]): The input files.

    Returns:
        tuple[dict[str, str], dict[str, str]]: Name by input, and those inputs whose
        name no result can have: why.

    Raises:
        UserError: If a file of that name is there which no run of this tool wrote,
            ``inputs.json`` is something else, or the folder cannot be written to.
    """
    out_dir = Path(out_dir)
    index = _read_index(out_dir / INDEX)
    known = {source: name for name, source in index.items()}
    taken = {
        path.stem: path
        for folder in (DRAWN, PREDICTIONS)
        for path in (out_dir / folder).glob('*')
    }
    names, unfit = {}, {}
    for path in inputs:
        source = real_path(path)
        name = known.get(source) or _choose_name(Path(path).stem, index)
        problem = _find_problem(name, source)
        if problem:
            unfit[path] = problem
            continue
        if source not in known and name in taken:
            raise UserError(
                f'{taken[name]} is there already and is no result listed in '
                f'{out_dir / INDEX}: choose another output folder'
            )
        index[name], known[source], names[path] = source, name, name
    try:
        write_json(out_dir / INDEX, index, indent=2)
    except OSError as error:
        raise UserError(
            f'nothing can be written to {out_dir} ({error.strerror}): choose another '
            'output folder'
        ) from error
    return names, unfit


def _choose_name(stem: str, taken: Container[str]) -> str:
    """Return a name for results that no other results have."""
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f'{stem}-{number}'
    return name


def _find_problem(name: str, source: str) -> str | None:
    """Say why no results can have a name."""
    try:
        length = len(f'{name}.json'.encode())
        source.encode()
    except UnicodeEncodeError:
        return 'its name is not in UTF-8: rename it'
    if length > NAME_MAX:
        return f'its name is too long for a result ({length} bytes): rename it'
    return None


def list_results(folder: Path) -> set[str]:
    """Return the names of results in one of the folders that runs write to.

    Args:
        folder (Path): Any folder.

    Returns:
        set[str]: Names without suffix; none where it is another folder.
    """
    index = folder.parent / INDEX
    if folder.name not in (DRAWN, PREDICTIONS) or not index.is_file():
        return set()
    try:
        return set(_read_index(index))
    except UserError:
        return set()


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
        list[dict]: Keypoints, their scores, box and its score, of each; ``track_id``,
        too, where people are followed.

    Raises:
        UserError: If a value is not finite.
    """
    boxes, keypoints, scores, numbers = people
    if not all(np.isfinite(values).all() for values in (boxes, keypoints, scores)):
        raise UserError(NOT_FINITE)
    described = [
        dict(
            keypoints=points.tolist(),
            keypoint_scores=heights.tolist(),
            bbox=[box[:4].tolist()],
            bbox_score=float(box[4]),
        )
        for box, points, heights in zip(boxes, keypoints, scores, strict=True)
    ]
    if numbers is not None:
        for person, number in zip(described, numbers.tolist(), strict=True):
            person['track_id'] = number
    return described


def show_image(title: str, image: np.ndarray, wait: int = 1) -> bool:
    """Show an image in a window.

    Args:
        title (str): The window's title; images of the same title replace each other.
        image (np.ndarray): BGR, uint8.
        wait (int): For how many milliseconds; 0 until a key is pressed. Defaults to 1

    Returns:
        bool: Whether ``q`` or Esc was pressed.

    Raises:
        UserError: If there is no display, or OpenCV was built without windows.
    """
    remedy = 'leave --show out, and look at the files that are written'
    if sys.platform == 'linux' and not {'DISPLAY', 'WAYLAND_DISPLAY'} & {*os.environ}:
        raise UserError(f'there is no display to show images on: {remedy}')
    try:
        cv2.imshow(title, image)
        return cv2.waitKey(wait) & 0xFF in (ord('q'), ESCAPE)
    except cv2.error as error:
        raise UserError(f'this OpenCV shows no windows: {remedy}') from error


class VideoFile:
    """An mp4 video that is written frame by frame, and there when it is closed.

    Args:
        path (Path): The file.
        rate (float): Frames in a second; the nearest that the format knows is taken.
    """

    def __init__(self, path: Path, rate: float) -> None:
        self.path = path
        self.rate = fit_rate(rate)
        self.frames = 0
        self._file = contextlib.ExitStack()  # left with an error, there is no file

    def write(self, frame: np.ndarray) -> None:
        """Write a frame; the first tells the size, to which others are brought.

        Args:
            frame (np.ndarray): BGR, uint8.

        Raises:
            UserError: If OpenCV cannot write such a video; the message says why.
        """
        if not self.frames:
            self._open(frame.shape[1::-1])
        if frame.shape[1::-1] != self._size:
            frame = cv2.resize(frame, self._size)
        self._writer.write(frame)
        self.frames += 1

    def _open(self, size: tuple[int, int]) -> None:
        """Begin the file, or say why that cannot be done."""
        self._size = size
        self._part = self._file.enter_context(whole_file(self.path))
        code = cv2.VideoWriter_fourcc(*'mp4v')
        with _hear_errors() as heard:
            self._writer = cv2.VideoWriter(str(self._part), code, self.rate, size)
            reason = heard()
        if not self._writer.isOpened():
            with self._file:
                raise UserError(
                    f'no video of {size[0]}×{size[1]} pixels can be written: {reason}'
                )

    def close(self) -> None:
        """End the file, and put it in its place.

        Raises:
            UserError: If not all of it could be written.
        """
        with self._file:
            if not self.frames:
                return
            self._writer.release()
            written = cv2.VideoCapture(str(self._part)).get(cv2.CAP_PROP_FRAME_COUNT)
            if written != self.frames:
                raise UserError(
                    f'{written:.0f} of {self.frames} frames of the video could be '
                    'written: is the disk full?'
                )


def fit_rate(rate: float) -> float:
    """Return the nearest frame rate that an mp4 of OpenCV's can have.

    The time base of its codec has a denominator below 2^16; OpenCV makes that of the
    rate's decimal digits, three at the most.

    Args:
        rate (float): Frames in a second.

    Returns:
        float: The nearest.

    Example:
        >>> fit_rate(29.97), fit_rate(109.34273), fit_rate(90000)
        (29.97, 109.34, 65535)
    """
    for digits in range(3, -1, -1):
        near = round(rate, digits)
        if near * 10**digits <= MAX_TIME_BASE:
            return max(near, 0.01)
    return MAX_TIME_BASE


@contextlib.contextmanager
def _hear_errors() -> Iterator[Callable[[], str]]:
    """Keep what OpenCV's libraries write to stderr, and return the first reason."""
    with tempfile.TemporaryFile() as file:
        stderr = os.dup(2)
        os.dup2(file.fileno(), 2)

        def heard() -> str:
            file.seek(0)
            lines = file.read().decode(errors='replace').splitlines()
            lines = [re.sub(r'^\[.*?\] *', '', line) for line in lines]
            return next(filter(None, lines), 'OpenCV does not say why')

        try:
            yield heard
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
