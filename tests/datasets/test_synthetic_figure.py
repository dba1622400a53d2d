"""How the synthetic people are drawn, and what of them shows."""

import numpy as np
import pytest

from mmpose_light.datasets.coco_layout import COCO_KEYPOINTS
from mmpose_light.datasets.synthetic_body import (
    PROPORTIONS,
    SIDES,
    Pose,
    View,
    make_skeleton,
    sample_pose,
    sample_view,
)
from mmpose_light.datasets.synthetic_figure import (
    PARTS,
    draw_figure,
    place_balls,
    sample_colors,
)

GRAY = np.full((260, 240, 3), 128, np.uint8)


def draw(pose, view, rng):
    skeleton = make_skeleton(pose, PROPORTIONS)
    balls = place_balls(skeleton, view, stature=200, pelvis=(120, 130))
    return balls, draw_figure(GRAY, balls, sample_colors(rng), np.array([-1, -1]))


def draw_standing(yaw):
    """Somebody who stands upright with the arms a little away from the body."""
    limbs = dict.fromkeys(SIDES, (0, 15, 0, 5))
    pose = Pose(0, 0, (0, 0), limbs, limbs)
    view = View(yaw, pitch=5, roll=0, distance=6)
    _, figure = draw(pose, view, np.random.default_rng(0))
    places = dict(zip(COCO_KEYPOINTS, figure.keypoints, strict=True))
    return places, dict(zip(COCO_KEYPOINTS, figure.shows, strict=True))


@pytest.mark.parametrize(('yaw', 'left_is_right_hand'), [(0, True), (180, False)])
def test_left_and_right_from_front_and_back(yaw, left_is_right_hand):
    places, shows = draw_standing(yaw)
    for name in COCO_KEYPOINTS:
        if name.startswith('left_'):
            left, right = places[name], places[name.replace('left', 'right')]
            assert (left[0] > right[0]) == left_is_right_hand, name
    for name in ('nose', 'left_eye', 'right_eye'):
        assert shows[name] == (yaw == 0)
    for joint in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle'):
        assert shows[f'left_{joint}'] and shows[f'right_{joint}']


@pytest.mark.parametrize(
    ('yaw', 'near', 'far'), [(90, 'left', 'right'), (-90, 'right', 'left')]
)
def test_far_side_is_hidden_from_the_side(yaw, near, far):
    places, shows = draw_standing(yaw)
    for joint in ('eye', 'ear', 'shoulder', 'elbow', 'wrist', 'knee', 'ankle'):
        assert shows[f'{near}_{joint}'] and not shows[f'{far}_{joint}'], joint
        assert places[f'{near}_{joint}'][2] > places[f'{far}_{joint}'][2]
    # The nose points where the body faces.
    assert (places['nose'][0] < places['left_ear'][0]) == (near == 'left')


def fill_with_balls(part, balls):
    """Many balls inside a part: their middles and radii in pixels."""
    ends = np.array([balls[name] for name in part.balls])
    count = {1: 1, 2: 100}.get(len(ends), 1500)
    weights = np.random.default_rng(0).dirichlet(np.full(len(ends), 0.5), count)
    middles = np.concatenate([weights @ ends, ends])
    radii = np.concatenate([weights, np.eye(len(ends))]) @ (
        ends[:, 3] * [*part.balls.values()]
    )
    return middles[:, :2], radii


def find_nearest(filled, place, tolerance):
    """The first part with a ball that covers a place, grown by some pixels."""
    for part, middles, radii in filled:
        if (np.linalg.norm(middles - place, axis=1) < radii + tolerance).any():
            return part


def test_what_shows_against_brute_force():
    """The nearest part at a keypoint is one that has it, or hides it."""
    rng = np.random.default_rng(1)
    counts = {True: 0, False: 0}
    for _ in range(15):
        balls, figure = draw(sample_pose(rng), sample_view(rng), rng)
        order = sorted(
            PARTS, key=lambda part: -np.mean([balls[name][2] for name in part.balls])
        )
        filled = [(part, *fill_with_balls(part, balls)) for part in order]
        for name, shows in zip(COCO_KEYPOINTS, figure.shows, strict=True):
            place = balls[name][:2]
            nearest = find_nearest(filled, place, 0)
            # a pixel may lie on either side of a rim
            if all(find_nearest(filled, place, d) is nearest for d in (1, -1)):
                assert shows == (name in nearest.balls), name
                counts[shows] += 1
    assert min(counts.values()) > 10, counts


def test_drawn_where_the_parts_are():
    _, figure = draw(*[f(np.random.default_rng(2)) for f in (sample_pose, sample_view)],
                     np.random.default_rng(3))  # fmt: skip
    changed = (figure.image != GRAY).any(-1)
    person = figure.parts > 0
    assert (changed & person).sum() > 0.98 * person.sum()
    assert (changed & ~person).sum() < 0.1 * person.sum(), 'more than a blurred edge'
