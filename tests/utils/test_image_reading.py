"""Reading images: upright, whole, of any format that there is."""

import struct
import warnings
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from mmpose_light.utils import image_reading
from mmpose_light.utils.errors import MissingFileError, UserError
from mmpose_light.utils.image_reading import decode_image, read_image


@pytest.fixture
def pixels():
    rng = np.random.default_rng(0)
    return cv2.resize(rng.integers(0, 256, (4, 6, 3), dtype=np.uint8), (60, 40))


def save(pixels, file, **options):
    Image.fromarray(pixels[..., ::-1]).save(file, **options)
    return file


def assert_alike(found, expected, limit=5):
    assert found.shape == expected.shape and found.dtype == np.uint8
    assert np.abs(found.astype(int) - expected).mean() < limit


@pytest.mark.parametrize(
    'suffix',
    [
        'png',
        'bmp',
        'tiff',
        'ppm',
        'jp2',
        'gif',
        'ico',
        'pcx',
        'tga',
        'sgi',
        'dds',
        'qoi',
        'avif',
    ],
)
def test_formats(pixels, tmp_path, suffix):
    try:
        file = save(pixels, tmp_path / f'a.{suffix}')
    except (ValueError, KeyError):
        pytest.skip(f'this Pillow cannot write {suffix}')
    found = read_image(file)
    if suffix == 'ico':
        found = cv2.resize(found, (60, 40))
    assert_alike(found, pixels, 20 if suffix in ('gif', 'ico') else 5)


@pytest.mark.parametrize('mode', ['L', 'RGBA', 'P', '1', 'LA'])
def test_other_modes(pixels, tmp_path, mode):
    Image.fromarray(pixels[..., ::-1]).convert(mode).save(tmp_path / 'a.png')
    assert read_image(tmp_path / 'a.png').shape == pixels.shape
    assert read_image(tmp_path / 'a.png', 'grayscale').shape == pixels.shape[:2]


@pytest.mark.parametrize('suffix', ['jpg', 'png', 'webp', 'tiff', 'avif', 'mpo'])
@pytest.mark.parametrize('color_type', ['color', 'grayscale'])
def test_upright(pixels, tmp_path, suffix, color_type):
    """The stored image is the upright one, turned back by torch's own rotations."""
    stored = {
        1: pixels,
        2: np.fliplr(pixels),
        3: np.rot90(pixels, 2),
        4: np.flipud(pixels),
        5: pixels.swapaxes(0, 1),
        6: np.rot90(pixels, 1),
        7: np.rot90(pixels, 2).swapaxes(0, 1),
        8: np.rot90(pixels, -1),
    }
    for orientation, image in stored.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        file = tmp_path / f'{orientation}.{suffix}'
        try:
            save(np.ascontiguousarray(image), file, exif=exif, quality=95)
        except (ValueError, KeyError):
            pytest.skip(f'this Pillow cannot write {suffix}')
        expected = pixels
        if color_type == 'grayscale':
            expected = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
        assert_alike(read_image(file, color_type), expected)


def test_gray_is_what_training_reads(pixels, tmp_path):
    import mmcv

    for suffix in ('jpg', 'png'):
        file = save(pixels, tmp_path / f'a.{suffix}')
        expected = mmcv.imread(str(file), 'grayscale')
        np.testing.assert_array_equal(read_image(file, 'grayscale'), expected)


@pytest.mark.parametrize('suffix', ['gif', 'png', 'webp', 'tiff'])
def test_first_of_an_animation(pixels, tmp_path, suffix):
    file = tmp_path / f'a.{suffix}'
    later = Image.fromarray(255 - pixels[..., ::-1])
    save(pixels, file, save_all=True, append_images=[later])
    with pytest.warns(RuntimeWarning, match=f'a.{suffix} holds several images'):
        found = read_image(file)
    assert_alike(found, pixels, 20)


def test_larger_than_pillows_limit(pixels, tmp_path, monkeypatch):
    file = save(pixels, tmp_path / 'a.webp', lossless=True)
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 100)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        np.testing.assert_array_equal(read_image(file), pixels)
    assert Image.MAX_IMAGE_PIXELS == 100


def test_larger_than_opencvs_limit(tmp_path):
    head = struct.pack('>IIBBBBB', 10**6, 10**6, 8, 2, 0, 0, 0)
    chunks = [(b'IHDR', head), (b'IDAT', zlib.compress(bytes(100))), (b'IEND', b'')]
    content = b'\x89PNG\r\n\x1a\n' + b''.join(
        struct.pack('>I', len(data))
        + kind
        + data
        + struct.pack('>I', zlib.crc32(kind + data))
        for kind, data in chunks
    )
    with pytest.raises(UserError, match='1000000×1000000 pixels'):
        decode_image(content)


def test_heic_names_the_package(tmp_path):
    content = b'\0\0\0\x18ftypheic\0\0\0\0mif1heic' + bytes(100)
    (tmp_path / 'a.heic').write_bytes(content)
    with pytest.raises(UserError, match='a.heic cannot be read: .*pillow-heif'):
        read_image(tmp_path / 'a.heic')


def test_what_is_no_image(pixels, tmp_path):
    file = tmp_path / 'a.jpg'
    with pytest.raises(MissingFileError, match='a.jpg does not exist'):
        read_image(file)
    for content in (b'', b'text', b'%!PS-Adobe-3.0 EPSF-3.0'):
        file.write_bytes(content)
        with pytest.raises(UserError, match='image .*a.jpg cannot be read: '):
            read_image(file)
    for suffix in ('.jpg', '.png', '.webp', '.bmp'):
        content = cv2.imencode(suffix, cv2.resize(pixels, (300, 300)))[1].tobytes()
        with pytest.raises(UserError):
            decode_image(content[: len(content) // 2])


@pytest.mark.parametrize('suffix', ['png', 'gif', 'tiff', 'webp', 'jp2'])
def test_bombs(tmp_path, monkeypatch, suffix):
    """Many pixels have to come in a file that is not tiny."""
    try:
        file = save(np.zeros((400, 500, 3), np.uint8), tmp_path / f'a.{suffix}')
    except (ValueError, KeyError):
        pytest.skip(f'this Pillow cannot write {suffix}')
    if suffix == 'tiff':
        Image.new('1', (500, 400)).save(file, compression='group4')
    monkeypatch.setattr(image_reading, 'SURE_PIXELS', 1000)
    with pytest.raises(UserError, match=r'a\..* has 500×400 pixels in \d+ bytes'):
        read_image(file)
    monkeypatch.setattr(image_reading, 'PIXELS_PER_BYTE', 200_000)
    assert read_image(file).shape == (400, 500, 3)


def test_no_memory_left(pixels, tmp_path, monkeypatch):
    def lack(*_):
        raise MemoryError

    file = save(pixels, tmp_path / 'a.png')
    monkeypatch.setattr(image_reading, 'turn_upright', lack)
    monkeypatch.setattr(image_reading, '_decode_by_pillow', lack)
    with pytest.raises(UserError, match='too large for the memory that is left'):
        read_image(file)
