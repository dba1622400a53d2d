"""What was never labelled does not decide on a person's rank."""

import json

import numpy as np
import pytest
from mmpose.datasets import CocoDataset
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.evaluation.metrics import CocoMetric

from mmpose_light.evaluation.metrics import LabelledCocoMetric

PEOPLE = 10


@pytest.fixture
def ann_file(tmp_path):
    """People in a row of images, with everything but the face labelled."""
    rng = np.random.default_rng(0)
    content = dict(images=[], annotations=[], categories=[dict(id=1, name='person')])
    for i in range(1, PEOPLE + 1):
        keypoints = np.concatenate(
            (rng.uniform(20, 180, (17, 2)), np.full((17, 1), 2)), axis=1
        )
        keypoints[:5] = 0
        content['images'].append(dict(id=i, width=200, height=200, file_name=f'{i}'))
        content['annotations'].append(
            dict(
                id=i,
                image_id=i,
                category_id=1,
                iscrowd=0,
                bbox=[0, 0, 200, 200],
                area=20000,
                num_keypoints=12,
                keypoints=keypoints.ravel().tolist(),
            )
        )
    path = tmp_path / 'people.json'
    path.write_text(json.dumps(content))
    return path


def evaluate(metric, ann_file, face_scores):
    """Half of the people are found, and surely; the others are missed, unsurely."""
    metric.dataset_meta = parse_pose_metainfo(CocoDataset.METAINFO)
    for ann in json.loads(ann_file.read_text())['annotations']:
        found = ann['id'] % 2
        keypoints = np.reshape(ann['keypoints'], (1, 17, 3))[..., :2]
        scores = np.full((1, 17), 0.9 if found else 0.3)
        scores[:, :5] = face_scores[found]
        metric.process(
            {},
            [
                dict(
                    id=ann['id'],
                    img_id=ann['image_id'],
                    pred_instances=dict(
                        keypoints=keypoints + (0 if found else 100),
                        keypoint_scores=scores,
                    ),
                    gt_instances=dict(bbox_scores=np.ones(1)),
                )
            ],
        )
    return metric.evaluate(PEOPLE)['coco/AP']


def test_face_that_was_never_labelled(ann_file):
    ranked = evaluate(CocoMetric(str(ann_file)), ann_file, {0: 0.0, 1: 0.0})
    assert ranked > 0.4
    # sure of faces where the body is missed
    confused = {0: 9.0, 1: 0.3}
    assert evaluate(CocoMetric(str(ann_file)), ann_file, confused) < 0.8 * ranked
    assert evaluate(
        LabelledCocoMetric(str(ann_file)), ann_file, confused
    ) == pytest.approx(ranked)


def test_annotations_are_needed():
    with pytest.raises(ValueError, match='needs ann_file'):
        LabelledCocoMetric()
