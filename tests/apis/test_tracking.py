"""People who are followed keep their boxes and numbers."""

import numpy as np
import pytest

from mmpose_light.apis.people import NO_BOXES, People
from mmpose_light.apis.tracking import PoseTracker, iou, track_people
from mmpose_light.utils.errors import UserError


class Seer:
    """Estimates poses by knowing them: in each box that of whom it fits best.

    As a network does, it sees the nearer of two people (the second) where they are one
    behind the other, and nobody in an empty box.
    """

    def __init__(self, walkers) -> None:
        self.walkers = walkers
        self.number = -1

    def crop(self, image: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
        self.number += 1
        return list(boxes)

    def estimate_crops(self, boxes: list[np.ndarray]) -> tuple:
        truth, scores = self.walkers.keypoints[self.number], []
        points = np.zeros((len(boxes), 17, 2))
        for i, box in enumerate(boxes):
            fit = iou(box[None], self.walkers.boxes[self.number])[0]
            fit[1] *= 1.2
            points[i] = truth[fit.argmax()]
            scores.append(np.full(17, 0.9 if fit.max() > 0.3 else 0.1))
        return points, np.array(scores).reshape(-1, 17)


class NoisySeer(Seer):
    """A trained network's twin: another box gives another error, or another's joint."""

    def estimate_crops(self, boxes: list[np.ndarray]) -> tuple:
        points, scores = super().estimate_crops(boxes)
        truth = self.walkers.keypoints[self.number]
        for index, box in enumerate(boxes):
            rng = np.random.default_rng(np.round(box[:4]).astype(int) % 997)
            size = max(box[2:4] - box[:2])
            points[index] += rng.normal(0, 0.02 * size, (17, 2))
            overlap = iou(*self.walkers.boxes[self.number][:, None])[0, 0]
            astray = rng.random(17) < min(overlap, 0.2)
            points[index][astray] = rng.permuted(truth[rng.integers(2)])[astray]
        return points, scores


def follow(walkers, search, see=Seer, **options) -> list[People]:
    """Follow the walkers by poses that are known."""
    frames = enumerate(walkers.frames)
    tracker = PoseTracker(search, **options)
    return [found for *_, found in track_people(see(walkers), frames, tracker)]


def find_visible(walkers):
    """Return a search that finds whom a detector would: not one behind another."""

    def search(index: int, frame: np.ndarray) -> np.ndarray:
        boxes = walkers.boxes[index].astype(np.float32)
        return boxes[1:] if iou(*boxes[:, None])[0, 0] > 0.45 else boxes

    return search


@pytest.mark.parametrize('every', [1, 10, 25])
def test_people_keep_their_numbers_through_a_crossing(walkers, every):
    found = follow(walkers, find_visible(walkers), every=every)
    for index, people in enumerate(found):
        truth = dict(zip((1, 2), walkers.keypoints[index], strict=True))
        for number, keypoints in zip(people.numbers, people.keypoints, strict=True):
            np.testing.assert_array_equal(keypoints, truth[number], f'frame {index}')
    assert all(set(people.numbers) <= {1, 2} for people in found)
    behind = [len(people.numbers) < 2 for people in found]
    hidden = [len(find_visible(walkers)(i, None)) < 2 for i in range(len(found))]
    assert sum(behind) <= sum(hidden) + 4


@pytest.mark.parametrize('every', [1, 10, 30, None])
def test_people_are_followed_by_a_noisy_network(walkers, every):
    """With ``None`` the boxes of the first frame are all that is known."""

    def search(index: int, frame: np.ndarray) -> np.ndarray | None:
        known = every is not None or index == 0
        return find_visible(walkers)(index, frame) if known else None

    found = follow(walkers, search, NoisySeer, every=every or 10)
    right, off = [], []
    for truth, people in zip(walkers.keypoints, found, strict=True):
        assert set(people.numbers) <= {1, 2}
        for number, keypoints in zip(people.numbers, people.keypoints, strict=True):
            apart = np.linalg.norm(keypoints - truth, axis=2)
            nearest = np.median(apart, axis=1).argmin()
            right.append(nearest == number - 1)
            off.append(apart[nearest])
    assert all(right[:40]) and all(right[-40:])  # before the crossing, and after it
    assert np.mean(right) > 0.95
    assert len(right) > 0.85 * 2 * len(found)
    assert np.median(off) < 8


def test_boxes_follow_without_another_search(walkers):
    asked = []

    def search(index: int, frame: np.ndarray) -> np.ndarray | None:
        asked.append(index)
        return walkers.boxes[0] if index == 0 else None

    before = 20  # the crossing
    for index, people in enumerate(follow(walkers, search)[:before]):
        assert list(people.numbers) == [1, 2]
        overlap = np.diag(iou(people.boxes, walkers.boxes[index]))
        assert overlap.min() > 0.6, f'frame {index}'
    assert asked[0] == 0


def test_search_is_rare_while_poses_are_sure(walkers):
    asked = []

    def search(index: int, frame: np.ndarray) -> np.ndarray:
        asked.append(index)
        return walkers.boxes[index]

    follow(walkers, search, every=6)
    assert asked[:4] == [0, 6, 12, 18]


def test_a_lost_pose_is_searched_in_the_next_frame(walkers):
    asked = []

    def search(index: int, frame: np.ndarray) -> np.ndarray:
        asked.append(index)
        return walkers.boxes[index]

    tracker = PoseTracker(search, every=10)
    for index, score in enumerate((0.9, 0.9, 0.1, 0.9)):
        boxes = tracker.find_boxes(index, walkers.frames[index])
        scores = np.full((2, 17), 0.9)
        scores[0] = score
        people = People(boxes, walkers.keypoints[index], scores)
        numbers = list(tracker.update(people).numbers)
        assert numbers == ([2] if score < 0.3 else [1, 2])
    assert asked == [0, 3]


def test_who_leaves_is_forgotten_and_who_comes_gets_a_new_number(walkers):
    def search(index: int, frame: np.ndarray) -> np.ndarray:
        return walkers.boxes[index][:1] if index < 12 else walkers.boxes[index][1:]

    found = follow(walkers, search, every=1, frame_rate=5)
    assert list(found[0].numbers) == [1]
    assert list(found[-1].numbers) == [2]


def test_without_a_search_the_first_pose_is_the_first_person(walkers):
    """Its box, at first the whole frame, comes to the person."""
    tracker = PoseTracker()
    for index, frame in enumerate(walkers.frames[:20]):
        boxes = tracker.find_boxes(index, frame)
        scores = np.full((1, 17), 0.9 if index > 3 else 0.1)
        people = People(boxes, walkers.keypoints[index, :1], scores)
        assert list(tracker.update(people).numbers) == [1] * (index > 3)
    assert iou(boxes, walkers.boxes[index, :1])[0, 0] > 0.3


@pytest.mark.parametrize(('missed', 'number'), [(1, 1), (20, 1), (40, 2)])
def test_without_a_search_a_second_without_a_pose_ends_it(walkers, missed, number):
    tracker, numbers = PoseTracker(frame_rate=25), []
    for index in range(missed + 4):
        boxes = tracker.find_boxes(index, walkers.frames[0])
        scores = np.full((1, 17), 0.1 if 2 <= index < 2 + missed else 0.9)
        people = People(boxes, walkers.keypoints[0, :1], scores)
        numbers += list(tracker.update(people).numbers)
    assert numbers == [1, 1, number, number]


def test_nobody_in_sight(walkers):
    found = follow(walkers, lambda index, frame: NO_BOXES)
    assert all(people.keypoints.shape == (0, 17, 2) for people in found)


def test_smoothing_takes_jitter_away_and_stays_close():
    rng = np.random.default_rng(0)
    true = np.linspace(0, 400, 50)[:, None, None] + rng.uniform(0, 50, (1, 17, 2))
    noisy = true + rng.normal(0, 1.5, true.shape)
    boxes = np.concatenate((true.min(1), true.max(1), np.ones((50, 1))), axis=1)
    tracker = PoseTracker(lambda index, frame: boxes[index, None], 1, smooth=True)
    smooth = []
    for index, keypoints in enumerate(noisy):
        people = People(
            tracker.find_boxes(index, np.zeros((500, 500, 3), np.uint8)),
            keypoints[None],
            np.ones((1, 17)),
        )
        smooth.append(tracker.update(people).keypoints[0])
    jitter = [np.diff(x, 2, axis=0).std() for x in (noisy, np.array(smooth))]
    assert jitter[1] < 0.7 * jitter[0]
    assert np.abs(np.array(smooth) - true).mean() < 1.5  # 8 pixels a frame, no delay


@pytest.mark.parametrize('wrong', [dict(every=0), dict(frame_rate=0)])
def test_wrong_arguments(wrong):
    with pytest.raises(UserError, match=next(iter(wrong))):
        PoseTracker(lambda index, frame: NO_BOXES, **wrong)
