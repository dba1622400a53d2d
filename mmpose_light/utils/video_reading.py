"""Reading videos, upright: the one way to do it here.

OpenCV reads them, and believes what their headers say, which is true of mp4 and its
like (mov, m4v, 3gp) and of avi. In other containers the number of frames is made of
duration and rate, and the rate of a video whose frames are not evenly apart is any.
"""

import contextlib
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from .errors import UserError

DEFAULT_RATE = 25.0  # of videos that do not tell theirs
ISO_PARTS = b'ftyp', b'moov', b'mdat', b'wide', b'free', b'skip'
FRAGMENTED = b'mvex'  # in the header of an mp4 that does not count its frames
NOTICEABLE = 0.02  # a difference in rate


class VideoInfo(NamedTuple):
    """What a video is.

    Attributes:
        frames (int): How many frames it has.
        rate (float): Frames in a second, on average.
    """

    frames: int
    rate: float


def describe_video(path: str | Path) -> VideoInfo:
    """Count a video's frames, and find their rate.

    Args:
        path (str | Path): The video file, or the number of a camera.

    Returns:
        VideoInfo: As the header tells where it can be believed; else the video is gone
        through. A camera has 0 frames.

    Raises:
        UserError: If not a single frame can be read; the message does not name it.
    """
    with _open(path) as capture:
        if is_camera(path):
            if not capture.isOpened():
                raise UserError('no such camera, or another program uses it')
            return VideoInfo(0, capture.get(cv2.CAP_PROP_FPS) or DEFAULT_RATE)
        frames = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        rate = capture.get(cv2.CAP_PROP_FPS)
        times = []
        while capture.grab():
            times.append(capture.get(cv2.CAP_PROP_POS_MSEC))
            if frames >= 1 and _counts_frames(path):
                break
        else:
            frames = len(times)
            rate = _measure_rate(times, rate)
    if not times:
        raise UserError(
            'not a single frame can be read: it is no video, is damaged, or of a kind '
            'that OpenCV does not know'
        )
    return VideoInfo(int(frames), rate if 0 < rate < np.inf else DEFAULT_RATE)


def is_camera(path: str | Path) -> bool:
    """Return whether an input is a camera: a number, and no file of that name."""
    return str(path).isdigit() and not os.path.exists(path)


def read_frames(path: str | Path) -> Iterator[np.ndarray]:
    """Give the frames of a video, turned upright as its header says.

    Args:
        path (str | Path): The video file, or the number of a camera.

    Yields:
        np.ndarray: A frame, BGR, uint8.
    """
    with _open(path) as capture:
        while True:
            found, frame = capture.read()
            if not found:
                return
            yield frame


def check_count(path: str | Path, count: int, info: VideoInfo) -> None:
    """Complain about a video of which not all frames could be read.

    Args:
        path (str | Path): The video file.
        count (int): How many could be.
        info (VideoInfo): What :func:`describe_video` said before; of a camera, how
            many images were wanted of it, 0 for no end.

    Raises:
        UserError: If the file is cut off, or a camera stopped; the message does not
            name it. Where frames may be hidden, empty or damaged, it is a warning.
    """
    if is_camera(path):
        if not info.frames:  # nobody ended it
            raise UserError(f'the camera gives no more images after {count}')
        return
    if count >= info.frames - 1:  # the header may be off by one
        return
    told = f'only {count} of {info.frames} frames can be read'
    if _is_cut_off(path):
        raise UserError(f'{told}: the file is cut off')
    hidden = 'empty' if _is_avi(path) else 'hidden by its edit list'
    warnings.warn(
        f'{path}: {told}; the others are {hidden}, or damaged',
        RuntimeWarning,
        stacklevel=2,
    )


@contextlib.contextmanager
def _open(path: str | Path) -> Iterator[cv2.VideoCapture]:
    """Open a video whose frames are turned as its header says."""
    # the full path, for a name such as rtsp:clip.mp4 would be an address
    source = int(str(path)) if is_camera(path) else os.path.abspath(path)
    capture = cv2.VideoCapture(source)
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    try:
        yield capture
    finally:
        capture.release()


def _counts_frames(path: str | Path) -> bool:
    """Return whether a container holds the number of its frames."""
    head = _read_head(path)
    if head[4:8] in ISO_PARTS:
        return FRAGMENTED not in head
    return _is_avi(path)


def _is_avi(path: str | Path) -> bool:
    return _read_head(path)[:4] == b'RIFF'


def _read_head(path: str | Path) -> bytes:
    """Read the begin of a file, which tells of its parts."""
    with Path(path).open('rb') as file:
        return file.read(1 << 16)


def _is_cut_off(path: str | Path) -> bool:
    """Return whether an mp4 or avi ends before its parts do."""
    size, start = os.path.getsize(path), 0
    with Path(path).open('rb') as file:
        while start + 8 <= size:
            file.seek(start)
            head = file.read(16)
            if head[:4] == b'RIFF':
                return int.from_bytes(head[4:8], 'little') + 8 > size
            length = int.from_bytes(head[:4], 'big')
            if length == 1:  # it stands behind
                length = int.from_bytes(head[8:16], 'big')
            if length < 8:  # up to the end
                return False
            start += length
    return start > size


def _measure_rate(times: list[float], told: float) -> float:
    """Return the mean rate of frames that come at these times, in milliseconds."""
    if len(times) < 2 or times[-1] <= times[0]:
        return told
    measured = (len(times) - 1) * 1000 / (times[-1] - times[0])
    near = abs(measured / told - 1) < NOTICEABLE if told > 0 else False
    return told if near else measured
