"""What surrounds the synthetic people: backgrounds, occluders, the camera's flaws."""

import cv2
import numpy as np

from .synthetic_render import Sprite

OCCLUDERS = ('post', 'board', 'table', 'disc', 'bush')


def sample_color(rng: np.random.Generator) -> np.ndarray:
    """Sample a BGR color that is rarely vivid, as most of what is in photographs."""
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
        color = sample_color(rng).tolist()
        for outline in _sample_thing(rng, size, (*OCCLUDERS, 'fence', 'limbs')):
            cv2.fillConvexPoly(image, outline, color)
    if rng.random() < 0.4:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 3))
    return np.clip(image, 0, 255)


def draw_occluder(rng: np.random.Generator, size: tuple[int, int]) -> Sprite:
    """Draw something that stands in front of people.

    Args:
        rng (np.random.Generator): Source of chance.
        size (tuple[int, int]): Width and height of the picture in pixels.

    Returns:
        Sprite: The thing, at depth 0.
    """
    width, height = size
    mask = np.zeros((height, width), np.uint8)
    for outline in _sample_thing(rng, size, OCCLUDERS):
        cv2.fillConvexPoly(mask, outline, 255)
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
    """Draw a gradient from one color to a related one, shape (rows, 1, 3)."""
    first = sample_color(rng)
    last = first + rng.normal(0, 25, 3)
    place = np.linspace(0, 1, max(rows, 1))[:rows, None, None]
    return first * (1 - place) + last * place


def _texture(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Draw noise of several grain sizes, shape (height, width, 1)."""
    width, height = size
    total = np.zeros((height, width), np.float32)
    for grain in rng.choice([3, 8, 20, 50], 2, replace=False):
        shape = (height // grain + 2, width // grain + 2)
        noise = rng.standard_normal(shape, np.float32) * rng.uniform(0, 10)
        total += cv2.resize(noise, size, interpolation=cv2.INTER_LINEAR)
    return total[..., None]


def _sample_thing(
    rng: np.random.Generator, size: tuple[int, int], kinds: tuple[str, ...]
) -> list[np.ndarray]:
    """Sample the outlines of the convex pieces of a thing, int32, each of shape (N, 2)."""
    width, height = size
    x, y = rng.uniform(0, 1, 2) * size
    kind = kinds[rng.integers(len(kinds))]
    if kind == 'post':
        sides = rng.uniform(0.02, 0.08) * width, 1.2 * height
        return [_box((x, height / 2), sides, rng.normal(0, 4))]
    if kind == 'board':
        return [_box((x, y), rng.uniform(0.06, 0.4, 2) * size, rng.normal(0, 15))]
    if kind == 'table':
        return [_box((x, height), rng.uniform(0.15, 0.7, 2) * size, 0)]
    if kind == 'disc':
        return [
            _ellipse((x, y), rng.uniform(0.03, 0.12, 2) * height, rng.uniform(0, 180))
        ]
    if kind == 'bush':
        middles = rng.normal((x, y), 0.05 * height, (12, 2))
        radii = rng.uniform(0.02, 0.06, 12) * height
        return [
            _ellipse(middle, (radius, radius))
            for middle, radius in zip(middles, radii, strict=True)
        ]
    if kind == 'fence':
        sides = rng.uniform(1, 6), height
        places = np.arange(0, width, rng.uniform(8, 40))
        return [_box((place, y + height / 2), sides) for place in places]
    # As thick and as long as arms and legs.
    middles = rng.normal((x, y), 0.08 * height, (4, 2))
    thickness = rng.uniform(0.01, 0.05) * height
    length = rng.uniform(0.1, 0.3) * height
    return [
        _box(middle, (thickness, length), rng.uniform(0, 180)) for middle in middles
    ]


def _box(
    middle: tuple[float, float], sides: tuple[float, float], degrees: float = 0.0
) -> np.ndarray:
    corners = cv2.boxPoints((np.float32(middle), np.float32(sides), degrees))
    return np.round(corners).astype(np.int32)


def _ellipse(
    middle: tuple[float, float], radii: tuple[float, float], degrees: float = 0.0
) -> np.ndarray:
    middle, radii = np.round(middle).astype(int), np.round(radii).astype(int)
    return cv2.ellipse2Poly(middle, radii, int(degrees), 0, 360, 10)
