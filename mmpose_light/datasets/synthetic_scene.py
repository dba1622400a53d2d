"""What surrounds the synthetic people: backgrounds, occluders, the camera's flaws."""

import cv2
import numpy as np

from .synthetic_render import Sprite

OCCLUDERS = ('post', 'board', 'bush')


def sample_color(rng: np.random.Generator) -> np.ndarray:
    """Sample a BGR color that is rarely vivid, as most things are."""
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
        for outline in _sample_thing(rng, size, (*OCCLUDERS, 'limbs')):
            cv2.fillConvexPoly(image, outline, color)
    if rng.random() < 0.4:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 3))
    return np.clip(image, 0, 255)


def draw_occluder(rng: np.random.Generator, size: tuple[int, int]) -> Sprite:
    """Draw something that stands in front of people, at depth 0.

    Args:
        rng (np.random.Generator): Source of chance.
        size (tuple[int, int]): Width and height of the image in pixels.

    Returns:
        Sprite: The thing.
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
        np.ndarray: What the camera took, uint8, the same shape.
    """
    image = cv2.GaussianBlur(image.astype(np.uint8), (0, 0), rng.uniform(0.5, 1.0))
    contrast, brightness = rng.uniform(0.8, 1.15), rng.uniform(-20, 20)
    tint = contrast * rng.uniform(0.93, 1.07, 3)
    levels = (np.arange(256)[:, None] - 128) * tint + (128 + brightness)
    image = cv2.LUT(image, levels.clip(0, 255).astype(np.uint8)[None])
    noise = rng.standard_normal(image.shape[:2], np.float32) * rng.uniform(1, 6)
    return cv2.add(image, cv2.merge([noise] * 3), dtype=cv2.CV_8U)


def _gradient(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Draw a gradient from one color to a related one, shape (rows, 1, 3)."""
    first = sample_color(rng)
    last = first + rng.normal(0, 25, 3)
    place = np.linspace(0, 1, max(rows, 1))[:rows, None, None]
    return first * (1 - place) + last * place


def _texture(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Draw gray noise of several grain sizes, shape (height, width, 3)."""
    width, height = size
    total = np.zeros((height, width), np.float32)
    for grain in rng.choice([3, 8, 20, 50], 2, replace=False):
        shape = (height // grain + 2, width // grain + 2)
        noise = rng.standard_normal(shape, np.float32) * rng.uniform(0, 10)
        total += cv2.resize(noise, size, interpolation=cv2.INTER_LINEAR)
    return cv2.merge([total] * 3)


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
        return [_box((x, y), rng.uniform(0.06, 0.5, 2) * size, rng.normal(0, 15))]
    if kind == 'bush':
        middles = rng.normal((x, y), 0.05 * height, (12, 2)).astype(int)
        radii = (rng.uniform(0.02, 0.06, 12) * height).astype(int)
        return [
            cv2.ellipse2Poly(middle, (radius, radius), 0, 0, 360, 10)
            for middle, radius in zip(middles, radii, strict=True)
        ]
    # limbs: as thick and as long as arms and legs
    middles = rng.normal((x, y), 0.08 * height, (4, 2))
    sides = rng.uniform((0.01, 0.1), (0.05, 0.3)) * height
    return [_box(middle, sides, rng.uniform(0, 180)) for middle in middles]


def _box(
    middle: tuple[float, float], sides: tuple[float, float], degrees: float
) -> np.ndarray:
    corners = cv2.boxPoints((np.float32(middle), np.float32(sides), degrees))
    return np.round(corners).astype(np.int32)
