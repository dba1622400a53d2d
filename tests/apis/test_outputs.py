"""Results in files: names that they can have, videos of any rate, nothing left torn."""

import resource

import cv2
import numpy as np
import pytest

from mmpose_light.apis.outputs import VideoFile, fit_rate, name_outputs
from mmpose_light.utils.errors import UserError

FRAME = np.zeros((48, 64, 3), np.uint8)


def describe(path):
    capture = cv2.VideoCapture(str(path))
    return capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)


SLOW = 0.001, 0.5, 12.3456, 29.97, 60000 / 1001
FAST = 109.343, 109.34272870854088, 119.88, 239.76, 999.999, 6553.57, 65535.4, 90000


@pytest.mark.parametrize('rate', [*SLOW, *FAST])
def test_any_frame_rate(tmp_path, rate):
    video = VideoFile(tmp_path / 'a.mp4', rate)
    for _ in range(3):
        video.write(FRAME)
    video.close()
    frames, found = describe(tmp_path / 'a.mp4')
    assert frames == 3
    assert found == pytest.approx(fit_rate(rate))
    if 0.01 <= rate <= 65535:
        assert found == pytest.approx(rate, rel=1e-3)


def test_frames_of_another_size(tmp_path):
    video = VideoFile(tmp_path / 'a.mp4', 25)
    for frame in (FRAME, FRAME[:20], FRAME):
        video.write(frame)
    video.close()
    assert describe(tmp_path / 'a.mp4')[0] == 3


@pytest.mark.parametrize(
    ('size', 'reason'), [((1, 1), 'OpenCV'), ((9000, 16), 'dimensions too large')]
)
def test_a_writer_that_fails_says_why(tmp_path, size, reason):
    video = VideoFile(tmp_path / 'a.mp4', 25)
    message = f'no video of {size[0]}×{size[1]} pixels can be written: .*{reason}'
    with pytest.raises(UserError, match=message):
        video.write(np.zeros((*size[::-1], 3), np.uint8))
    video.close()
    assert not list(tmp_path.iterdir())


def test_full_disk(tmp_path):
    rng = np.random.default_rng(0)
    video = VideoFile(tmp_path / 'a.mp4', 25)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        for _ in range(40):
            video.write(rng.integers(0, 256, FRAME.shape, dtype=np.uint8))
        with pytest.raises(UserError, match='of 40 frames .* is the disk full'):
            video.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())


def test_names_that_no_result_can_have(tmp_path):
    fits = 'n' * 250 + '.jpg'
    inputs = ['a.jpg', b'\xff.jpg'.decode(errors='surrogateescape'), fits]
    inputs += ['m' + fits, 'ä' * 125 + '.png', 'é' * 126 + '.png', f'x/{fits}']
    names, unfit = name_outputs(tmp_path, inputs)
    assert list(names) == ['a.jpg', fits, 'ä' * 125 + '.png']
    assert 'not in UTF-8' in unfit[inputs[1]]
    assert all('too long' in unfit[inputs[i]] for i in (3, 5, 6))
    for name in names.values():
        (tmp_path / f'{name}.json').touch()
