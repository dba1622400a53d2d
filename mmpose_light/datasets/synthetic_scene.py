"""What surrounds the synthetic people: backgrounds, occluders, the camera's flaws."""

import cv2
import numpy as np

from .synthetic_render import Sprite


def sample_color(rng: np.random.Generator) -> np.ndarray:
    """A BGR color that is rarely vivid, as most of what is in photographs."""
    hsv = np.uint8([[[rng.integers(180), 255 * rng.beta(1, 4), rng.uniform(20, 250)]]])
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0, 0].astype(np.float32)


def draw_background(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Draw a wall or sky over a floor, with texture and things in front of it.

    Args:
        rng (np.random.Generator): Source of chance.
        size (tuple[int, int]): Width and height in pixels.

    Returns:
        np.ndarray: BGR values from 0 to 255, float32, shape (height, width, 3).
    """
    width, height = size
    image = np.empty((height, width, 3), np.float32)
    horizon = int(height * rng.uniform(0.3, 0.9)) if rng.random() < 0.7 else height
    image[:horizon] = _gradient(rng, horizon)
    image[horizon:] = _gradient(rng, height - horizon)
    image[:horizon] += _texture(rng, (width, horizon))
    if horizon < height:
        image[horizon:] += _texture(rng, (width, height - horizon))
    for _ in range(rng.integers(0, 9)):
        _draw_thing(rng, image)
    if rng.random() < 0.4:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 3))
    return np.clip(image, 0, 255)


def draw_occluder(rng: np.random.Generator, size: tuple[int, int]) -> Sprite:
    """Draw something that stands in front: a post, a board, a table, a bush, a ball.

    Args:
        rng (np.random.Generator): Source of chance.
        size (tuple[int, int]): Width and height of the picture in pixels.

    Returns:
        Sprite: The thing, as large as the picture; its depth is 0.
    """
    width, height = size
    mask = np.zeros((height, width), np.uint8)
    x, y = rng.uniform(0.05, 0.95) * width, rng.uniform(0.3, 0.95) * height
    kind = rng.choice(['post', 'board', 'table', 'bush', 'ball'])
    if kind == 'post':
        _fill_box(
            mask,
            (x, height / 2),
            (rng.uniform(0.02, 0.07) * width, 1.2 * height),
            rng.normal(0, 4),
            255,
        )
    elif kind == 'board':
        _fill_box(
            mask, (x, y), rng.uniform(0.06, 0.3, 2) * size, rng.normal(0, 20), 255
        )
    elif kind == 'table':
        _fill_box(
            mask,
            (x, height),
            (rng.uniform(0.2, 0.7) * width, rng.uniform(0.15, 0.5) * height),
            0,
            255,
        )
    elif kind == 'bush':
        for _ in range(12):
            spot = np.array([x, y]) + rng.normal(0, 0.05, 2) * height
            radius = rng.uniform(0.02, 0.06) * height
            cv2.circle(mask, tuple(map(int, spot)), int(radius), 255, -1)
    else:
        cv2.circle(
            mask, (int(x), int(y)), int(rng.uniform(0.03, 0.1) * height), 255, -1
        )
    left, top, width, height = cv2.boundingRect(mask)
    mask = mask[top : top + height, left : left + width] > 0
    color = sample_color(rng) + _texture(rng, (width, height))
    depth = np.where(mask, 0, -np.inf).astype(np.float32)
    return Sprite(left, top, np.clip(color, 0, 255), mask, depth)


def take_photo(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Blur, tint and add noise as a camera does.

    Args:
        rng (np.random.Generator): Source of chance.
        image (np.ndarray): BGR values from 0 to 255, float32, shape (h, w, 3).

    Returns:
        np.ndarray: The photograph, uint8, the same shape.
    """
    image = cv2.GaussianBlur(image.astype(np.uint8), (0, 0), rng.uniform(0.5, 1.0))
    contrast, brightness = rng.uniform(0.8, 1.15), rng.uniform(-20, 20)
    tint = contrast * rng.uniform(0.93, 1.07, 3).astype(np.float32)
    noise = rng.standard_normal((*image.shape[:2], 1), np.float32) * rng.uniform(1, 6)
    image = (image - np.float32(128)) * tint + noise + np.float32(128 + brightness)
    return np.clip(image, 0, 255).astype(np.uint8)


def _gradient(rng: np.random.Generator, rows: int) -> np.ndarray:
    """From one color to a related one, shape (rows, 1, 3)."""
    first = sample_color(rng)
    last = first + rng.normal(0, 25, 3)
    place = np.linspace(0, 1, max(rows, 1))[:rows, None, None]
    return first * (1 - place) + last * place


def _texture(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Noise of several grain sizes, shape (height, width, 1)."""
    width, height = size
    total = np.zeros((height, width), np.float32)
    for grain in rng.choice([3, 8, 20, 50], 2, replace=False):
        shape = (height // grain + 2, width // grain + 2)
        noise = rng.standard_normal(shape, np.float32) * rng.uniform(0, 10)
        total += cv2.resize(noise, size, interpolation=cv2.INTER_LINEAR)
    return total[..., None]


def _draw_thing(rng: np.random.Generator, image: np.ndarray) -> None:
    """A box, disc, pole, fence, blob or a limb-like stroke of some color."""
    height, width = image.shape[:2]
    color = sample_color(rng).tolist()
    x, y = rng.uniform(0, 1, 2) * (width, height)
    kind = rng.choice(['box', 'disc', 'pole', 'fence', 'strokes'])
    if kind == 'box':
        _fill_box(
            image,
            (x, y),
            rng.uniform(0.05, 0.5, 2) * (width, height),
            rng.normal(0, 10),
            color,
        )
    elif kind == 'disc':
        axes = rng.uniform(0.02, 0.15, 2) * height
        cv2.ellipse(
            image,
            (int(x), int(y)),
            tuple(map(int, axes)),
            rng.uniform(0, 180),
            0,
            360,
            color,
            -1,
        )
    elif kind == 'pole':
        _fill_box(
            image,
            (x, height / 2),
            (rng.uniform(0.01, 0.08) * width, 1.2 * height),
            rng.normal(0, 5),
            color,
        )
    elif kind == 'fence':
        for place in range(0, width, int(rng.uniform(8, 40))):
            cv2.line(
                image, (place, int(y)), (place, height), color, int(rng.integers(1, 6))
            )
    else:
        for _ in range(rng.integers(2, 6)):
            ends = (np.array([x, y]) + rng.normal(0, 0.12, (2, 2)) * height).astype(int)
            cv2.line(
                image,
                ends[0].tolist(),
                ends[1].tolist(),
                color,
                int(rng.integers(3, 15)),
            )


def _fill_box(
    image: np.ndarray,
    middle: tuple[float, float],
    sides: tuple[float, float],
    degrees: float,
    color: float | list[float],
) -> None:
    """Fill a turned rectangle."""
    corners = cv2.boxPoints(
        (tuple(map(float, middle)), tuple(map(float, sides)), degrees)
    )
    cv2.fillConvexPoly(image, np.round(corners).astype(np.int32), color)
