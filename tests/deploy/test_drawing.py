"""Skeletons are drawn in the sizes of the people."""

import numpy as np
import pytest

from mmpose_light.deploy.drawing import Skeleton, draw_skeletons

RED, BLUE = (255, 0, 0), (0, 0, 255)
PAIR = Skeleton(links=[(0, 1)], link_colors=[BLUE], keypoint_colors=[RED, RED])


def draw(size: int, **options) -> np.ndarray:
    """Draw two keypoints, one below the other, as far apart as a person is tall."""
    image = np.zeros((size + 200, 300, 3), np.uint8)
    keypoints = np.array([[[100, 100], [100, 100 + size]]], float)
    return draw_skeletons(image, keypoints, np.ones((1, 2)), PAIR, **options)


def thickness_of(image: np.ndarray, row: int, channel: int) -> int:
    return int((image[row, :, channel] > 0).sum())


@pytest.mark.parametrize(
    ('size', 'dot', 'line'), [(50, 2, 1), (256, 3, 2), (1700, 20, 13)]
)
def test_sizes_follow_the_person(size, dot, line):
    image = draw(size)
    assert thickness_of(image, 100, channel=2) == 2 * dot + 1
    assert thickness_of(image, 100 + size // 2, channel=0) == pytest.approx(
        line, rel=0.2, abs=1
    )


def test_sizes_that_are_given_are_kept():
    image = draw(1700, radius=4, thickness=1)
    assert thickness_of(image, 100, channel=2) == 9
    assert thickness_of(image, 900, channel=0) == 1


def test_numbers_stand_above_the_people():
    plain, numbered = draw(256), draw(256, numbers=[7])
    rows, columns = np.nonzero((plain != numbered).any(axis=2))
    assert len(rows) and rows.max() < 105 and columns.min() >= 95
    assert (numbered != draw(256, numbers=[8])).any()


def test_scores_stand_above_the_people():
    """The mean of the keypoints that are drawn, behind the number if there is one."""
    plain, scored = draw(256), draw(256, draw_scores=True)
    rows, _ = np.nonzero((plain != scored).any(axis=2))
    assert len(rows) and rows.max() < 105
    both = draw(256, draw_scores=True, numbers=[7])
    assert (both != scored).any() and (both != draw(256, numbers=[7])).any()
    nobody = draw(256, draw_scores=True, kpt_thr=2)
    assert (nobody == draw(256, kpt_thr=2)).all()
