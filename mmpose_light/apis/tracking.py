"""People followed through a video: boxes from the last poses, numbers that stay."""

from collections.abc import Callable, Iterable, Iterator
from itertools import compress

import numpy as np

from ..utils.errors import UserError
from .one_euro import OneEuroFilter
from .people import People, PoseModel, take_whole_image
from .track import LOST_SHARE, Track

MATCH_IOU = 0.3  # least overlap of one person's boxes
REACH = 0.5  # who was out of sight is found again this near, in sizes of a person
SAME_POSE = 0.1  # two poses closer than this, in sizes of a person, are one person's
OWN_BOX = 0.03  # a pose in another's box has to fit better by this, in sizes
CROWDED = 0.2  # overlap of two people's boxes from which their poses may be mixed
PATIENCE = 1.0  # seconds without a pose, or missed by searches, until a person has left
HIDDEN = 0.25  # how fast that time goes by behind another person


class PoseTracker:
    """Follow people: the box of each comes from the pose in the frame before.

    Boxes are searched (by a detector, for one) in the first frame, every ``every``
    frames, and in the frame after a pose was lost. What is found is matched greedily
    with those who are followed: by overlap, and those out of sight by distance. Each
    pose then goes to whom it was expected of, by its keypoints: where two pass each
    other, the network may see the nearer one in both boxes. The other goes on as before,
    and is waited for.

    Args:
        search (Callable, optional): Takes a frame's number and the frame, returns
            people's boxes, shape (N, 5), or ``None`` where nothing is known of that
            frame. Defaults to ``None``: the whole frame is one person's box until there
            is a pose in it
        every (int): Frames from one search to the next. Defaults to 10
        kpt_thr (float): Least score of a keypoint that is sure. Defaults to 0.3
        smooth (bool): Smooth the keypoints over time. Defaults to ``False``
        frame_rate (float): Frames in a second: who has no pose for a second, or is missed
            by the searches for that long, has left; four seconds behind another person.
            Defaults to 25

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
                (box,) = take_whole_image(index, frame).astype(float)
                last = self.tracks[0] if self.tracks else Track(self._count + 1, box)
                self.tracks = [Track(last.number, box, lost=last.lost)]
        elif self._wait <= 0:
            found = self.search(index, frame)
            if found is not None:
                self._match(found)
                self._wait = self.every
        self._wait -= 1
        height, width = frame.shape[:2]
        boxes = [t.box if t.found is None else t.found for t in self.tracks]
        inside = [_is_inside(box, width, height) for box in boxes]
        self.tracks = list(compress(self.tracks, inside))
        return np.array(list(compress(boxes, inside)), np.float32).reshape(-1, 5)

    def update(self, people: People) -> People:
        """Note the poses in the boxes of :meth:`find_boxes`.

        Args:
            people (People): Those boxes and the poses in them.

        Returns:
            People: Those who have a pose, with numbers; smoothed, if so chosen.
        """
        sure = people.scores >= self.kpt_thr
        sure &= np.isfinite(people.keypoints).all(2)
        posed = sure.mean(1) >= LOST_SHARE
        seen = posed & ~self._find_doubles(people, sure, posed)
        owners = self._find_owners(people, sure, seen)
        overlaps = iou(people.boxes, people.boxes) - np.eye(len(people.boxes))
        crowded = (overlaps > CROWDED).any(1)
        found = [track.found for track in self.tracks]
        for pose, owner in owners.items():
            self.tracks[owner].follow(
                found[pose],
                people.keypoints[pose],
                sure[pose],
                crowded[pose],
                self.frame_rate,
            )
        behind = (overlaps > CROWDED)[:, seen].any(1)
        for index, track in enumerate(self.tracks):
            if not posed[index] and track.found is not None:
                track.box = np.array(track.found, float)
            pace = HIDDEN if behind[index] else 1
            track.unseen += pace * (track.unseen > 0)
            if index not in owners.values():
                track.lost += pace
                track.smoother = None
        broken = ~np.isfinite(people.keypoints.sum((1, 2)) + people.scores.sum(1))
        kept = sorted({*owners, *np.flatnonzero(broken)})  # what is broken is noticed
        followed = [self.tracks[owners.get(index, index)] for index in kept]
        numbers = np.array([track.number for track in followed], int)
        self._count = max(self._count, *numbers, 0)
        keypoints = people.keypoints[kept]
        if self.smooth:
            keypoints = np.array(
                [self._smooth(*pair) for pair in zip(followed, keypoints, strict=True)]
            ).reshape(keypoints.shape)
        if any(track.lost for track in self.tracks):
            self._wait = 0
        patience = PATIENCE * self.frame_rate
        self.tracks = [t for t in self.tracks if max(t.lost, t.unseen) <= patience]
        return People(people.boxes[kept], keypoints, people.scores[kept], numbers)

    def _match(self, found: np.ndarray) -> None:
        """Give boxes that were found to those who are followed, or to new people."""
        boxes = np.array([t.box for t in self.tracks]).reshape(-1, 5)
        pairs = _match_greedily(iou(boxes, found), MATCH_IOU)
        near = -_measure_distances(boxes, found)
        near[[t.lost + t.unseen == 0 for t in self.tracks]] = -np.inf
        for track, box in pairs:
            near[track] = near[:, box] = -np.inf
        pairs += _match_greedily(near, -REACH)
        for track in self.tracks:
            track.unseen = max(track.unseen, 1)
        for track, box in pairs:
            self.tracks[track].found, self.tracks[track].unseen = found[box], 0
        for index in sorted(set(range(len(found))) - {box for _, box in pairs}):
            self._count += 1
            box = np.array(found[index], float)
            self.tracks.append(Track(self._count, box, box))

    def _find_owners(
        self, people: People, sure: np.ndarray, seen: np.ndarray
    ) -> dict[int, int]:
        """Give each pose to who is expected there: track by pose, both numbers."""
        apart = np.full((len(seen), len(seen)), np.inf)
        boxes = np.array([t.box for t in self.tracks]).reshape(-1, 5)
        near = iou(people.boxes, boxes) > 0
        for pose in np.flatnonzero(seen):
            for index in np.flatnonzero(near[pose]):
                if self.tracks[index].pose is not None:
                    apart[pose, index] = self.tracks[index].measure_distance(
                        people.keypoints[pose], sure[pose]
                    )
            if self.tracks[pose].pose is None:
                apart[pose, pose] = 0
            apart[pose, pose] = min(apart[pose, pose] - OWN_BOX, REACH)
        return dict(_match_greedily(-apart, -REACH))

    def _find_doubles(
        self, people: People, sure: np.ndarray, seen: np.ndarray
    ) -> np.ndarray:
        """Tell which poses are another one's, found in the box beside it."""
        doubles, keypoints = np.zeros(len(seen), bool), people.keypoints
        middles = (people.boxes[:, :2] + people.boxes[:, 2:4]) / 2
        near = np.triu(iou(people.boxes, people.boxes) > 0, 1)
        for i, j in np.argwhere(near & seen[:, None] & seen):
            both = sure[i] & sure[j]
            size = max(np.ptp(keypoints[i][sure[i]], axis=0).max(), 1)
            apart = np.linalg.norm(keypoints[i] - keypoints[j], axis=1)[both]
            if both.any() and np.median(apart) < SAME_POSE * size:
                middle = np.median(keypoints[i][both], axis=0)
                off = np.linalg.norm(middles[[i, j]] - middle, axis=1)
                doubles[(i, j)[int(off[1] >= off[0])]] = True
        return doubles

    def _smooth(self, track: Track, keypoints: np.ndarray) -> np.ndarray:
        """Smooth one person's keypoints, in sizes of the person."""
        if track.smoother is None:
            track.smoother = OneEuroFilter(self.frame_rate)
        return track.smoother(keypoints, track.size, track.velocity)


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


def _match_greedily(fits: np.ndarray, least: float) -> list[tuple[int, int]]:
    """Pair rows with columns, those that fit best first."""
    pairs = []
    fits = fits.copy()
    while fits.size and fits.max() >= least:
        row, column = np.unravel_index(fits.argmax(), fits.shape)
        pairs.append((int(row), int(column)))
        fits[row] = fits[:, column] = -np.inf
    return pairs


def _measure_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return how far boxes' middles are apart, in longer sides of the first."""
    middles = [(boxes[:, :2] + boxes[:, 2:4]) / 2 for boxes in (first, second)]
    sizes = np.maximum((first[:, 2:4] - first[:, :2]).max(1), 1)
    apart = np.linalg.norm(middles[0][:, None] - middles[1][None], axis=2)
    return apart / sizes[:, None]


def _is_inside(box: np.ndarray, width: int, height: int) -> bool:
    """Return whether a box has a part in the frame."""
    left, top, right, bottom = box[:4]
    return right > 0 and bottom > 0 and left < width and top < height
