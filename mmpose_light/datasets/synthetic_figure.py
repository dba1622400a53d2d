"""Flesh, clothes and hair of the synthetic people: from a skeleton to a sprite."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from .coco_layout import COCO_KEYPOINTS
from .synthetic_body import SIDES, Skeleton, View
from .synthetic_render import TILE_SIZE, RoundedCone, Sprite, render

PAINTS = ('skin', 'top', 'bottom', 'shoes', 'hair', 'eyes')

# From light to dark, BGR.
SKIN_TONES = ((196, 214, 245), (150, 180, 228), (105, 145, 200), (60, 85, 135))
HAIR_COLORS = (
    (20, 20, 25), (40, 75, 120), (110, 170, 215), (40, 70, 160), (150, 150, 155),
)  # fmt: skip
EYES = (35, 30, 30)

# How far below the surface, in statures, a keypoint lies at most where it shows.
KEYPOINT_DEPTHS = {
    'nose': 0.016, 'eye': 0.016, 'ear': 0.032, 'shoulder': 0.065, 'elbow': 0.045,
    'wrist': 0.035, 'hip': 0.085, 'knee': 0.060, 'ankle': 0.060,
}  # fmt: skip


class Part(NamedTuple):
    """A rounded cone in the axes of a body or of its head, in statures."""

    start: np.ndarray
    end: np.ndarray
    start_radius: float
    end_radius: float
    paint: str


# Parts of the head, from its middle, in the head's axes.
FACE_PARTS = (
    Part((0, 0.016, -0.006), (0, -0.028, 0.008), 0.049, 0.037, 'skin'),
    Part((0, 0.004, 0.046), (0, -0.009, 0.052), 0.006, 0.009, 'skin'),  # nose
    Part((0.019, 0.010, 0.041), (0.019, 0.010, 0.041), 0.008, 0.008, 'eyes'),
    Part((-0.019, 0.010, 0.041), (-0.019, 0.010, 0.041), 0.008, 0.008, 'eyes'),
    Part((0.046, 0.006, -0.006), (0.046, -0.008, -0.006), 0.011, 0.009, 'skin'),
    Part((-0.046, 0.006, -0.006), (-0.046, -0.008, -0.006), 0.011, 0.009, 'skin'),
)
_SHORT_HAIR = (Part((0, 0.026, -0.014), (0, -0.006, -0.022), 0.052, 0.044, 'hair'),)
HAIR_PARTS = {
    'none': (),
    'short': _SHORT_HAIR,
    'long': (
        *_SHORT_HAIR,
        Part((0, 0.0, -0.028), (0, -0.105, -0.040), 0.048, 0.034, 'hair'),
    ),
}


@dataclass(frozen=True)
class Look:
    """What a person wears.

    Attributes:
        tiles (np.ndarray): BGR texture of every paint in ``PAINTS``, float32,
            (6, ``TILE_SIZE``, ``TILE_SIZE``, 3).
        long_sleeves (bool): Whether they reach to the wrists.
        long_legs (bool): Whether the trousers reach to the ankles.
        hair (str): ``'none'``, ``'short'`` or ``'long'``.
    """

    tiles: np.ndarray
    long_sleeves: bool
    long_legs: bool
    hair: str


@dataclass(frozen=True)
class Figure:
    """A drawn person.

    Attributes:
        sprite (Sprite): The pixels.
        keypoints (np.ndarray): The 17 keypoints: x, y and z in pixels, (17, 3).
        shows (np.ndarray): Which of them the person's own body leaves in sight,
            bool, (17,). Those outside the image do not show.
        cones (list[RoundedCone]): The parts.
        tolerances (np.ndarray): How many pixels below the surface each keypoint lies
            at most where it shows, (17,).
    """

    sprite: Sprite
    keypoints: np.ndarray
    shows: np.ndarray
    cones: list[RoundedCone]
    tolerances: np.ndarray


def sample_look(rng: np.random.Generator) -> Look:
    """Draw clothes, their colors and patterns, skin and hair."""
    place = rng.uniform(0, len(SKIN_TONES) - 1.001)
    lighter, darker = SKIN_TONES[int(place)], SKIN_TONES[int(place) + 1]
    skin = np.array(lighter) * (1 - place % 1) + np.array(darker) * (place % 1)
    clothes = [_cloth_color(rng) for _ in ('top', 'bottom', 'shoes')]
    colors = [skin, *clothes, HAIR_COLORS[rng.integers(len(HAIR_COLORS))], EYES]
    tiles = np.empty((len(PAINTS), TILE_SIZE, TILE_SIZE, 3), np.float32)
    tiles[:] = np.array(colors)[:, None, None]
    for paint, share in (('top', 0.5), ('bottom', 0.2)):
        if rng.random() < share:
            tiles[PAINTS.index(paint), _sample_pattern(rng)] = _cloth_color(rng)
    blotches = rng.normal(0, 6, (8, 8, len(PAINTS))).astype(np.float32)
    blotches = cv2.resize(
        blotches, (TILE_SIZE, TILE_SIZE), interpolation=cv2.INTER_CUBIC
    )
    return Look(
        tiles=np.clip(tiles + blotches.transpose(2, 0, 1)[..., None], 0, 255),
        long_sleeves=rng.random() < 0.4,
        long_legs=rng.random() < 0.6,
        hair=str(rng.choice(['none', 'short', 'long'], p=[0.1, 0.6, 0.3])),
    )


def draw_figure(
    skeleton: Skeleton,
    look: Look,
    view: View,
    light: np.ndarray,
    stature: float,
    pelvis: tuple[float, float],
    size: tuple[int, int],
) -> Figure:
    """Draw a person.

    Args:
        skeleton (Skeleton): The posed body.
        look (Look): What it wears.
        view (View): Where the camera stands.
        light (np.ndarray): Unit vector to the light in the view's axes, (3,).
        stature (float): One stature in pixels.
        pelvis (tuple[float, float]): Where the pelvis comes to lie, x and y in
            pixels.
        size (tuple[int, int]): Width and height of the image in pixels.

    Returns:
        Figure: The drawn person, cut to the image.
    """
    parts = _dress(skeleton, look)
    place = np.array([*pelvis, 0])
    start, start_zoom = view.project(np.array([part.start for part in parts]))
    end, end_zoom = view.project(np.array([part.end for part in parts]))
    cones = [
        RoundedCone(
            place + stature * start[i],
            place + stature * end[i],
            stature * start_zoom[i] * part.start_radius,
            stature * end_zoom[i] * part.end_radius,
            PAINTS.index(part.paint),
        )
        for i, part in enumerate(parts)
    ]
    sprite = render(cones, look.tiles, light, stature, size)

    keypoints, zoom = view.project(
        np.array([skeleton.points[name] for name in COCO_KEYPOINTS])
    )
    keypoints = place + stature * keypoints
    depths = np.array([KEYPOINT_DEPTHS[name.split('_')[-1]] for name in COCO_KEYPOINTS])
    tolerances = stature * zoom * depths * max(1, skeleton.proportions['girth'])
    shows = np.array(
        [
            abs(sprite.surface_at(x, y) - z) <= tolerance
            for (x, y, z), tolerance in zip(keypoints, tolerances, strict=True)
        ]
    )
    return Figure(sprite, keypoints, shows, cones, tolerances)


def _dress(skeleton: Skeleton, look: Look) -> list[Part]:
    """Return all parts of a dressed body, in the body's axes."""
    girth, head = skeleton.proportions['girth'], skeleton.proportions['head']
    body = [*_torso(skeleton.points)]
    for side in SIDES:
        body += _arm(skeleton.points, side, look.long_sleeves)
        body += _leg(skeleton.points, side, look.long_legs)
    return [
        *(_grow(part, girth) for part in body),
        *(
            _grow(part, head)._replace(
                start=skeleton.on_head(part.start), end=skeleton.on_head(part.end)
            )
            for part in (*FACE_PARTS, *HAIR_PARTS[look.hair])
        ),
    ]


def _grow(part: Part, factor: float) -> Part:
    return part._replace(
        start_radius=factor * part.start_radius, end_radius=factor * part.end_radius
    )


def _torso(points: dict[str, np.ndarray]) -> list[Part]:
    neck, waist, pelvis = points['neck'], points['waist'], points['pelvis']
    left, right = points['left_shoulder'], points['right_shoulder']
    chest = _between(neck, waist, 0.25)
    hem = _between(pelvis, waist, 0.12)
    return [
        Part(neck, points['head'], 0.030, 0.028, 'skin'),
        Part(left, right, 0.038, 0.038, 'top'),
        Part(points['left_hip'], points['right_hip'], 0.060, 0.060, 'bottom'),
        # Columns side by side make the trunk flat.
        *(
            Part(
                chest + 0.5 * (_between(right, left, place) - neck),
                hem + _between(points['right_hip'], points['left_hip'], place),
                0.060,
                0.058,
                'top',
            )
            for place in (0, 0.25, 0.5, 0.75, 1)
        ),
    ]


def _arm(points: dict[str, np.ndarray], side: str, long_sleeves: bool) -> list[Part]:
    shoulder, elbow, wrist = (
        points[f'{side}_{joint}'] for joint in ('shoulder', 'elbow', 'wrist')
    )
    paint = 'top' if long_sleeves else 'skin'
    return [
        Part(wrist, points[f'{side}_hand'], 0.021, 0.017, 'skin'),
        Part(shoulder, elbow, 0.036, 0.029, paint),
        Part(elbow, wrist, 0.029, 0.020, paint),
        Part(shoulder, _between(shoulder, elbow, 0.6), 0.040, 0.036, 'top'),
    ]


def _leg(points: dict[str, np.ndarray], side: str, long_legs: bool) -> list[Part]:
    hip, knee, ankle, toe = (
        points[f'{side}_{joint}'] for joint in ('hip', 'knee', 'ankle', 'toe')
    )
    paint = 'bottom' if long_legs else 'skin'
    return [
        Part(_between(ankle, toe, -0.2), toe, 0.027, 0.019, 'shoes'),
        Part(hip, knee, 0.058, 0.041, paint),
        Part(knee, ankle, 0.040, 0.028, paint),
        Part(hip, _between(hip, knee, 0.7), 0.062, 0.050, 'bottom'),
    ]


def _between(start: np.ndarray, end: np.ndarray, place: float) -> np.ndarray:
    return start + place * (end - start)


def _cloth_color(rng: np.random.Generator) -> np.ndarray:
    """Sample a BGR color; one in three is a gray."""
    saturation = rng.uniform(0, 30) if rng.random() < 1 / 3 else rng.uniform(60, 230)
    hsv = np.uint8([[[rng.integers(180), saturation, rng.uniform(45, 245)]]])
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0, 0].astype(np.float64)


def _sample_pattern(rng: np.random.Generator) -> np.ndarray:
    """Sample where a cloth has its second color: stripes or checks, bool."""
    row, column = np.mgrid[:TILE_SIZE, :TILE_SIZE]
    period = rng.choice([8, 16, 32])
    stripes = row % period < period // 2
    return stripes ^ (column % period < period // 2) if rng.random() < 0.4 else stripes
