"""Flesh, clothes and hair of the synthetic people: from a skeleton to pixels.

A body is a list of parts, each the outline of some balls. They are painted from the
farthest to the nearest, with a rim darker than the middle, so that an arm stands out
before a shirt of its own color.
"""

from typing import NamedTuple

import cv2
import numpy as np

from .coco_layout import COCO_KEYPOINTS
from .synthetic_body import SIDES, View

# From light to dark, BGR.
SKIN_TONES = ((196, 214, 245), (150, 180, 228), (105, 145, 200), (60, 85, 135))
HAIR_COLORS = (
    (20, 20, 25), (40, 75, 120), (110, 170, 215), (40, 70, 160), (150, 150, 155),
)  # fmt: skip
EYES = (35, 30, 30)
RIM = 0.7  # lightness of a part's rim
CIRCLE = np.stack([f(np.arange(0, 2 * np.pi, np.pi / 8)) for f in (np.cos, np.sin)], 1)


class Part(NamedTuple):
    """A part of a body.

    Attributes:
        balls (dict[str, float]): The balls it is the outline of: names of points of the
            skeleton, and radii in statures.
        paint (str): Key of :attr:`Look.colors`.
    """

    balls: dict[str, float]
    paint: str


# Whoever comes later covers, at the same distance, who comes earlier.
PARTS = [
    Part({'neck': 0.030, 'chin': 0.028}, 'skin'),
    Part({'crown': 0.049, 'chin': 0.037}, 'skin'),
    Part({'hair': 0.050, 'nape': 0.046}, 'hair'),
    Part({'nose': 0.009}, 'nose'),
    Part(
        {'left_shoulder': 0.040, 'right_shoulder': 0.040,
         'left_hip': 0.062, 'right_hip': 0.062},
        'top',
    ),
    *(
        part
        for side in SIDES
        for part in (
            Part({f'{side}_eye': 0.008}, 'eyes'),
            Part({f'{side}_ear': 0.011}, 'skin'),
            Part({f'{side}_shoulder': 0.040, f'{side}_elbow': 0.031}, 'top'),
            Part({f'{side}_elbow': 0.029, f'{side}_wrist': 0.021}, 'sleeves'),
            Part({f'{side}_wrist': 0.021, f'{side}_hand': 0.017}, 'skin'),
            Part({f'{side}_hip': 0.060, f'{side}_knee': 0.044}, 'bottom'),
            Part({f'{side}_knee': 0.042, f'{side}_ankle': 0.029}, 'legs'),
            Part({f'{side}_ankle': 0.029, f'{side}_toe': 0.019}, 'shoes'),
        )
    ),
]  # fmt: skip


class Figure(NamedTuple):
    """A drawn person.

    Attributes:
        image (np.ndarray): What the person was drawn into, BGR, uint8, (h, w, 3).
        parts (np.ndarray): Which part shows at a pixel, from 1 as in ``PARTS``, 0
            beside the person. uint8, (h, w).
        keypoints (np.ndarray): The 17 keypoints: x, y and z in pixels, (17, 3).
        shows (np.ndarray): Which of them the person's own body leaves in sight, bool,
            (17,). Those outside the image do not show.
    """

    image: np.ndarray
    parts: np.ndarray
    keypoints: np.ndarray
    shows: np.ndarray


def sample_colors(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Sample the colors of skin, hair and clothes, BGR, by the paints of ``PARTS``."""
    place = rng.uniform(0, len(SKIN_TONES) - 1.001)
    lighter, darker = np.array(SKIN_TONES[int(place) : int(place) + 2])
    skin = lighter + place % 1 * (darker - lighter)
    top, bottom, shoes = (_sample_cloth(rng) for _ in range(3))
    return dict(
        skin=skin,
        nose=0.85 * skin,
        hair=HAIR_COLORS[rng.integers(len(HAIR_COLORS))],
        eyes=EYES,
        top=top,
        sleeves=top if rng.random() < 0.4 else skin,
        bottom=bottom,
        legs=bottom if rng.random() < 0.6 else skin,
        shoes=shoes,
    )


def place_balls(
    skeleton: dict[str, np.ndarray],
    view: View,
    stature: float,
    pelvis: tuple[float, float],
) -> dict[str, np.ndarray]:
    """Return where points of a skeleton come to lie.

    Args:
        skeleton (dict[str, np.ndarray]): The posed body, in statures.
        view (View): Where the camera stands.
        stature (float): One stature in pixels.
        pelvis (tuple[float, float]): Where the pelvis comes to lie, x and y in pixels.

    Returns:
        dict[str, np.ndarray]: For each point x, y and z in pixels, and how many pixels
        one stature has there. Shape (4,).
    """
    points, zoom = view.project(np.array([*skeleton.values()]))
    placed = np.column_stack([stature * points + (*pelvis, 0), stature * zoom])
    return dict(zip(skeleton, placed, strict=True))


def draw_figure(
    image: np.ndarray,
    balls: dict[str, np.ndarray],
    colors: dict[str, np.ndarray],
    light: np.ndarray,
    girth: float = 1.0,
) -> Figure:
    """Draw a person into a copy of an image.

    Args:
        image (np.ndarray): BGR, uint8, shape (h, w, 3).
        balls (dict[str, np.ndarray]): Where the points lie, see :func:`place_balls`.
        colors (dict[str, np.ndarray]): See :func:`sample_colors`.
        light (np.ndarray): From where it comes: x and y, from -1 to 1. Shape (2,).
        girth (float): Scales all thicknesses. Defaults to 1

    Returns:
        Figure: The drawn person.
    """
    image = image.copy()
    parts = np.zeros(image.shape[:2], np.uint8)
    depths = [np.mean([balls[name][2] for name in part.balls]) for part in PARTS]
    for index in np.argsort(depths, kind='stable'):
        part = PARTS[index]
        places = np.array([balls[name] for name in part.balls])
        radii = girth * places[:, 3:] * np.array([*part.balls.values()])[:, None]
        color = np.array(colors[part.paint])
        for size, lightness in ((1, RIM), (0.75, 0.9), (0.4, 1.05)):
            middles = places[:, :2] + (1 - size) * 0.5 * radii * light
            outline = outline_balls(middles, size * radii)
            shade = np.minimum(lightness * color, 255).tolist()
            cv2.fillConvexPoly(image, outline, shade, cv2.LINE_AA, shift=4)
            if size == 1:
                cv2.fillConvexPoly(parts, outline, int(index) + 1, shift=4)

    keypoints = np.array([balls[name][:3] for name in COCO_KEYPOINTS])
    height, width = parts.shape
    column, row = np.round(keypoints[:, :2]).astype(int).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    owner = parts[row.clip(0, height - 1), column.clip(0, width - 1)]
    shows = [
        bool(there and part and name in PARTS[part - 1].balls)
        for name, there, part in zip(COCO_KEYPOINTS, inside, owner, strict=True)
    ]
    return Figure(image, parts, keypoints, np.array(shows))


def outline_balls(middles: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Return the outline of balls, in sixteenths of a pixel.

    Args:
        middles (np.ndarray): Their x and y in pixels, shape (N, 2).
        radii (np.ndarray): Their radii, shape (N, 1).

    Returns:
        np.ndarray: The corners of the polygon around them, int32, shape (M, 1, 2).
    """
    circles = middles[:, None] + radii[:, None] * CIRCLE
    return cv2.convexHull(np.round(16 * circles).astype(np.int32).reshape(-1, 2))


def _sample_cloth(rng: np.random.Generator) -> np.ndarray:
    """Sample a BGR color; one in three is a gray."""
    saturation = rng.uniform(0, 30) if rng.random() < 1 / 3 else rng.uniform(60, 230)
    hsv = np.uint8([[[rng.integers(180), saturation, rng.uniform(45, 245)]]])
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0, 0].astype(np.float64)
