"""What the study's tests share."""

import pytest

from mmpose_light.study import StudyData


@pytest.fixture
def data(synthetic_coco) -> StudyData:
    annotations = 'annotations/person_keypoints_{}.json'
    return StudyData.below(
        synthetic_coco, annotations.format('train'), 'train',
        annotations.format('val'), 'val',
    )  # fmt: skip
