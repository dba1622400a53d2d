"""One person followed through a video: where the next frame is expected to show them."""

from dataclasses import dataclass, field

import numpy as np

from .one_euro import OneEuroFilter

GAIN, CROWDED_GAIN = 0.15, 0.03  # how much of a surprise changes the velocity
CROWDED_PULL = 0.3  # and the expected pose
BOX_GAIN = 0.2  # and how much the box, which no search has found
RATE = 25  # frames a second, to which the next two belong
JUMP = 0.15  # how far a joint moves from one frame to the next, in sizes of a person
MEMORY = 12  # frames for which a keypoint that is not sure is still expected
SLACK = 0.1  # how far keypoints may lie beside the box, in sizes of a person
MAX_MARGIN = 0.3  # of a box about its keypoints, in sizes of a person
MARGIN = 0.3  # where no search has found a box: a loose one
LOST_SHARE = 0.25  # a pose with a smaller share of sure keypoints is lost
OUTWARD = np.array([-1, -1, 1, 1])


@dataclass
class Track:
    """One person followed.

    Attributes:
        number (int): The person's number, from 1.
        box (np.ndarray): Where the person is expected: left, top, right, bottom in
            pixels and score, shape (5,).
        found (np.ndarray, optional): The box that a search found in this frame.
        pose (np.ndarray, optional): The keypoints that are expected, shape (K, 2).
            ``None`` until the first pose.
        ages (np.ndarray, optional): Frames since each keypoint was sure, shape (K,).
        velocity (np.ndarray): Of the person, in pixels a frame, shape (2,).
        margins (np.ndarray, optional): How far the box goes beyond the keypoints at
            its four sides, in sizes of the person, shape (4,). ``None`` until the
            first pose.
        poses (int): Poses so far.
        poses_since_found (int, optional): Poses since a search found the box. ``None``
            where none has.
        lost (float): Frames without a pose in a row.
        unseen (float): Frames since the first search in a row that missed this person.
        smoother (OneEuroFilter, optional): Smooths the keypoints.
    """

    number: int
    box: np.ndarray
    found: np.ndarray | None = None
    pose: np.ndarray | None = None
    ages: np.ndarray | None = None
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(2))
    margins: np.ndarray | None = None
    poses: int = 0
    poses_since_found: int | None = None
    lost: float = 0
    unseen: float = 0
    smoother: OneEuroFilter | None = None

    @property
    def size(self) -> float:
        """The longer side of the box."""
        return max(*(self.box[2:4] - self.box[:2]), 1)

    def move(self) -> None:
        """Move on by one frame."""
        self.box[:4] += np.tile(self.velocity, 2)
        if self.pose is not None:
            self.pose = self.pose + self.velocity
        self.found = None

    def measure_distance(self, keypoints: np.ndarray, sure: np.ndarray) -> float:
        """Return how far a pose is from the expected one, in sizes of the person."""
        apart = np.linalg.norm(keypoints - self.pose, axis=1)[sure]
        return float(np.median(apart)) / self.size

    def follow(
        self,
        found: np.ndarray | None,
        keypoints: np.ndarray,
        sure: np.ndarray,
        crowded: bool,
        frame_rate: float,
    ) -> None:
        """Learn from a pose where the person is, and how the person moves.

        Args:
            found (np.ndarray, optional): The box of this pose, if a search found it.
            keypoints (np.ndarray): The pose, shape (K, 2).
            sure (np.ndarray): Which keypoints are, shape (K,).
            crowded (bool): Whether somebody else is near, so that the pose may be
                mixed of two people's.
            frame_rate (float): Frames in a second.
        """
        if self.pose is None:
            self.pose, self.ages = keypoints, np.full(len(keypoints), np.inf)
        if found is not None:
            self.box, self.poses_since_found = np.array(found, float), 0
        shift = np.median((keypoints - self.pose)[sure], axis=0)
        if self.poses:
            gain = CROWDED_GAIN if crowded else max(GAIN, 1 / self.poses)
            self.velocity = self.velocity + gain / (1 + self.lost) * shift
        step = JUMP * max(1, RATE / frame_rate)
        sure = self._find_credible(keypoints, sure, shift, step)
        pull = CROWDED_PULL if crowded and self.poses else 1
        self.pose = self.pose + pull * np.where(
            sure[:, None], keypoints - self.pose, shift
        )
        self.ages = np.where(sure, 0, self.ages + 1)
        self._fit_box()
        self.poses += 1
        if self.poses_since_found is not None:
            self.poses_since_found += 1
        self.lost = 0

    def _find_credible(
        self, keypoints: np.ndarray, sure: np.ndarray, shift: np.ndarray, step: float
    ) -> np.ndarray:
        """Leave out keypoints that jump out of the box, as on somebody else."""
        moved = np.linalg.norm(keypoints - self.pose - shift, axis=1)
        steady = (self.ages <= MEMORY) & (moved <= step * self.size)
        beyond = np.maximum(self.box[:2] - keypoints, keypoints - self.box[2:4])
        credible = sure & (steady | (beyond <= SLACK * self.size).all(1))
        return credible if credible.any() else sure

    def _fit_box(self) -> None:
        """Bring the box to the keypoints; what was found tells the margins."""
        points = self.pose[self.ages <= MEMORY]
        if len(points) < max(2, LOST_SHARE * len(self.pose)):
            return
        extent = np.concatenate((points.min(0), points.max(0)))
        size = max(*(extent[2:] - extent[:2]), 1)
        if self.poses_since_found is None:
            self.margins, gain = np.full(4, MARGIN), max(BOX_GAIN, 1 / (1 + self.poses))
        else:
            margins = (self.box[:4] - extent) * OUTWARD / size
            margins = np.clip(margins, -MAX_MARGIN, MAX_MARGIN)
            if self.margins is None:
                self.margins = margins
            # A pose is noisy, so the margins are a mean since the box was found.
            weight = 1 / (1 + self.poses_since_found)
            self.margins = self.margins + weight * (margins - self.margins)
            gain = BOX_GAIN if self.poses_since_found else 1
        box = extent + OUTWARD * self.margins * size
        self.box[:4] += gain * (box - self.box[:4])
