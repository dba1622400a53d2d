"""PCK against a plain loop, and by hand."""

import math

import numpy as np
import pytest
from mmpose.datasets import CocoDataset
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmpose_light.evaluation.metrics import TorsoPCK

META = parse_pose_metainfo(CocoDataset.METAINFO)
LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP = 5, 6, 11, 12


def sample(predicted, keypoints, labelled):
    return dict(
        pred_instances=dict(keypoints=predicted[None]),
        gt_instances=dict(
            keypoints=keypoints[None],
            keypoints_visible=labelled[None].astype(np.float32),
        ),
    )


def evaluate(samples, **options):
    metric = TorsoPCK(**options)
    metric.dataset_meta = META
    for one in samples:
        metric.process({}, [one])
    return metric.evaluate(len(samples))


def plain_pck(people, thr):
    """The definition, one keypoint at a time."""
    found = [[] for _ in range(17)]
    left_out = 0
    for predicted, keypoints, labelled in people:
        torso = 0
        for shoulder, hip in (
            (LEFT_SHOULDER, RIGHT_HIP),
            (RIGHT_SHOULDER, LEFT_HIP),
        ):
            if labelled[shoulder] and labelled[hip]:
                torso = max(torso, math.dist(keypoints[shoulder], keypoints[hip]))
        if not torso:
            left_out += 1
            continue
        for k in range(17):
            if labelled[k]:
                found[k].append(math.dist(predicted[k], keypoints[k]) < thr * torso)
    parts = [sum(hits) / len(hits) for hits in found if hits]
    return sum(parts) / len(parts), left_out


@pytest.mark.parametrize('thr', [0.1, 0.2, 0.5])
def test_against_a_plain_loop(thr):
    rng = np.random.default_rng(0)
    people = []
    for _ in range(60):
        keypoints = rng.uniform(0, 100, (17, 2))
        labelled = rng.random(17) < 0.6
        labelled[:5] = False
        predicted = keypoints + rng.normal(0, 12, (17, 2))
        people.append((predicted, keypoints, labelled))
    expected, left_out = plain_pck(people, thr)
    results = evaluate([sample(*person) for person in people], thr=thr)
    assert 0.05 < expected < 0.95
    assert left_out > 0
    assert results[f'torso/PCK@{thr}'] == pytest.approx(expected)
    assert results['torso/left_out'] == left_out
    assert results['torso/people'] == 60 - left_out


def person(torsos):
    """Everything labelled, with diagonals of these lengths."""
    keypoints = np.zeros((17, 2))
    keypoints[RIGHT_HIP, 1], keypoints[LEFT_HIP, 1] = torsos
    return keypoints, np.ones(17, bool)


def test_larger_diagonal_counts():
    keypoints, labelled = person((100, 10))
    predicted = keypoints + np.array([19.9, 0])
    assert evaluate([sample(predicted, keypoints, labelled)])['torso/PCK@0.2'] == 1
    predicted = keypoints + np.array([20.1, 0])
    assert evaluate([sample(predicted, keypoints, labelled)])['torso/PCK@0.2'] == 0


def test_diagonal_without_a_labelled_end_does_not_count():
    keypoints, labelled = person((100, 10))
    labelled[LEFT_SHOULDER] = False
    predicted = keypoints + np.array([3, 0])
    results = evaluate([sample(predicted, keypoints, labelled)])
    assert results['torso/PCK@0.2'] == 0
    labelled[LEFT_HIP] = False
    results = evaluate([sample(predicted, keypoints, labelled)])
    assert math.isnan(results['torso/PCK@0.2'])
    assert (results['torso/people'], results['torso/left_out']) == (0, 1)


def test_threshold_that_is_none():
    with pytest.raises(ValueError, match='thr must be positive, such as 0.2, got 0'):
        TorsoPCK(thr=0)


def test_people_of_lspet_that_are_left_out(shared_dir):
    """The figures that the documentation states."""
    import json

    content = json.loads((shared_dir / 'data/lspet_val.json').read_text())
    samples = []
    for ann in content['annotations']:
        keypoints = np.reshape(ann['keypoints'], (17, 3)).astype(float)
        samples.append(sample(keypoints[:, :2], keypoints[:, :2], keypoints[:, 2] > 0))
    results = evaluate(samples)
    assert results == {
        'torso/PCK@0.2': 1,
        'torso/people': 820,
        'torso/left_out': 117,
    }
