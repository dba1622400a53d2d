"""What surrounds the synthetic people: backgrounds, occluders, the camera's flaws."""

import cv2
import numpy as np


def sample_color(rng: np.random.Generator) -> np.ndarray:
    """Sample a BGR color that is rarely vivid, as most things are."""
    hsv = np.uint8([[[rng.integers(180), 255 * rng.beta(1, 4), rng.uniform(20, 250)]]])
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0, 0].astype(np.float32)


def draw_background(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Draw a wall or sky over a floor, with texture and boards in front of it.

    Args:
        rng (np.random.Generator): Source of chance.
        size (tuple[int, int]): Width and height in pixels.

    Returns:
        np.ndarray: BGR, uint8, shape (height, width, 3).
    """
    width, height = size
    image = np.empty((height, width, 3), np.float32)
    horizon = int(height * rng.uniform(0.3, 0.9))
    for part in (image[:horizon], image[horizon:]):
        first = sample_color(rng)
        place = np.linspace(0, 1, len(part))[:, None, None]
        part[:] = first + place * rng.normal(0, 25, 3)
    grain = rng.choice([4, 16, 40])
    noise = rng.normal(0, 8, (height // grain + 2, width // grain + 2))
    image += cv2.resize(noise.astype(np.float32), size)[..., None]
    for _ in range(rng.integers(0, 6)):
        cv2.fillConvexPoly(image, _sample_board(rng, size), sample_color(rng).tolist())
    if rng.random() < 0.4:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 3))
    return np.clip(image, 0, 255).astype(np.uint8)


def draw_occluder(
    rng: np.random.Generator, image: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a board or a post in front of everybody.

    Args:
        rng (np.random.Generator): Source of chance.
        image (np.ndarray): BGR, uint8, shape (h, w, 3).

    Returns:
        tuple: The new image, and where the thing is, bool, shape (h, w).
    """
    image = image.copy()
    height, width = image.shape[:2]
    outline = _sample_board(rng, (width, height))
    mask = cv2.fillConvexPoly(np.zeros((height, width), np.uint8), outline, 1)
    cv2.fillConvexPoly(image, outline, sample_color(rng).tolist())
    return image, mask > 0


def add_camera_flaws(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Blur, tint and add noise as a camera does.

    Args:
        rng (np.random.Generator): Source of chance.
        image (np.ndarray): BGR, uint8, shape (h, w, 3).

    Returns:
        np.ndarray: What the camera took, uint8, the same shape.
    """
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 0.8))
    contrast = rng.uniform(0.8, 1.15) * rng.uniform(0.93, 1.07, 3)
    levels = (np.arange(256)[:, None] - 128) * contrast + 128 + rng.uniform(-20, 20)
    image = cv2.LUT(image, levels.clip(0, 255).astype(np.uint8)[None])
    noise = rng.standard_normal(image.shape[:2], np.float32) * rng.uniform(1, 6)
    return cv2.add(image, cv2.merge([noise] * 3), dtype=cv2.CV_8U)


def _sample_board(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Sample the corners of a board, or of a post as high as the image."""
    sides = rng.uniform(0.06, 0.4, 2) * size
    if rng.random() < 0.3:
        sides = rng.uniform(0.02, 0.08) * size[0], 2 * size[1]
    middle = rng.uniform(0, 1, 2) * size
    corners = cv2.boxPoints((middle.tolist(), [*sides], rng.normal(0, 10)))
    return np.round(corners).astype(np.int32)
