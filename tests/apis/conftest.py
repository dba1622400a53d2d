"""Drawn people who walk: frames of a video whose truth is known."""

import numpy as np
import pytest

from mmpose_light.datasets.synthetic_body import (
    PROPORTIONS,
    Pose,
    View,
    make_skeleton,
)
from mmpose_light.datasets.synthetic_figure import draw_figure, sample_look
from mmpose_light.datasets.synthetic_scene import draw_background

LIGHT = np.array([0.3, -0.5, 0.8])


class Walkers:
    """Two people who pass each other before a wall.

    Args:
        frames (int): How many frames it takes. Defaults to 60
        size (tuple[int, int]): Width and height in pixels. Defaults to (480, 270)

    Attributes:
        keypoints (np.ndarray): The truth, shape (frames, 2, 17, 2).
        boxes (np.ndarray): Left, top, right, bottom, score, shape (frames, 2, 5).
    """

    def __init__(self, frames: int = 60, size: tuple[int, int] = (480, 270)) -> None:
        self.size = size
        rng = np.random.default_rng(5)
        self.background = draw_background(rng, size)
        self.looks = [sample_look(rng) for _ in range(2)]
        share = np.linspace(0, 1, frames)
        # From left to right, and nearer, from right to left.
        self.walks = [
            dict(x=size[0] * (0.15 + 0.7 * share), stature=0.62, yaw=-60, pace=0.0),
            dict(x=size[0] * (0.85 - 0.7 * share), stature=0.74, yaw=60, pace=0.3),
        ]
        drawn = [self._draw(number) for number in range(frames)]
        self.frames = [frame for frame, _ in drawn]
        self.keypoints = np.array(
            [[f.keypoints[:, :2] for f in figures] for _, figures in drawn]
        )
        self.boxes = np.array([[_box(f) for f in figures] for _, figures in drawn])

    def _draw(self, number: int) -> tuple[np.ndarray, list]:
        image, figures = self.background.copy(), []
        for look, walk in zip(self.looks, self.walks, strict=True):
            phase = 2 * np.pi * (number / 24 + walk['pace'])
            stature = walk['stature'] * self.size[1]
            figures.append(
                draw_figure(
                    make_skeleton(
                        _step(phase), {k: mean for k, (mean, _) in PROPORTIONS.items()}
                    ),
                    look,
                    View(walk['yaw'], 5, 0, 6),
                    LIGHT / np.linalg.norm(LIGHT),
                    stature,
                    (walk['x'][number], 0.95 * self.size[1] - 0.53 * stature),
                    self.size,
                )
            )
            sprite = figures[-1].sprite
            image[sprite.window()][sprite.mask] = sprite.color[sprite.mask]
        return image.clip(0, 255).astype(np.uint8), figures


def _step(phase: float) -> Pose:
    """Return the pose at a phase of a walk, in radians."""
    swing = {
        side: np.sin(phase + shift) for side, shift in (('left', 0), ('right', np.pi))
    }
    bend = {
        side: 12 - 18 * min(0, np.cos(phase + shift))
        for side, shift in (('left', 0), ('right', np.pi))
    }
    return Pose(
        lean=3,
        side_bend=0,
        turn=0,
        head=(0, 0, 0),
        arms={side: (-20 * s, 8, 0, 20) for side, s in swing.items()},
        legs={side: (22 * s, 2, 0, bend[side]) for side, s in swing.items()},
        roll=0,
    )


def _box(figure) -> list[float]:
    """Return the box of a figure's pixels, with score."""
    rows, columns = (np.flatnonzero(figure.sprite.mask.any(axis)) for axis in (1, 0))
    left, top = figure.sprite.left, figure.sprite.top
    return [
        left + columns[0],
        top + rows[0],
        left + columns[-1] + 1,
        top + rows[-1] + 1,
        1,
    ]


@pytest.fixture(scope='session')
def walkers() -> Walkers:
    """Two people who pass each other."""
    return Walkers()
