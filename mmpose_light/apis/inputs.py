"""What inputs stand for: images and videos."""

import glob
import mimetypes
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from ..utils.errors import MissingFileError, UserError

DEFAULT_FPS = 25  # for videos that do not tell theirs
WEIGHTS_SUFFIXES = ('.pth', '.pt', '.ckpt')

# Python 3.10 and 3.11 do not know these.
mimetypes.add_type('image/webp', '.webp')
mimetypes.add_type('video/x-matroska', '.mkv')


def find_inputs(
    inputs: str | Path | Sequence[str | Path],
) -> tuple[list[str], list[str]]:
    """Find the images and videos that the inputs stand for.

    Args:
        inputs (str | Path | Sequence): Files, folders (their images are taken, not
            those of the folders inside), glob patterns.

    Returns:
        tuple[list[str], list[str]]: Images and videos, each once.

    Raises:
        MissingFileError: If nothing is found.
        UserError: If a file is neither image nor video, or a folder holds no image.
    """
    if isinstance(inputs, str | Path):
        inputs = [inputs]
    files: dict[str, str] = {}
    for item in map(str, inputs):
        for file in _expand(item):
            files.setdefault(os.path.realpath(file), file)
    if not files:
        raise UserError('no inputs: give an image, a folder, a pattern or a video')
    images = [file for file in files.values() if _kind(file) == 'image']
    return images, [file for file in files.values() if _kind(file) == 'video']


def refuse_weights(inputs: str | Path | Sequence[str | Path]) -> None:
    """Complain about weights among the inputs, where they stood before version 0.2.

    Args:
        inputs (str | Path | Sequence): Files, folders, glob patterns.

    Raises:
        UserError: If one is a file of weights, by its suffix.
    """
    for item in [inputs] if isinstance(inputs, str | Path) else inputs:
        if Path(item).suffix.lower() in WEIGHTS_SUFFIXES:
            raise UserError(
                f'{item} is a file of weights and no input: give it with --weights '
                f'{item}'
            )


def _expand(item: str) -> list[str]:
    """List the files that one input stands for."""
    path = Path(item)
    if path.is_dir():
        found = [str(p) for p in sorted(path.iterdir()) if _kind(p) == 'image']
        if not found:
            raise UserError(f'folder {item} holds no images')
        return found
    if path.is_file():
        if _kind(path) is None:
            raise UserError(
                f'input {item} is neither an image nor a video, by its suffix'
            )
        return [item]
    found = sorted(p for p in glob.glob(item, recursive=True) if _kind(p))
    if not found:
        raise MissingFileError(f'input {item} does not exist')
    return found


def _kind(path: str | Path) -> str | None:
    """Return 'image', 'video', or None for anything else, by the suffix."""
    if Path(path).is_dir():
        return None
    kind = (mimetypes.guess_type(str(path))[0] or '').split('/')[0]
    return kind if kind in ('image', 'video') else None


def count_frames(video: str) -> int:
    """Count the frames of a video, as its header tells.

    Args:
        video (str): The video file.

    Returns:
        int: The number of frames; 0 where not even the first can be read.
    """
    capture = cv2.VideoCapture(video)
    try:
        readable = capture.isOpened() and capture.read()[0]
        return max(1, int(capture.get(cv2.CAP_PROP_FRAME_COUNT))) if readable else 0
    finally:
        capture.release()


def read_frame_rate(video: str) -> float:
    """Return the frames in a second of a video, as its header tells."""
    capture = cv2.VideoCapture(video)
    try:
        rate = capture.get(cv2.CAP_PROP_FPS)
        return rate if rate > 0 else DEFAULT_FPS
    finally:
        capture.release()


def read_frames(video: str) -> Iterator[np.ndarray]:
    """Give the frames of a video, BGR, uint8, as far as they can be read."""
    capture = cv2.VideoCapture(video)
    try:
        while True:
            found, frame = capture.read()
            if not found:
                return
            yield frame
    finally:
        capture.release()
