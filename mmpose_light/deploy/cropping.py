"""People cut out of images as MMPose cuts them, by numpy and OpenCV alone.

The same as its transforms ``GetBBoxCenterScale`` and ``TopdownAffine``.
"""

from typing import NamedTuple

import cv2
import numpy as np


def fit_channels(image: np.ndarray, color_type: str) -> np.ndarray:
    """Make an image gray where a model takes gray ones.

    Args:
        image (np.ndarray): The image, BGR or gray, uint8.
        color_type (str): 'color' or 'grayscale'.

    Returns:
        np.ndarray: As it is, or gray, shape (H, W).
    """
    if color_type == 'grayscale' and image.ndim == 3:
        return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return image


class Crop(NamedTuple):
    """A person cut out of an image.

    Attributes:
        pixels (np.ndarray): BGR, uint8, of the size of the model's input.
        center (np.ndarray): The middle of what is seen, x and y in the image.
        scale (np.ndarray): Its width and height in pixels of the image.
    """

    pixels: np.ndarray
    center: np.ndarray
    scale: np.ndarray


def crop_person(
    image: np.ndarray,
    box: np.ndarray,
    input_size: tuple[int, int],
    padding: float = 1.25,
    use_udp: bool = False,
) -> Crop:
    """Cut a person out.

    Args:
        image (np.ndarray): The image, BGR, uint8.
        box (np.ndarray): The person's box: left, top, right, bottom.
        input_size (tuple[int, int]): Width and height of the crop.
        padding (float): How many times the size of the box is seen. Defaults to 1.25
        use_udp (bool): Whether the middles of the outermost pixels, and not their
            edges, are the ends of what is seen. Defaults to ``False``

    Returns:
        Crop: The crop, with the box widened to the shape of the input.

    Example:
        >>> import numpy as np
        >>> image = np.zeros((100, 100, 3), np.uint8)
        >>> crop = crop_person(image, np.array([10, 10, 50, 50]), (48, 64))
        >>> crop.center.tolist(), crop.pixels.shape
        ([30.0, 30.0], (64, 48, 3))
    """
    box = np.asarray(box, np.float32)
    center = (box[:2] + box[2:4]) * 0.5
    width, height = (box[2:4] - box[:2]) * padding
    ratio = np.float32(input_size[0] / input_size[1])
    if width > height * ratio:
        height = width / ratio
    else:
        width = height * ratio
    scale = np.array([width, height], np.float32)
    find_map = _map_pixel_centers if use_udp else _map_edges
    matrix = find_map(center, scale, input_size)
    pixels = cv2.warpAffine(image, matrix, input_size, flags=cv2.INTER_LINEAR)
    return Crop(pixels, center, scale)


def to_image(
    keypoints: np.ndarray,
    center: np.ndarray,
    scale: np.ndarray,
    input_size: tuple[int, int],
) -> np.ndarray:
    """Bring keypoints from a crop back to its image.

    Args:
        keypoints (np.ndarray): In pixels of the crop, shape (K, 2).
        center (np.ndarray): As in :class:`Crop`.
        scale (np.ndarray): Likewise.
        input_size (tuple[int, int]): Width and height of the crop.

    Returns:
        np.ndarray: In pixels of the image.
    """
    return keypoints / input_size * scale + center - 0.5 * scale


def _map_edges(
    center: np.ndarray, scale: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Return the matrix that maps the left edge's middle to that of the crop."""
    left = center - np.array([scale[0] * 0.5, 0], np.float32)
    below = left + np.array([0, center[0] - left[0]], np.float32)
    x, y = size[0] * 0.5, size[1] * 0.5
    crop = np.array([[x, y], [0, y], [0, y + x]], np.float32)
    return cv2.getAffineTransform(np.stack([center, left, below]), crop)


def _map_pixel_centers(
    center: np.ndarray, scale: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Return the matrix of the unbiased transform (https://arxiv.org/abs/1911.07524).

    Number by number, so that numpy 1 and numpy 2 each round as they do in MMPose.
    """
    matrix = np.zeros((2, 3), np.float32)
    for axis in range(2):
        factor = (size[axis] - 1) / scale[axis]
        matrix[axis, axis] = factor
        matrix[axis, 2] = factor * (0.5 * scale[axis] - center[axis])
    return matrix
