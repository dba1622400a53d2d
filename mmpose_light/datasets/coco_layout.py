"""The 17 keypoints of COCO, and the category of people in its files."""

_PARTS = ('eye', 'ear', 'shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
COCO_KEYPOINTS = (
    'nose',
    *(f'{side}_{part}' for part in _PARTS for side in ('left', 'right')),
)
# Pairs of keypoints, counted from 1 as COCO does.
LIMB_SKELETON = (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12),
    (7, 13), (6, 7), (6, 8), (7, 9), (8, 10), (9, 11),
)  # fmt: skip
FACE_SKELETON = ((2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7))


def make_category(skeleton: tuple[tuple[int, int], ...]) -> dict:
    """Make the one entry of ``categories``, with the links that are drawn."""
    return dict(
        id=1,
        name='person',
        supercategory='person',
        keypoints=list(COCO_KEYPOINTS),
        skeleton=[list(pair) for pair in skeleton],
    )
