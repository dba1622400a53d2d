"""Reading images, whole and upright, or saying why not: the one way to do it here.

OpenCV decodes what it can, as MMPose's training does, and Pillow the rest: GIF, AVIF,
ICO, PCX … Pillow also says how the camera was held (OpenCV passes that over in WebP),
and whether the file is whole (OpenCV fills what it lacks with gray and says nothing
that a program could hear).
"""

import contextlib
import importlib
import io
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from .errors import MissingFileError, UserError, first_line

#: What is read, by the names of MMPose's ``LoadImage``: its flag for OpenCV.
COLOR_TYPES = {'color': cv2.IMREAD_COLOR, 'grayscale': cv2.IMREAD_GRAYSCALE}
MAX_PIXELS = 1 << 30  # OpenCV's own limit
SURE_PIXELS = 200_000_000  # what cameras have; more have to come in a file
PIXELS_PER_BYTE = 16  # that is no bomb: a JPEG of high compression
ORIENTATION = 0x0112  # EXIF
ONE_IMAGE = 'MPO', 'PSD'  # what else is in them belongs to the first
HEIF_BRANDS = b'heic heix heim heis hevc hevx hevm hevs mif1 msf1'.split()

_PILLOWS_LIMIT = threading.Lock()


class _About(NamedTuple):
    """What Pillow says of a file."""

    format: str | None = None
    orientation: int = 1


def read_image(path: str | Path, color_type: str = 'color') -> np.ndarray:
    """Read an image, all of it.

    Args:
        path (str | Path): The image file. Of an animation, or of several pages, the
            first is taken, with a warning.
        color_type (str): 'color' or 'grayscale'. Defaults to ``'color'``

    Returns:
        np.ndarray: The image, turned upright as its EXIF data say: BGR, uint8, shape
        (H, W, 3), or gray, shape (H, W).

    Raises:
        MissingFileError: If there is no such file.
        UserError: If the file is truncated or no image; the message names it.
    """
    try:
        return decode_image(Path(path).read_bytes(), color_type, name=str(path))
    except FileNotFoundError as error:
        raise MissingFileError(f'image {path} does not exist') from error
    except (OSError, UserError) as error:
        raise UserError(f'image {path} cannot be read: {error}') from error


def decode_image(
    content: bytes, color_type: str = 'color', name: str = 'it', whole: bool = True
) -> np.ndarray:
    """Decode an image, as :func:`read_image` does.

    Args:
        content (bytes): What the file holds.
        color_type (str): 'color' or 'grayscale'. Defaults to ``'color'``
        name (str): Its name, for the warning about an animation. Defaults to ``'it'``
        whole (bool): Whether to make sure that it is whole, which takes about as long
            as to decode it. Defaults to ``True``

    Returns:
        np.ndarray: The image.

    Raises:
        UserError: If it is truncated or no image; the message does not name it.
    """
    about = _look(content, name, whole)
    flags = COLOR_TYPES[color_type]
    if about.format not in (None, 'TIFF'):  # which OpenCV turns upright in any case
        flags |= cv2.IMREAD_IGNORE_ORIENTATION
    with contextlib.suppress(cv2.error, MemoryError):  # nothing in it, too large, …
        found = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
        if found is not None and about.format == 'TIFF':
            return found
        if found is not None:
            return turn_upright(found, about.orientation)
    if about.format is None:
        raise UserError('it is no image that OpenCV or Pillow can read')
    try:
        return _decode_by_pillow(content, color_type)
    except MemoryError as error:
        raise UserError('it is too large for the memory that is left') from error


def turn_upright(image: np.ndarray, orientation: int) -> np.ndarray:
    """Turn an image as EXIF's orientation says.

    Args:
        image (np.ndarray): The image as it is stored.
        orientation (int): 1 to 8; anything else stands for 1.

    Returns:
        np.ndarray: The image as it is to be seen.

    Example:
        >>> turn_upright(np.array([[1, 2], [3, 4]]), 6).tolist()  # by a quarter
        [[3, 1], [4, 2]]
    """
    if orientation not in range(2, 9):
        return image
    if orientation > 4:
        image = image.swapaxes(0, 1)
    mirrored = (orientation - 1) % 4  # 1 left and right, 2 both ways, 3 up and down
    if mirrored in (1, 2):
        image = image[:, ::-1]
    if mirrored in (2, 3):
        image = image[::-1]
    return np.ascontiguousarray(image)


def _look(content: bytes, name: str, whole: bool) -> _About:
    """Let Pillow look at a file."""
    try:
        with _open(content) as image:
            orientation = image.getexif().get(ORIENTATION, 1)
            several = (
                getattr(image, 'is_animated', False) and image.format not in ONE_IMAGE
            )
            if whole:
                image.draft('L', (1, 1))  # a JPEG as small and gray as can be
                image.load()
    except UnidentifiedImageError:
        if _is_heif(content):
            raise UserError(
                'it is a HEIC image, which the package pillow-heif reads: '
                '`pip install pillow-heif`, or convert it to JPEG'
            ) from None
        return _About()  # a format that OpenCV may know
    except UserError:
        raise
    except Exception as error:  # on a broken file Pillow raises whatever it may
        raise UserError(first_line(error) or type(error).__name__) from error
    if several:
        warnings.warn(
            f'{name} holds several images (frames, pages): the first is taken',
            RuntimeWarning,
            stacklevel=4,
        )
    return _About(image.format, orientation)


@contextlib.contextmanager
def _open(content: bytes) -> Iterator[Image.Image]:
    """Open an image in Pillow, of any size that OpenCV reads."""
    if _is_heif(content):
        with contextlib.suppress(ImportError):
            importlib.import_module('pillow_heif').register_heif_opener()
    with _PILLOWS_LIMIT:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            image = Image.open(io.BytesIO(content))
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    with image:
        if image.width * image.height > MAX_PIXELS:
            raise UserError(
                f'it has {image.width}×{image.height} pixels, and {MAX_PIXELS} at the '
                'most can be read: make it smaller'
            )
        if image.width * image.height > max(
            SURE_PIXELS, PIXELS_PER_BYTE * len(content)
        ):
            raise UserError(
                f'it has {image.width}×{image.height} pixels in {len(content)} bytes, '
                'as no photograph does: make it smaller'
            )
        if image.format == 'EPS':  # Pillow would start a program on it
            raise UserError('EPS is a drawing: convert it to PNG')
        yield image


def _is_heif(content: bytes) -> bool:
    """Return whether it is HEIC or one of its family, which Pillow alone lacks."""
    return content[4:8] == b'ftyp' and content[8:12] in HEIF_BRANDS


def _decode_by_pillow(content: bytes, color_type: str) -> np.ndarray:
    """Decode what OpenCV cannot."""
    with _open(content) as image:
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith('I;16'):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ('I', 'F'):
        raise UserError(
            f'its pixels are no colors, but {image.mode}: convert it to PNG'
        )
    if color_type == 'grayscale':
        return np.array(image.convert('L'))
    return np.ascontiguousarray(np.asarray(image.convert('RGB'))[..., ::-1])
