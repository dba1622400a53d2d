"""Reading images, whole and upright, or saying why not."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..utils.errors import UserError


def read_image(path: str | Path) -> np.ndarray:
    """Read an image, all of it.

    OpenCV fills what a truncated file lacks with gray and says nothing that a program
    could hear, so Pillow looks first.

    Args:
        path (str | Path): The image file.

    Returns:
        np.ndarray: The image, BGR, uint8, turned upright as its EXIF data say.

    Raises:
        UserError: If the file is missing, truncated or no image.
    """
    upright = None
    try:
        with Image.open(path) as image:
            image.load()
            if image.format not in ('JPEG', 'PNG', 'BMP', 'WEBP', 'TIFF'):
                upright = ImageOps.exif_transpose(image).convert('RGB')
    except UnidentifiedImageError:
        pass  # a format that OpenCV may know
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError(str(error)) from error
    content = np.fromfile(path, np.uint8)
    found = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if found is None and upright is not None:
        found = np.ascontiguousarray(np.asarray(upright)[..., ::-1])
    if found is None:
        raise UserError('it is no image that OpenCV or Pillow can read')
    return found
