"""Bodies of the synthetic people: proportions, poses, forward kinematics, camera.

Segment lengths are the averages of Drillis and Contini, "Body Segment Parameters"
(1966), in fractions of the stature. A pose is a set of joint angles drawn from a table
of ranges; forward kinematics turns it into points.

Axes of a body: x to its own left, y up, z to its front; the pelvis is the origin, the
stature the unit, angles are degrees. Axes of a view: x right, y down, z to the camera.
"""

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
}  # fmt: skip


class PoseFamily(NamedTuple):
    """One family of poses.

    Attributes:
        share (float): How often it is drawn; the shares add up to 1.
        lean (tuple[float, float]): Range of the forward lean of the torso.
        legs (tuple[str, str]): Keys of ``LEGS``, for one leg and the other; which is
            the left one is drawn.
        arms (tuple[tuple[str, str], ...]): Pairs of keys of ``ARMS``, in the order of
            the legs; one pair is drawn.
    """

    share: float
    lean: Range
    legs: tuple[str, str]
    arms: tuple[tuple[str, str], ...]


POSES = {
    'stand': PoseFamily(
        0.35, (-5, 8), ('stand', 'stand'),
        (('hang', 'hang'), ('hang', 'hip'), ('hip', 'hip'), ('side', 'side')),
    ),
    'reach': PoseFamily(
        0.25, (-5, 20), ('stand', 'step'),
        (('up', 'up'), ('up', 'hang'), ('forward', 'hang'), ('side', 'up')),
    ),
    'walk': PoseFamily(
        0.15, (0, 10), ('step', 'push'), (('hang', 'hang'), ('trail', 'drive'))
    ),
    'run': PoseFamily(0.15, (5, 25), ('drive', 'trail'), (('trail', 'drive'),)),
    'sit': PoseFamily(
        0.1, (-15, 20), ('sit', 'sit'), (('hang', 'hang'), ('forward', 'hang'))
    ),
}  # fmt: skip

# Mean lengths of the segments, in statures; girth scales all thicknesses.
PROPORTIONS = dict(
    torso=0.288, shoulder=0.100, hip=0.052, upper_arm=0.186, forearm=0.146, hand=0.060,
    thigh=0.245, shank=0.246, foot=0.100, neck=0.060, girth=1.0,
)  # fmt: skip

# Points on the head, from its middle.
FACE = {
    'nose': (0.0, -0.008, 0.056),
    'left_eye': (0.019, 0.010, 0.044),
    'right_eye': (-0.019, 0.010, 0.044),
    'left_ear': (0.046, 0.0, -0.006),
    'right_ear': (-0.046, 0.0, -0.006),
    'chin': (0.0, -0.030, 0.008),
    'crown': (0.0, 0.016, -0.006),
    'hair': (0.0, 0.032, -0.014),
    'nape': (0.0, -0.010, -0.026),
}


class Pose(NamedTuple):
    """Joint angles of one body in degrees.

    Attributes:
        lean (float): Forward lean of the torso.
        turn (float): Turn of the shoulders against the hips.
        head (tuple[float, float]): Nod and turn of the head.
        arms (dict[str, tuple]): For ``left`` and ``right`` the angles flex, abduct,
            twist and bend.
        legs (dict[str, tuple]): The same for the legs.
    """

    lean: float
    turn: float
    head: tuple[float, float]
    arms: dict[str, tuple[float, ...]]
    legs: dict[str, tuple[float, ...]]


class View(NamedTuple):
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
    """Sample the segment lengths of one body."""
    return {
        name: mean * (1 + 0.06 * np.clip(rng.standard_normal(), -2, 2))
        for name, mean in PROPORTIONS.items()
    }


def sample_pose(rng: np.random.Generator) -> Pose:
    """Sample a family of poses, then angles from its ranges."""
    families = [*POSES.values()]
    family = families[rng.choice(len(families), p=[f.share for f in families])]
    sides = sorted(SIDES, reverse=rng.random() < 0.5)
    arms = family.arms[rng.integers(len(family.arms))]

    def sample(limbs: dict[str, Limb], names: tuple[str, str]) -> dict[str, tuple]:
        return {
            side: tuple(rng.uniform(low, high) for low, high in limbs[name])
            for side, name in zip(sides, names, strict=True)
        }

    return Pose(
        lean=rng.uniform(*family.lean),
        turn=rng.normal(0, 10),
        head=(rng.normal(5, 10), rng.normal(0, 20)),
        arms=sample(ARMS, arms),
        legs=sample(LEGS, family.legs),
    )


def sample_view(rng: np.random.Generator) -> View:
    """Sample where the camera stands; two thirds of the people face it."""
    return View(
        yaw=rng.uniform(-45, 45) if rng.random() < 0.55 else rng.uniform(-180, 180),
        pitch=rng.uniform(-8, 20),
        roll=rng.uniform(-6, 6),
        distance=rng.uniform(3, 8),
    )


def make_skeleton(pose: Pose, proportions: dict[str, float]) -> dict[str, np.ndarray]:
    """Turn joint angles into points in space: forward kinematics.

    Args:
        pose (Pose): The joint angles.
        proportions (dict[str, float]): Segment lengths, by the keys of
            ``PROPORTIONS``.

    Returns:
        dict[str, np.ndarray]: Joints and points of the head, each of shape (3,).

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> body = make_skeleton(sample_pose(rng), sample_proportions(rng))
        >>> body['left_wrist'].shape
        (3,)
    """
    size = proportions
    torso = rotation('x', pose.lean) @ rotation('y', pose.turn)
    neck = torso @ [0, size['torso'], 0]
    # The head goes only half of the torso's lean along: people look ahead.
    nod, turn = pose.head
    head = rotation('x', pose.lean / 2 + nod) @ rotation('y', pose.turn + turn)
    middle = neck + head @ [0, size['neck'] + 0.065, 0.01]
    points = {'neck': neck, **{name: middle + head @ at for name, at in FACE.items()}}
    for side, sign in SIDES.items():
        axes, bent = _turn_limb(torso, sign, pose.arms[side], bends_back=False)
        shoulder = neck + torso @ [sign * size['shoulder'], -0.01, 0]
        elbow = shoulder + axes @ [0, -size['upper_arm'], 0]
        wrist = elbow + bent @ [0, -size['forearm'], 0]
        hand = wrist + bent @ [0, -size['hand'], 0]

        axes, bent = _turn_limb(np.eye(3), sign, pose.legs[side], bends_back=True)
        hip = np.array([sign * size['hip'], 0, 0])
        knee = hip + axes @ [0, -size['thigh'], 0]
        ankle = knee + bent @ [0, -size['shank'], 0]
        toe = ankle + bent @ [0, -0.035, size['foot']]
        limbs = dict(
            shoulder=shoulder, elbow=elbow, wrist=wrist, hand=hand,
            hip=hip, knee=knee, ankle=ankle, toe=toe,
        )  # fmt: skip
        points.update({f'{side}_{name}': point for name, point in limbs.items()})
    return points


def _turn_limb(
    parent: np.ndarray, sign: int, angles: tuple[float, ...], bends_back: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the axes of a limb's upper and of its lower segment."""
    flex, abduct, twist, bend = angles
    upper = (
        parent
        @ rotation('x', -flex)
        @ rotation('z', sign * abduct)
        @ rotation('y', sign * twist)
    )
    return upper, upper @ rotation('x', bend if bends_back else -bend)
