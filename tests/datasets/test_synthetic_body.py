"""Poses of the synthetic people."""

import numpy as np
import pytest

from mmpose_light.datasets.synthetic_body import (
    ARMS,
    LEGS,
    POSES,
    PROPORTIONS,
    SIDES,
    Pose,
    View,
    make_skeleton,
)


@pytest.mark.parametrize('arm', ARMS)
@pytest.mark.parametrize('leg', ['stand', 'sit'])
def test_segments_keep_their_lengths(arm, leg):
    rng = np.random.default_rng(0)
    arm, leg = ([rng.uniform(*r) for r in limb] for limb in (ARMS[arm], LEGS[leg]))
    pose = Pose(20, 10, (5, 5), dict.fromkeys(SIDES, arm), dict.fromkeys(SIDES, leg))
    at = make_skeleton(pose, PROPORTIONS)
    for start, end, length in (
        ('shoulder', 'elbow', 'upper_arm'),
        ('elbow', 'wrist', 'forearm'),
        ('hip', 'knee', 'thigh'),
        ('knee', 'ankle', 'shank'),
    ):
        for side in SIDES:
            step = at[f'{side}_{end}'] - at[f'{side}_{start}']
            assert np.linalg.norm(step) == pytest.approx(PROPORTIONS[length])


def test_limbs_bend_as_joints_do():
    """Elbows bring the hand to the front, knees the foot to the back."""
    straight, bent = (0, 5, 0, 0), (0, 5, 0, 80)
    poses = [
        Pose(0, 0, (0, 0), dict.fromkeys(SIDES, limb), dict.fromkeys(SIDES, limb))
        for limb in (straight, bent)
    ]
    straight, bent = (make_skeleton(pose, PROPORTIONS) for pose in poses)
    for side in SIDES:
        wrist, ankle = f'{side}_wrist', f'{side}_ankle'
        assert bent[wrist][2] > straight[wrist][2] + 0.1
        assert bent[ankle][2] < straight[ankle][2] - 0.1


def test_pose_tables_are_consistent():
    assert sum(pose.share for pose in POSES.values()) == pytest.approx(1)
    for pose in POSES.values():
        assert set(pose.legs) <= set(LEGS)
        assert {arm for pair in pose.arms for arm in pair} <= set(ARMS)


def test_near_things_look_larger():
    view = View(yaw=0, pitch=0, roll=0, distance=4)
    points, zoom = view.project(np.array([[1.0, 1, 0], [1, 1, 2], [1, 1, -4]]))
    assert zoom == pytest.approx([1, 2, 0.5])
    assert points[:, 0] == pytest.approx([1, 2, 0.5])
    assert points[:, 1] == pytest.approx([-1, -2, -0.5])
