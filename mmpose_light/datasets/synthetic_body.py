"""Bodies of the synthetic people: proportions, poses, forward kinematics, camera.

Segment lengths are the averages of Drillis and Contini, "Body Segment Parameters"
(1966), in fractions of the stature; radii are chosen by eye. A pose is a set of
joint angles drawn from a table of ranges; forward kinematics turns it into points.

Axes of a body: x to its own left, y up, z to its front; the pelvis is the origin, the
stature the unit, angles are degrees. Axes of a view: x right, y down, z to the camera.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

SIDES = {'left': 1, 'right': -1}

Range = tuple[float, float]


# Ranges of the four angles of a limb. flex: the upper segment swings forward; 0 hangs
# down, 90 points forward, 180 up. abduct: it swings away from the body. twist: it turns
# about its own axis; positive turns the bend outward. bend: elbow or knee.
Limb = tuple[Range, Range, Range, Range]

ARMS = {
    #           flex        abduct      twist       bend
    'hang':    ((-15, 20),  (3, 18),    (-30, 10),  (0, 35)),
    'hip':     ((-35, -5),  (35, 55),   (-95, -70), (75, 105)),
    'forward': ((40, 105),  (-10, 30),  (-40, 30),  (0, 90)),
    'side':    ((-20, 30),  (50, 110),  (-40, 60),  (0, 90)),
    'up':      ((125, 178), (-5, 35),   (-40, 40),  (0, 80)),
    'fold':    ((5, 40),    (0, 25),    (-75, -35), (70, 125)),
    'drive':   ((15, 60),   (5, 25),    (-40, 0),   (65, 115)),
    'trail':   ((-60, -20), (8, 28),    (-30, 0),   (50, 100)),
}  # fmt: skip
LEGS = {
    #           flex        abduct      twist       bend
    'stand':   ((-6, 8),    (0, 12),    (-5, 20),   (0, 8)),
    'step':    ((10, 32),   (0, 10),    (-5, 10),   (0, 25)),
    'push':    ((-28, -8),  (0, 10),    (-5, 10),   (5, 40)),
    'drive':   ((35, 85),   (0, 12),    (-5, 10),   (45, 110)),
    'trail':   ((-35, 0),   (0, 12),    (-5, 10),   (30, 100)),
    'sit':     ((70, 100),  (0, 25),    (-10, 15),  (60, 105)),
    'squat':   ((70, 115),  (5, 35),    (-5, 20),   (75, 135)),
    'spread':  ((-5, 25),   (20, 50),   (0, 30),    (0, 30)),
}  # fmt: skip


class PoseFamily(NamedTuple):
    """One family of poses.

    Attributes:
        share (float): How often it is drawn; the shares add up to 1.
        lean (tuple[float, float]): Range of the forward lean of the torso.
        legs (tuple[str, str]): Keys into ``LEGS``, for one leg and the other; which
            is the left one is drawn.
        arms (tuple[tuple[str, str], ...]): Pairs of keys into ``ARMS``, in the order
            of the legs; one pair is drawn.
        roll (tuple[float, float]): Range of the roll of the whole body in the image;
            either way round is as likely. Defaults to ``(0, 6)``
    """

    share: float
    lean: Range
    legs: tuple[str, str]
    arms: tuple[tuple[str, str], ...]
    roll: Range = (0, 6)


POSES = {
    'stand': PoseFamily(
        0.31, (-5, 8), ('stand', 'stand'),
        (('hang', 'hang'), ('hang', 'hip'), ('hip', 'hip'), ('fold', 'fold')),
    ),
    'reach': PoseFamily(
        0.17, (-5, 20), ('stand', 'step'),
        (('up', 'up'), ('up', 'hang'), ('forward', 'hang'), ('forward', 'forward'),
         ('side', 'hang'), ('side', 'up')),
    ),
    'walk': PoseFamily(
        0.15, (0, 10), ('step', 'push'), (('hang', 'hang'), ('trail', 'drive'))
    ),
    'run': PoseFamily(0.12, (5, 25), ('drive', 'trail'), (('trail', 'drive'),)),
    'sit': PoseFamily(
        0.12, (-15, 20), ('sit', 'sit'),
        (('hang', 'hang'), ('forward', 'hang'), ('fold', 'fold'), ('fold', 'up')),
    ),
    'squat': PoseFamily(
        0.05, (15, 45), ('squat', 'squat'), (('forward', 'forward'), ('fold', 'fold'))
    ),
    'star': PoseFamily(
        0.05, (-10, 10), ('spread', 'spread'), (('side', 'side'), ('up', 'up'))
    ),
    'lie': PoseFamily(
        0.03, (-5, 15), ('stand', 'step'), (('hang', 'hang'), ('up', 'side')),
        roll=(70, 110),
    ),
}  # fmt: skip

# Segment lengths in statures: (mean, relative standard deviation).
PROPORTIONS = {
    'torso': (0.288, 0.05),
    'shoulder': (0.100, 0.08),
    'hip': (0.052, 0.08),
    'upper_arm': (0.186, 0.05),
    'forearm': (0.146, 0.05),
    'hand': (0.060, 0.08),
    'thigh': (0.245, 0.05),
    'shank': (0.246, 0.05),
    'foot': (0.100, 0.08),
    'neck': (0.060, 0.08),
    'head': (1.0, 0.08),
    'girth': (1.0, 0.12),
}

# Points on the head, from its middle, for a head of average size.
FACE = {
    'nose': (0.0, -0.008, 0.056),
    'left_eye': (0.019, 0.010, 0.044),
    'right_eye': (-0.019, 0.010, 0.044),
    'left_ear': (0.046, 0.0, -0.006),
    'right_ear': (-0.046, 0.0, -0.006),
}


@dataclass(frozen=True)
class Pose:
    """Joint angles of one body in degrees.

    Attributes:
        lean (float): Forward lean of the torso.
        side_bend (float): Sideways bend of the torso.
        turn (float): Turn of the shoulders against the hips.
        head (tuple[float, float, float]): Nod, tilt and turn of the head.
        arms (dict[str, tuple]): For ``left`` and ``right`` the angles flex, abduct,
            twist and bend.
        legs (dict[str, tuple]): The same for the legs.
        roll (float): Roll of the whole body in the image.
    """

    lean: float
    side_bend: float
    turn: float
    head: tuple[float, float, float]
    arms: dict[str, tuple[float, ...]]
    legs: dict[str, tuple[float, ...]]
    roll: float


@dataclass(frozen=True)
class Skeleton:
    """A posed body.

    Attributes:
        points (dict[str, np.ndarray]): Places of the joints and the points of the
            face, each of shape (3,), in statures.
        head_axes (np.ndarray): Rotation from the head's axes to the body's, (3, 3).
        proportions (dict[str, float]): Segment lengths, by the keys of
            ``PROPORTIONS``.
    """

    points: dict[str, np.ndarray]
    head_axes: np.ndarray
    proportions: dict[str, float]

    def on_head(self, offset: tuple[float, float, float]) -> np.ndarray:
        """Return the place of a point given by its offset from the middle of the head."""
        size = self.proportions['head']
        return self.points['head'] + self.head_axes @ (size * np.array(offset))


@dataclass(frozen=True)
class View:
    """Where the camera stands; it looks at the pelvis.

    Attributes:
        yaw (float): Turn of the body about the vertical, in degrees; 0 faces the
            camera, 90 shows the left side.
        pitch (float): How far the camera looks down, in degrees.
        roll (float): Clockwise roll of the body in the image, in degrees.
        distance (float): Distance of the camera in statures.
    """

    yaw: float
    pitch: float
    roll: float
    distance: float

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Project points of a body with perspective.

        Args:
            points (np.ndarray): Points in the body's axes, shape (N, 3).

        Returns:
            tuple: The points in the view's axes, shape (N, 3), the pelvis at the
            origin, in statures; and how much larger than at the pelvis things look
            at each of them, shape (N, ).
        """
        turned = points @ (
            rotation('z', -self.roll)
            @ rotation('x', self.pitch)
            @ rotation('y', -self.yaw)
        ).T  # fmt: skip
        zoom = self.distance / (self.distance - turned[:, 2])
        return turned * [1, -1, 1] * zoom[:, None], zoom


def rotation(axis: str, degrees: float) -> np.ndarray:
    """Return the right-handed rotation about the ``x``, ``y`` or ``z`` axis."""
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    first, second = {'x': (1, 2), 'y': (2, 0), 'z': (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = cos
    matrix[first, second], matrix[second, first] = -sin, sin
    return matrix


def sample_proportions(rng: np.random.Generator) -> dict[str, float]:
    """Draw the segment lengths of one body."""
    return {
        name: mean * (1 + spread * np.clip(rng.standard_normal(), -2, 2))
        for name, (mean, spread) in PROPORTIONS.items()
    }


def sample_pose(rng: np.random.Generator) -> Pose:
    """Draw a pose family, then angles from its ranges."""
    families = [*POSES.values()]
    pose = families[rng.choice(len(families), p=[pose.share for pose in families])]
    sides = sorted(SIDES, reverse=rng.random() < 0.5)
    arms = pose.arms[rng.integers(len(pose.arms))]
    return Pose(
        lean=rng.uniform(*pose.lean),
        side_bend=rng.normal(0, 5),
        turn=rng.normal(0, 10),
        head=(rng.normal(5, 10), rng.normal(0, 7), rng.normal(0, 20)),
        arms={
            side: _sample_angles(rng, ARMS[arm])
            for side, arm in zip(sides, arms, strict=True)
        },
        legs={
            side: _sample_angles(rng, LEGS[leg])
            for side, leg in zip(sides, pose.legs, strict=True)
        },
        roll=rng.uniform(*pose.roll) * rng.choice([-1, 1]),
    )


def sample_view(rng: np.random.Generator, pose: Pose) -> View:
    """Draw where the camera stands; half of the people face it."""
    return View(
        yaw=rng.uniform(-40, 40) if rng.random() < 0.5 else rng.uniform(-180, 180),
        pitch=rng.uniform(-8, 20),
        roll=pose.roll,
        distance=rng.uniform(3, 8),
    )


def make_skeleton(pose: Pose, proportions: dict[str, float]) -> Skeleton:
    """Turn joint angles into points in space: forward kinematics.

    Args:
        pose (Pose): The joint angles.
        proportions (dict[str, float]): Segment lengths, by the keys of
            ``PROPORTIONS``.

    Returns:
        Skeleton: The posed body.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> body = make_skeleton(sample_pose(rng), sample_proportions(rng))
        >>> body.points['left_wrist'].shape
        (3,)
    """
    size = proportions
    points = {'pelvis': np.zeros(3)}

    # The torso bends in two halves: at the pelvis and at the waist.
    lower = rotation('x', pose.lean / 2) @ rotation('z', pose.side_bend / 2)
    upper = (
        rotation('x', pose.lean)
        @ rotation('z', pose.side_bend)
        @ rotation('y', pose.turn)
    )
    points['waist'] = lower @ [0, 0.4 * size['torso'], 0]
    points['neck'] = points['waist'] + upper @ [0, 0.6 * size['torso'], 0]

    # The head goes only half of the torso's lean along: people look ahead.
    nod, tilt, turn = pose.head
    head_axes = (
        rotation('x', pose.lean / 2 + nod)
        @ rotation('z', pose.side_bend + tilt)
        @ rotation('y', pose.turn + turn)
    )
    points['head'] = points['neck'] + head_axes @ [
        0, size['neck'] + 0.065 * size['head'], 0.01
    ]  # fmt: skip

    for side, sign in SIDES.items():
        points[f'{side}_shoulder'] = points['neck'] + upper @ [
            sign * size['shoulder'], -0.01, 0
        ]  # fmt: skip
        points[f'{side}_hip'] = np.array([sign * size['hip'], 0, 0])
        _add_arm(points, side, size, upper, pose.arms[side])
        _add_leg(points, side, size, pose.legs[side])
    skeleton = Skeleton(points, head_axes, size)
    for name, offset in FACE.items():
        points[name] = skeleton.on_head(offset)
    return skeleton


def _add_arm(
    points: dict[str, np.ndarray],
    side: str,
    size: dict[str, float],
    parent: np.ndarray,
    angles: tuple[float, ...],
) -> None:
    """Add what hangs on a shoulder."""
    flex, abduct, twist, bend = angles
    axes = _turn_limb(parent, side, flex, abduct, twist)
    elbow = points[f'{side}_shoulder'] + axes @ [0, -size['upper_arm'], 0]
    down = axes @ rotation('x', -bend) @ [0, -1, 0]
    points[f'{side}_elbow'] = elbow
    points[f'{side}_wrist'] = elbow + size['forearm'] * down
    points[f'{side}_hand'] = elbow + (size['forearm'] + size['hand']) * down


def _add_leg(
    points: dict[str, np.ndarray],
    side: str,
    size: dict[str, float],
    angles: tuple[float, ...],
) -> None:
    """Add what hangs on a hip."""
    flex, abduct, twist, bend = angles
    axes = _turn_limb(np.eye(3), side, flex, abduct, twist)
    knee = points[f'{side}_hip'] + axes @ [0, -size['thigh'], 0]
    axes = axes @ rotation('x', bend)
    points[f'{side}_knee'] = knee
    points[f'{side}_ankle'] = knee + axes @ [0, -size['shank'], 0]
    points[f'{side}_toe'] = points[f'{side}_ankle'] + axes @ [0, -0.035, size['foot']]


def _turn_limb(
    parent: np.ndarray, side: str, flex: float, abduct: float, twist: float
) -> np.ndarray:
    """Return the axes of a limb's upper segment."""
    return (
        parent
        @ rotation('x', -flex)
        @ rotation('z', SIDES[side] * abduct)
        @ rotation('y', SIDES[side] * twist)
    )


def _sample_angles(rng: np.random.Generator, limb: Limb) -> tuple[float, ...]:
    return tuple(rng.uniform(low, high) for low, high in limb)
