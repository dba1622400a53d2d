"""Drawn people who walk: frames of a video whose truth is known."""

import numpy as np
import pytest

from mmpose_light.datasets.synthetic_body import (
    PROPORTIONS,
    Pose,
    View,
    make_skeleton,
)
from mmpose_light.datasets.synthetic_figure import (
    Figure,
    draw_figure,
    place_balls,
    sample_colors,
)

LIGHT = np.array([0.3, -0.6])
# Stature in shares of the image's height, yaw in degrees, phase of the step.
WALKERS = (0.62, -60, 0.0), (0.74, 60, 0.3)


class Walkers:
    """Two people who pass each other before a wall, the second one in front.

    Args:
        frames (int): How many frames it takes. Defaults to 60
        size (tuple[int, int]): Width and height in pixels. Defaults to (480, 270)

    Attributes:
        frames (list[np.ndarray]): BGR, uint8.
        keypoints (np.ndarray): The truth, shape (frames, 2, 17, 2).
        boxes (np.ndarray): Left, top, right, bottom, score, shape (frames, 2, 5).
    """

    def __init__(self, frames: int = 60, size: tuple[int, int] = (480, 270)) -> None:
        rng = np.random.default_rng(5)
        colors = [sample_colors(rng) for _ in WALKERS]
        wall = np.full((size[1], size[0], 3), (150, 160, 165), np.uint8)
        self.frames, keypoints, boxes = [], [], []
        for number in range(frames):
            way = size[0] * (0.15 + 0.7 * number / (frames - 1))
            image, figures = wall, []
            for (share, yaw, phase), start, paints in zip(
                WALKERS, (way, size[0] - way), colors, strict=True
            ):
                stature = share * size[1]
                balls = place_balls(
                    make_skeleton(
                        _step(2 * np.pi * (number / 24 + phase)), PROPORTIONS
                    ),
                    View(yaw, 5, 0, 6),
                    stature,
                    (start, 0.95 * size[1] - 0.53 * stature),
                )
                figures.append(draw_figure(image, balls, paints, LIGHT))
                image = figures[-1].image
            self.frames.append(image)
            keypoints.append([figure.keypoints[:, :2] for figure in figures])
            boxes.append([_box(figure) for figure in figures])
        self.keypoints, self.boxes = np.array(keypoints), np.array(boxes, float)


def _step(phase: float) -> Pose:
    """Return the pose at a phase of a walk, in radians."""
    phases = {'left': phase, 'right': phase + np.pi}
    return Pose(
        lean=3,
        turn=0,
        head=(0, 0),
        arms={side: (-20 * np.sin(at), 8, 0, 20) for side, at in phases.items()},
        legs={
            side: (22 * np.sin(at), 2, 0, 12 - 18 * min(0, np.cos(at)))
            for side, at in phases.items()
        },
    )


def _box(figure: Figure) -> list[float]:
    """Return the box of a figure's pixels, with score."""
    columns, rows = (np.flatnonzero(figure.parts.any(axis)) for axis in (0, 1))
    return [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1, 1]


@pytest.fixture(scope='session')
def walkers() -> Walkers:
    """Two people who pass each other."""
    return Walkers()
