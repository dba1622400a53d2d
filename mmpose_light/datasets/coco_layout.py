"""The 17 keypoints of COCO, and the category of people in its files."""

COCO_KEYPOINTS = (
    'nose',
    'left_eye',
    'right_eye',
    'left_ear',
    'right_ear',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
)
# Pairs of keypoints, counted from 1 as COCO does.
LIMB_SKELETON = (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12),
    (7, 13), (6, 7), (6, 8), (7, 9), (8, 10), (9, 11),
)  # fmt: skip
FACE_SKELETON = ((2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7))


def make_category(skeleton: tuple[tuple[int, int], ...]) -> dict:
    """Make the one entry of ``categories``.

    Args:
        skeleton (tuple[tuple[int, int], ...]): The links that are drawn.

    Returns:
        dict: The entry.
    """
    return dict(
        id=1,
        name='person',
        supercategory='person',
        keypoints=list(COCO_KEYPOINTS),
        skeleton=[list(pair) for pair in skeleton],
    )
