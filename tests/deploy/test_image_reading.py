"""Reading images: upright, whole, of any format that there is."""

import cv2
import numpy as np
import pytest
from PIL import Image

from mmpose_light.deploy.image_reading import read_image
from mmpose_light.utils.errors import UserError


@pytest.fixture
def pixels():
    rng = np.random.default_rng(0)
    return cv2.resize(rng.integers(0, 256, (4, 6, 3), dtype=np.uint8), (60, 40))


@pytest.mark.parametrize('suffix', ['png', 'bmp', 'tiff', 'ppm', 'gif'])
def test_formats(pixels, tmp_path, suffix):
    file = tmp_path / f'a.{suffix}'
    Image.fromarray(pixels[..., ::-1]).save(file)
    found = read_image(file)
    assert found.shape == pixels.shape and found.dtype == np.uint8
    limit = 60 if suffix == 'gif' else 0  # of few colors
    assert np.abs(found.astype(int) - pixels).max() <= limit


@pytest.mark.parametrize('mode', ['L', 'RGBA', 'P'])
def test_other_modes(pixels, tmp_path, mode):
    Image.fromarray(pixels[..., ::-1]).convert(mode).save(tmp_path / 'a.png')
    assert read_image(tmp_path / 'a.png').shape == pixels.shape


def test_upright(pixels, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.fromarray(pixels[..., ::-1]).save(tmp_path / 'a.jpg', exif=exif, quality=100)
    turned = cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE)
    difference = np.abs(read_image(tmp_path / 'a.jpg').astype(int) - turned)
    assert difference.mean() < 5


def test_what_is_no_image(pixels, tmp_path):
    file = tmp_path / 'a.jpg'
    with pytest.raises(UserError, match='No such file'):
        read_image(file)
    for content in (b'', b'text'):
        file.write_bytes(content)
        with pytest.raises(UserError, match='no image that OpenCV or Pillow can read'):
            read_image(file)
    content = cv2.imencode('.jpg', cv2.resize(pixels, (300, 300)))[1].tobytes()
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match='truncated'):
        read_image(file)
