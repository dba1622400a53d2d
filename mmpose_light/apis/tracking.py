"""People followed through a video: boxes from the last poses, numbers that stay."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from ..utils.errors import UserError
from .one_euro import OneEuroFilter
from .people import People, PoseModel, take_whole_image

MATCH_IOU = 0.3  # least overlap of one person's boxes
SAME_POSE = 0.1  # two poses closer than this, in sizes of a person, are one person's
MAX_MARGIN = 0.3  # of a box about its keypoints, in sizes of a person
LOST_SHARE = 0.25  # a pose with a smaller share of sure keypoints is lost
PATIENCE = 1.0  # seconds without a pose, or missed by searches, until a person has left


@dataclass
class Track:
    """One person followed.

    Attributes:
        number (int): The person's number, from 1.
        box (np.ndarray): Left, top, right, bottom in pixels and score, shape (5,).
        middle (np.ndarray, optional): The box's middle, expected once it moved, shape
            (2,). ``None`` until the first pose.
        velocity (np.ndarray): Of the middle, in pixels a frame, shape (2,).
        margins (np.ndarray, optional): How far the box goes beyond the keypoints at
            its four sides, in sizes of the person, shape (4,). ``None`` until the
            first pose in a box that was found.
        found (bool): Whether the box was found in this frame.
        lost (int): Frames without a pose in a row.
        unseen (int): Frames since the first search in a row that missed this person.
        smoother (OneEuroFilter, optional): Smooths the keypoints.
    """

    number: int
    box: np.ndarray
    middle: np.ndarray | None = None
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(2))
    margins: np.ndarray | None = None
    found: bool = True
    lost: int = 0
    unseen: int = 0
    smoother: OneEuroFilter | None = None

    def move(self) -> None:
        """Move on by one frame."""
        self.box[:4] += np.tile(self.velocity, 2)
        if self.middle is not None:
            self.middle = self.middle + self.velocity
        self.found = False
        self.unseen += self.unseen > 0

    def follow(self, points: np.ndarray) -> None:
        """Take the next box from the keypoints that are sure, shape (N, 2)."""
        extent = np.concatenate((points.min(0), points.max(0)))
        size = max(extent[2:] - extent[:2])
        outward = np.array([-1, -1, 1, 1])
        if self.found or self.margins is None:
            margins = (self.box[:4] - extent) * outward / max(size, 1)
            self.margins = np.clip(margins, 0, MAX_MARGIN)
        # The search knows a person's extent, the pose in it only the joints'.
        box = extent + outward * self.margins * size
        if not self.found:
            box = (box + self.box[:4]) / 2
        self.box[:4] = box
        middle = (box[:2] + box[2:]) / 2
        if self.middle is not None:
            self.velocity = self.velocity + 0.4 * (middle - self.middle)
        self.middle = middle


class PoseTracker:
    """Follow people: the box of each comes from the pose in the frame before.

    Boxes are searched (by a detector, for one) in the first frame, every ``every``
    frames, and in the frame after a pose was lost. What is found is matched with those
    who are followed, greedily by overlap, so that people keep their numbers; where two
    are at one place, as when they pass each other, the one whose place was less
    expected goes on as it went before.

    Args:
        search (Callable, optional): Takes a frame's number and the frame, returns
            people's boxes, shape (N, 5), or ``None`` where nothing is known of that
            frame. Defaults to ``None``: the whole frame is one person's box until there
            is a pose in it
        every (int): Frames from one search to the next. Defaults to 10
        kpt_thr (float): Least score of a keypoint that is sure. Defaults to 0.3
        smooth (bool): Smooth the keypoints over time. Defaults to ``False``
        frame_rate (float): Frames in a second: who has no pose for a second, or is missed
            by the searches for that long, has left. Defaults to 25

    Raises:
        UserError: If ``every`` or ``frame_rate`` is out of range.

    Example:
        >>> tracker = PoseTracker(detector)  # doctest: +SKIP
        >>> boxes = tracker.find_boxes(number, frame)  # doctest: +SKIP
        >>> people = People(boxes, *estimate(frame, boxes))  # doctest: +SKIP
        >>> people = tracker.update(people)  # doctest: +SKIP
        >>> people.numbers  # doctest: +SKIP
        array([1, 2])
    """

    def __init__(
        self,
        search: Callable[[int, np.ndarray], np.ndarray | None] | None = None,
        every: int = 10,
        kpt_thr: float = 0.3,
        smooth: bool = False,
        frame_rate: float = 25,
    ) -> None:
        if every < 1:
            raise UserError(f'every is {every}, expected 1 or more frames')
        if not frame_rate > 0:
            raise UserError(f'frame_rate is {frame_rate}, expected more than 0')
        self.search = search
        self.every = every
        self.kpt_thr = kpt_thr
        self.smooth = smooth
        self.frame_rate = frame_rate
        self.tracks: list[Track] = []
        self._count = 0
        self._wait = 0  # frames until the next search

    def find_boxes(self, index: int, frame: np.ndarray) -> np.ndarray:
        """Return the boxes of those who are followed, after a search where it is due.

        Args:
            index (int): The number of the frame.
            frame (np.ndarray): The frame, BGR, uint8.

        Returns:
            np.ndarray: Left, top, right, bottom, score, shape (N, 5).
        """
        for track in self.tracks:
            track.move()
        if self.search is None:
            if all(track.lost for track in self.tracks):
                self.tracks = []
                self._match(take_whole_image(index, frame))
        elif self._wait <= 0:
            found = self.search(index, frame)
            if found is not None:
                self._match(found)
                self._wait = self.every
        self._wait -= 1
        height, width = frame.shape[:2]
        self.tracks = [t for t in self.tracks if _is_inside(t.box, width, height)]
        return np.array([t.box for t in self.tracks], np.float32).reshape(-1, 5)

    def update(self, people: People) -> People:
        """Note the poses in the boxes of :meth:`find_boxes`.

        Args:
            people (People): Those boxes and the poses in them.

        Returns:
            People: Those who have a pose, with numbers; smoothed, if so chosen.
        """
        sure = people.scores >= self.kpt_thr
        seen = sure.mean(1) >= LOST_SHARE
        seen &= ~self._find_doubles(people.keypoints, sure, seen)
        for track, points, good, pose in zip(
            self.tracks, people.keypoints, sure, seen, strict=True
        ):
            if pose:
                track.follow(points[good])
            track.lost = 0 if pose else track.lost + 1
        broken = ~np.isfinite(people.keypoints.sum((1, 2)) + people.scores.sum(1))
        kept = np.flatnonzero(seen | broken)  # what is broken is to be noticed
        numbers = np.array([self.tracks[i].number for i in kept], int)
        keypoints = people.keypoints[kept]
        if self.smooth:
            keypoints = np.array(
                [self._smooth(self.tracks[i], people.keypoints[i]) for i in kept]
            ).reshape(keypoints.shape)
        if any(track.lost for track in self.tracks):
            self._wait = 0
        patience = PATIENCE * self.frame_rate
        self.tracks = [t for t in self.tracks if max(t.lost, t.unseen) <= patience]
        return People(people.boxes[kept], keypoints, people.scores[kept], numbers)

    def _match(self, found: np.ndarray) -> None:
        """Give boxes that were found to those who are followed, or to new people."""
        overlaps = iou(np.array([t.box for t in self.tracks]).reshape(-1, 5), found)
        matched = set()
        for track, box in _match_greedily(overlaps):
            self.tracks[track].box = np.array(found[box], float)
            self.tracks[track].found, self.tracks[track].unseen = True, 0
            matched.add((track, box))
        for index, track in enumerate(self.tracks):
            if index not in {t for t, _ in matched}:
                track.unseen = max(track.unseen, 1)
        for index in sorted(set(range(len(found))) - {b for _, b in matched}):
            self._count += 1
            self.tracks.append(Track(self._count, np.array(found[index], float)))

    def _find_doubles(
        self, keypoints: np.ndarray, sure: np.ndarray, seen: np.ndarray
    ) -> np.ndarray:
        """Tell which poses are another one's, found in the box beside it."""
        doubles = np.zeros(len(seen), bool)
        middles = np.array([(t.box[:2] + t.box[2:4]) / 2 for t in self.tracks])
        for i in range(len(seen)):
            for j in range(i + 1, len(seen)):
                both = sure[i] & sure[j]
                if not (seen[i] and seen[j] and both.any()):
                    continue
                size = max(np.ptp(keypoints[i][sure[i]], axis=0).max(), 1)
                apart = np.linalg.norm(keypoints[i] - keypoints[j], axis=1)[both]
                if apart.mean() < SAME_POSE * size:
                    middle = np.median(keypoints[i][both], axis=0)
                    off = np.linalg.norm(middles[[i, j]] - middle, axis=1)
                    doubles[(i, j)[int(off[1] >= off[0])]] = True
        return doubles

    def _smooth(self, track: Track, keypoints: np.ndarray) -> np.ndarray:
        """Smooth one person's keypoints, in sizes of the person."""
        size = max(track.box[2:4] - track.box[:2])
        if track.smoother is None:
            track.smoother = OneEuroFilter(self.frame_rate)
        return track.smoother(keypoints, size)


def track_people(
    model: PoseModel, frames: Iterable[tuple[int, np.ndarray]], tracker: PoseTracker
) -> Iterator[tuple[int, np.ndarray, People]]:
    """Estimate the people of a video's frames, one frame after the other.

    Args:
        model (PoseModel): What estimates poses.
        frames (Iterable[tuple[int, np.ndarray]]): Frames, BGR, uint8, with numbers.
        tracker (PoseTracker): Follows the people.

    Yields:
        tuple[int, np.ndarray, People]: Each frame with its number and its people.
    """
    for index, frame in frames:
        boxes = tracker.find_boxes(index, frame)
        found = People(boxes, *model.estimate_crops(model.crop(frame, boxes)))
        yield index, frame, tracker.update(found)


def iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the overlap of boxes: intersection over union.

    Args:
        first (np.ndarray): Left, top, right, bottom …, shape (N, 4 or more).
        second (np.ndarray): The same, shape (M, 4 or more).

    Returns:
        np.ndarray: From 0 to 1, shape (N, M).

    Example:
        >>> iou(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 3, 2]])).round(2)
        array([[0.33]])
    """
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:4], second[None, :, 2:4])
    common = np.prod(np.maximum(high - low, 0), axis=2)
    areas = [np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1) for boxes in (first, second)]
    union = areas[0][:, None] + areas[1][None] - common
    return common / np.maximum(union, 1e-9)


def _match_greedily(overlaps: np.ndarray) -> list[tuple[int, int]]:
    """Pair rows with columns, the greatest overlap first."""
    pairs = []
    overlaps = overlaps.copy()
    while overlaps.size and overlaps.max() >= MATCH_IOU:
        row, column = np.unravel_index(overlaps.argmax(), overlaps.shape)
        pairs.append((int(row), int(column)))
        overlaps[row] = overlaps[:, column] = 0
    return pairs


def _is_inside(box: np.ndarray, width: int, height: int) -> bool:
    """Return whether a box has a part in the frame."""
    left, top, right, bottom = box[:4]
    return right > 0 and bottom > 0 and left < width and top < height
