"""Draws rounded cones: the one shape all parts of a synthetic person are made of.

A rounded cone is the hull of two spheres, seen along the z axis without perspective.
For a pixel p, the sphere at parameter t in [0, 1] has its surface at the depth
z(t) + sqrt(q(t)), q(t) = r(t)² − |p − c(t)|², with centre c, z and radius r linear in
t. That is a line plus half an ellipse, concave in t, so its maximum is known in
closed form, and clamping it to [0, 1] keeps it the maximum.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

TILE_SIZE = 64
"""Sides of a paint's tile in texels; a tile spans half a stature."""


class RoundedCone(NamedTuple):
    """Hull of two spheres, in pixels.

    Attributes:
        start (np.ndarray): Centre of the first sphere: x right, y down, z towards the
            camera. Shape (3,).
        end (np.ndarray): Centre of the second sphere.
        start_radius (float): Radius of the first sphere.
        end_radius (float): Radius of the second sphere.
        paint (int): Which tile covers it.
    """

    start: np.ndarray
    end: np.ndarray
    start_radius: float
    end_radius: float
    paint: int


@dataclass(frozen=True)
class Sprite:
    """A drawn thing that can be put into an image.

    Attributes:
        left (int): Column of the image where its first column goes.
        top (int): Row of the image where its first row goes.
        color (np.ndarray): BGR values from 0 to 255, float32, shape (h, w, 3).
        mask (np.ndarray): Where the thing is, bool, shape (h, w).
        depth (np.ndarray): z of its surface in pixels, -inf outside the mask,
            float32, shape (h, w).
    """

    left: int
    top: int
    color: np.ndarray
    mask: np.ndarray
    depth: np.ndarray

    def window(self) -> tuple[slice, slice]:
        """Return the rows and columns of the image that it covers."""
        height, width = self.mask.shape
        return (
            slice(self.top, self.top + height),
            slice(self.left, self.left + width),
        )

    def surface_at(self, x: float, y: float) -> float:
        """Return the depth of the surface at a place, -inf where there is none."""
        row, column = round(y) - self.top, round(x) - self.left
        height, width = self.mask.shape
        if not (0 <= row < height and 0 <= column < width):
            return -np.inf
        return float(self.depth[row, column])


def render(
    cones: list[RoundedCone],
    tiles: np.ndarray,
    light: np.ndarray,
    stature: float,
    size: tuple[int, int],
) -> Sprite:
    """Draw rounded cones with a depth buffer, textures and one distant light.

    Args:
        cones (list[RoundedCone]): What to draw.
        tiles (np.ndarray): BGR texture of every paint, float32, shape (paints,
            ``TILE_SIZE``, ``TILE_SIZE``, 3).
        light (np.ndarray): Unit vector to the light, shape (3,).
        stature (float): Height of the person in pixels; it scales the textures.
        size (tuple[int, int]): Width and height of the image in pixels.

    Returns:
        Sprite: What is drawn, cut to the image. It may be empty.

    Example:
        >>> import numpy as np
        >>> ball = RoundedCone(np.array([8., 8, 0]), np.array([8., 8, 0]), 5, 5, 0)
        >>> tiles = np.full((1, 64, 64, 3), 200, np.float32)
        >>> sprite = render([ball], tiles, np.array([0, 0, 1]), 100, (20, 20))
        >>> sprite.surface_at(8, 8)
        5.0
    """
    low, high = _pixel_boxes(cones, size)
    left, top = low.min(0)
    right, bottom = np.maximum(high.max(0), (left, top))
    shape = (bottom - top, right - left)
    depth = np.full(shape, -np.inf, np.float32)
    owner = np.zeros(shape, np.uint8)
    place = np.zeros(shape, np.float32)
    for index, cone in enumerate(cones):
        (x0, y0), (x1, y1) = low[index], high[index]
        if x0 >= x1 or y0 >= y1:
            continue
        surface, t = _trace(cone, x0, y0, x1, y1)
        window = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
        nearer = surface > depth[window]
        np.copyto(depth[window], surface, where=nearer)
        np.copyto(place[window], t, where=nearer)
        owner[window][nearer] = index

    mask = np.isfinite(depth)
    y, x = (axis.astype(np.float32) for axis in np.nonzero(mask))
    color = np.zeros((*shape, 3), np.float32)
    color[mask] = _paint(
        cones, owner[mask], place[mask], x + left, y + top, tiles, light, stature
    )
    return Sprite(int(left), int(top), color, mask, depth)


def _paint(
    cones: list[RoundedCone],
    owner: np.ndarray,
    t: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    tiles: np.ndarray,
    light: np.ndarray,
    stature: float,
) -> np.ndarray:
    """Return the colors of pixels, each of a place t on a cone, shape (N, 3)."""
    start, end = (np.array([cone[i] for cone in cones], np.float32) for i in (0, 1))
    first, last = np.array([cone[2:4] for cone in cones], np.float32).T
    step = end - start
    length = np.linalg.norm(step, axis=1)
    axis = step[:, :2].T / np.maximum(length, 1e-6)
    texels = TILE_SIZE / (0.5 * stature)
    table = np.stack(
        [*start[:, :2].T, *step[:, :2].T, first, last - first, *axis, length * texels]
    )
    x0, y0, dx, dy, r0, dr, axis_x, axis_y, along = table.T[owner].T
    radius = r0 + t * dr
    normal_x = (x - x0 - t * dx) / radius
    normal_y = (y - y0 - t * dy) / radius
    normal_z = np.sqrt(np.maximum(1 - normal_x**2 - normal_y**2, 0))
    across = (normal_x * axis_y - normal_y * axis_x) * (r0 + dr / 2) * texels
    lit = normal_x * light[0] + normal_y * light[1] + normal_z * light[2]
    shade = (0.6 + 0.5 * np.maximum(lit, 0)) * (0.65 + 0.35 * normal_z)
    texture = tiles[
        np.array([cone.paint for cone in cones])[owner],
        (t * along).astype(np.int32) % TILE_SIZE,
        np.floor(across).astype(np.int32) % TILE_SIZE,
    ]
    return np.minimum(texture * shade[:, None], 255)


def _pixel_boxes(
    cones: list[RoundedCone], size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first column and row, and one past the last, that cones may cover."""
    ends = np.array([(cone.start[:2], cone.end[:2]) for cone in cones])
    radii = np.array([cone[2:4] for cone in cones])[..., None]
    low, high = (ends - radii).min(1), (ends + radii).max(1)
    return (
        np.clip(np.floor(low), 0, size).astype(int),
        np.clip(np.ceil(high) + 1, 0, size).astype(int),
    )


def _trace(
    cone: RoundedCone, x0: int, y0: int, x1: int, y1: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return depth of the nearest surface and its parameter t for a box's pixels."""
    x = np.arange(x0, x1, dtype=np.float32)[None] - np.float32(cone.start[0])
    y = np.arange(y0, y1, dtype=np.float32)[:, None] - np.float32(cone.start[1])
    dx, dy, dz = (float(value) for value in cone.end - cone.start)
    dr = float(cone.end_radius - cone.start_radius)
    radius = float(cone.start_radius)

    # q(t) = c + 2bt − at²
    a = dx * dx + dy * dy - dr * dr
    b = (x * dx + radius * dr) + y * dy
    c = (radius * radius - x * x) - y * y
    # A cone that points at the camera has one sphere inside the other's outline:
    # a tiny `a` then sends t to the end that is nearer.
    root_a = max(a, 1e-3) ** 0.5
    reach = np.sqrt(np.maximum(c + (b / root_a) ** 2, 0))
    t = b / root_a**2 + reach * (dz / root_a / math.hypot(root_a, dz))
    t = np.minimum(np.maximum(t, 0), 1)
    q = c + t * (2 * b - a * t)
    surface = t * dz + np.sqrt(np.maximum(q, 0)) + float(cone.start[2])
    surface[q <= 0] = -np.inf
    return surface, t
