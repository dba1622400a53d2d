"""LoadImage: MMPose's own where that is right, upright everywhere."""

import cv2
import numpy as np
import pytest
from mmpose.datasets.transforms import LoadImage as HostLoadImage
from mmpose.registry import TRANSFORMS
from PIL import Image

from mmpose_light.datasets import LoadImage
from mmpose_light.utils.errors import UserError


@pytest.fixture
def pixels():
    rng = np.random.default_rng(0)
    return cv2.resize(rng.integers(0, 256, (4, 6, 3), dtype=np.uint8), (60, 40))


def test_takes_the_place_of_the_hosts():
    assert TRANSFORMS.get('LoadImage') is LoadImage


@pytest.mark.parametrize('suffix', ['jpg', 'png'])
@pytest.mark.parametrize(
    'options',
    [
        dict(),
        dict(to_float32=True),
        dict(color_type='grayscale'),
        dict(color_type='unchanged'),
        dict(imdecode_backend='pillow'),
    ],
)
def test_loads_what_the_host_loads(pixels, tmp_path, suffix, options):
    path = str(tmp_path / f'a.{suffix}')
    cv2.imwrite(path, pixels)
    expected = HostLoadImage(**options)(dict(img_path=path))
    found = LoadImage(**options)(dict(img_path=path))
    assert found.keys() == expected.keys()
    assert found['img'].dtype == expected['img'].dtype
    np.testing.assert_array_equal(found['img'], expected['img'])
    assert found['ori_shape'] == expected['ori_shape'] == (40, 60)


def test_upright(pixels, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 8
    file = tmp_path / 'a.webp'
    stored = Image.fromarray(np.rot90(pixels[..., ::-1], -1))
    stored.save(file, lossless=True, exif=exif)
    found = LoadImage()(dict(img_path=str(file)))
    np.testing.assert_array_equal(found['img'], pixels)
    assert found['img_shape'] == (40, 60)


def test_no_image_is_named(tmp_path):
    (tmp_path / 'a.jpg').write_text('no image')
    with pytest.raises(UserError, match='a.jpg cannot be read'):
        LoadImage()(dict(img_path=str(tmp_path / 'a.jpg')))
    ignored = LoadImage(ignore_empty=True)(dict(img_path=str(tmp_path / 'no.jpg')))
    assert ignored is None
