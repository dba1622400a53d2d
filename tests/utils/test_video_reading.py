"""Reading videos: upright, with the frames and the rate that they have."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmpose_light.utils.errors import UserError
from mmpose_light.utils.video_reading import check_count, describe_video, read_frames

WIDTH, HEIGHT = 96, 64
ONE = 1 << 16


def frame(seed):
    rng = np.random.default_rng(seed)
    return cv2.resize(rng.integers(0, 256, (4, 6, 3), dtype=np.uint8), (WIDTH, HEIGHT))


def write(path, count=10, rate=25.0, code='mp4v'):
    code = cv2.VideoWriter_fourcc(*code)
    writer = cv2.VideoWriter(str(path), code, rate, (WIDTH, HEIGHT))
    if not writer.isOpened():
        pytest.skip(f'this OpenCV cannot write {path.suffix}')
    for seed in range(count):
        writer.write(frame(seed))
    writer.release()
    return path


def find(content: bytes, name: bytes, skip: int) -> int:
    return content.index(name) + skip


@pytest.mark.parametrize('degrees', [0, 90, 180, 270])
def test_upright(tmp_path, degrees):
    """As phones write it: the matrix in the header says how to turn the frames."""
    path = write(tmp_path / 'a.mp4')
    stored = list(read_frames(path))
    content = bytearray(path.read_bytes())
    cos, sin = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    at = find(content, b'tkhd', 44)
    matrix = [cos * ONE, sin * ONE, 0, -sin * ONE, cos * ONE, 0, 0, 0, 1 << 30]
    content[at : at + 36] = struct.pack('>9i', *matrix)
    path.write_bytes(content)
    found = list(read_frames(path))
    assert len(found) == len(stored) == 10
    for one, other in zip(found, stored, strict=True):
        np.testing.assert_array_equal(one, np.rot90(other, -degrees // 90))


@pytest.mark.parametrize(
    ('suffix', 'code'),
    [
        ('mp4', 'mp4v'),
        ('3gp', 'mp4v'),
        ('avi', 'MJPG'),
        ('mkv', 'mp4v'),
        ('webm', 'VP80'),
        ('ts', 'mp4v'),
        ('mts', 'MPG2'),
        ('mpg', 'MPG1'),
    ],
)
def test_containers(tmp_path, suffix, code):
    path = write(tmp_path / f'a.{suffix}', 50, code=code)
    assert describe_video(path) == (50, 25)
    assert len(list(read_frames(path))) == 50


def test_rate_of_frames_that_are_not_evenly_apart(tmp_path):
    """A header that tells the time of each frame, and a rate that is none."""
    path = write(tmp_path / 'a.mkv', 40)
    content = bytearray(path.read_bytes())
    assert content.count(b'\x23\xe3\x83\x84') == 1  # DefaultDuration, in nanoseconds
    at = find(content, b'\x23\xe3\x83\x84', 4)
    content[at : at + 4] = struct.pack('>I', 1_000_000)
    path.write_bytes(content)
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FPS) > 500
    frames, rate = describe_video(path)
    assert frames == 40
    assert rate == pytest.approx(25, rel=0.01)


def test_cut_off(tmp_path):
    """An avi of which half was copied gives its frames, and then says so."""
    path = write(tmp_path / 'a.avi', code='MJPG')
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    info = describe_video(path)
    count = len(list(read_frames(path)))
    assert info.frames == 10
    assert 1 < count < 9
    with pytest.raises(UserError, match=rf'only {count} of 10 frames .* cut off'):
        check_count(path, count, info)


def test_damaged_frames(tmp_path):
    """An avi whose middle was overwritten gives the others, and then says so."""
    path = write(tmp_path / 'a.avi', code='MJPG')
    content = bytearray(path.read_bytes())
    start, end = content.index(b'movi'), content.index(b'idx1')
    low, high = start + (end - start) * 4 // 10, start + (end - start) * 7 // 10
    content[low:high] = bytes(high - low)
    path.write_bytes(content)
    info, count = describe_video(path), len(list(read_frames(path)))
    assert info.frames == 10 and 4 < count < 9
    with pytest.warns(RuntimeWarning, match=f'only {count} of 10 .* damaged'):
        check_count(path, count, info)


def test_frames_that_an_edit_list_hides(tmp_path):
    path = write(tmp_path / 'a.mp4')
    content = bytearray(path.read_bytes())
    at = find(content, b'elst', 12)
    duration, start, rate = struct.unpack('>IiI', content[at : at + 12])
    content[at : at + 12] = struct.pack('>IiI', duration // 2, start, rate)
    path.write_bytes(content)
    count = len(list(read_frames(path)))
    assert 4 <= count <= 6
    with pytest.warns(RuntimeWarning, match=f'a.mp4: only {count} of 10 frames'):
        check_count(path, count, describe_video(path))


@pytest.mark.parametrize('content', [b'', b'no video', 'header'])
def test_not_a_single_frame(tmp_path, content):
    path = tmp_path / 'a.mp4'
    if content == 'header':
        content = write(path).read_bytes()
        content = content.replace(b'mdat', b'free')[:200]
    path.write_bytes(content)
    with pytest.raises(UserError, match='not a single frame'):
        describe_video(path)


def test_names_that_could_be_addresses(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / 'a.mp4').rename('rtsp:%d.mp4')
    assert describe_video('rtsp:%d.mp4').frames == 10
    assert len(list(read_frames(Path('rtsp:%d.mp4')))) == 10
