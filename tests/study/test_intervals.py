"""AP and PCK from people one by one, against COCO's evaluation and a slow bootstrap."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

from mmpose_light.compat.coco_tools import COCO, COCOeval
from mmpose_light.engine.quiet_runner import silence
from mmpose_light.evaluation.metrics.torso_pck import TorsoPCK
from mmpose_light.study.intervals import (
    average_precision,
    make_interval,
    pck,
    resample,
)
from mmpose_light.study.people import measure_people, read_people, write_people
from mmpose_light.utils.errors import MissingFileError, UserError

NAMES = (
    'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'left_shoulder',
    'right_shoulder', 'left_elbow', 'right_elbow', 'left_wrist', 'right_wrist',
    'left_hip', 'right_hip', 'left_knee', 'right_knee', 'left_ankle', 'right_ankle',
)  # fmt: skip
PEOPLE = 60


def write_annotations(path, truth):
    """Write people, one an image, the first of them image 11."""
    ids = range(11, 11 + len(truth))
    path.write_text(
        json.dumps(
            dict(
                images=[
                    dict(id=i, file_name=f'{i}.jpg', width=200, height=200) for i in ids
                ],
                categories=[dict(id=1, name='person')],
                annotations=[
                    dict(
                        id=i,
                        image_id=i,
                        category_id=1,
                        iscrowd=0,
                        bbox=[20, 20, 150, 150],
                        area=0.53 * 150 * 150,
                        num_keypoints=int((person[:, 2] > 0).sum()),
                        keypoints=person.ravel().tolist(),
                    )
                    for i, person in zip(ids, truth, strict=True)
                ],
            )
        )
    )
    return path


def make_results(truth, rng, spread):
    """Return results: some people found well, some not at all."""
    size = rng.uniform(0, spread, (len(truth), 1, 1))
    points = truth[..., :2] + size * rng.normal(size=(*truth.shape[:2], 2))
    scores = rng.uniform(0.1, 1, len(truth)).round(1)  # many are equal
    ones = np.ones((*truth.shape[:2], 1))
    return [
        dict(image_id=11 + i, category_id=1, keypoints=person.ravel().tolist(), score=s)
        for i, (person, s) in enumerate(
            zip(np.concatenate([points, ones], axis=-1), scores, strict=True)
        )
    ]


@pytest.fixture(scope='module')
def case(tmp_path_factory):
    """People with limbs alone, not all of them labelled, and what two networks gave."""
    rng = np.random.default_rng(0)
    truth = np.zeros((PEOPLE, 17, 3))
    truth[:, 5:, :2] = rng.uniform(30, 160, (PEOPLE, 12, 2)).round()
    truth[:, 5:, 2] = 2 * (rng.random((PEOPLE, 12)) < 0.8)
    ann_file = write_annotations(tmp_path_factory.mktemp('people') / 'val.json', truth)
    results = {
        name: make_results(truth, rng, spread)
        for name, spread in (('el-hrnet-w32', 20), ('l-hrnet-w32', 40))
    }
    people = {name: measure_people(results[name], ann_file, NAMES) for name in results}
    return SimpleNamespace(
        truth=truth, ann_file=ann_file, results=results, people=people
    )


def coco_ap(ann_file, results):
    with silence():
        coco = COCO(str(ann_file))
        evaluator = COCOeval(coco, coco.loadRes(results))
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return evaluator.stats[0]


def one(people):
    return np.ones((1, len(people.oks)))


@pytest.mark.parametrize('name', ['el-hrnet-w32', 'l-hrnet-w32'])
def test_ap_is_cocos(case, name):
    people = case.people[name]
    (ap,) = average_precision(people.scores, people.oks, one(people))
    assert 0.1 < ap < 0.9
    assert ap == pytest.approx(coco_ap(case.ann_file, case.results[name]), abs=1e-12)


def test_ap_of_a_draw_is_that_of_the_people_drawn(case, tmp_path):
    """Each person as often as drawn, as images of their own."""
    rng = np.random.default_rng(1)
    people, results = case.people['l-hrnet-w32'], case.results['l-hrnet-w32']
    for _ in range(3):
        drawn = np.sort(rng.integers(PEOPLE, size=PEOPLE))
        ann_file = write_annotations(tmp_path / 'drawn.json', case.truth[drawn])
        copies = [
            dict(results[i], image_id=11 + place) for place, i in enumerate(drawn)
        ]
        counts = np.bincount(drawn, minlength=PEOPLE)[None]
        (ap,) = average_precision(people.scores, people.oks, counts)
        assert ap == pytest.approx(coco_ap(ann_file, copies), abs=1e-12)


def test_pck_is_the_metrics(case):
    metric = TorsoPCK()
    metric.dataset_meta = dict(keypoint_name2id={n: i for i, n in enumerate(NAMES)})
    results = case.results['el-hrnet-w32']
    metric.process(
        [],
        [
            dict(
                gt_instances=dict(
                    keypoints=person[None, :, :2], keypoints_visible=person[None, :, 2]
                ),
                pred_instances=dict(
                    keypoints=np.reshape(result['keypoints'], (1, 17, 3))[..., :2]
                ),
            )
            for person, result in zip(case.truth, results, strict=True)
        ],
    )
    expected = metric.compute_metrics(metric.results)
    people = case.people['el-hrnet-w32']
    (found,) = pck(people.counted, people.found, one(people))
    assert found == pytest.approx(expected['PCK@0.2'])
    assert people.counted.any(axis=1).sum() == expected['people'] < PEOPLE
    assert people.names == NAMES[5:]


def test_interval_is_that_of_a_slow_bootstrap(case):
    """Against people resampled one by one, with other random numbers."""
    people = case.people['el-hrnet-w32']
    resampled = resample(people)
    rng = np.random.default_rng(2)
    slow = []
    for _ in range(400):
        kept = np.sort(rng.integers(PEOPLE, size=PEOPLE))
        some = np.ones((1, PEOPLE))
        slow += [*average_precision(people.scores[kept], people.oks[kept], some)]
    interval = make_interval(resampled['AP'])
    assert np.std(resampled['AP']) == pytest.approx(np.std(slow), rel=0.15)
    assert [interval.low, interval.high] == pytest.approx(
        np.quantile(slow, [0.025, 0.975]), abs=0.02
    )
    again = resample(people)
    assert again['AP'].tolist() == resampled['AP'].tolist()
    assert again['PCK'].tolist() == resampled['PCK'].tolist()


def test_networks_are_compared_on_the_same_resamples(case):
    """What is hard for both cancels out, so a difference is surer than by itself."""
    people = case.people['el-hrnet-w32']
    worse = dataclasses.replace(people, oks=np.maximum(people.oks - 0.05, 0))
    first, second = (resample(table)['AP'] for table in (people, worse))
    paired = make_interval(first - second)
    apart = make_interval(first - np.roll(second, 1))
    assert 0 < paired.low < paired.high
    assert paired.high - paired.low < 0.5 * (apart.high - apart.low)


def test_people_without_a_torso_have_no_pck(case):
    people = case.people['el-hrnet-w32']
    nobody = np.zeros_like(people.counted)
    assert np.isnan(pck(nobody, nobody, one(people))).all()


def test_table_of_people(case, tmp_path):
    people, path = case.people['el-hrnet-w32'], tmp_path / 'a.csv'
    write_people(path, people)
    read = read_people(path)
    assert read.names == people.names
    for key in ('image_ids', 'counted', 'found'):
        assert np.array_equal(getattr(read, key), getattr(people, key)), key
    assert np.allclose(read.scores, people.scores, rtol=1e-5)
    assert np.allclose(read.oks, people.oks, atol=1e-5)
    assert np.abs(read.keypoints - people.keypoints).max() <= 0.5


def test_tables_that_are_none(case, tmp_path):
    path = tmp_path / 'a.csv'
    with pytest.raises(MissingFileError, match='study evaluate` writes it'):
        read_people(path)
    write_people(path, case.people['el-hrnet-w32'])
    whole = path.read_text()
    for content in (
        '',
        'a,b\n1,2\n',
        whole.replace('image_id', 'id'),
        whole.replace(' +', ' *', 1),
        whole[: len(whole) // 2],
        whole.splitlines()[0] + '\n',
    ):
        path.write_text(content)
        with pytest.raises(UserError, match=r'a\.csv is no table of people'):
            read_people(path)
    path.write_bytes(b'\xff\xfe\x00')
    with pytest.raises(UserError, match=r'a\.csv is no table of people'):
        read_people(path)


def test_images_of_several_people(case, tmp_path):
    results = case.results['el-hrnet-w32']
    content = json.loads(case.ann_file.read_text())
    content['annotations'][1]['image_id'] = 11
    crowd = tmp_path / 'crowd.json'
    crowd.write_text(json.dumps(content))
    with pytest.raises(UserError, match='images of several people or of none'):
        measure_people(results, crowd, NAMES)
    with pytest.raises(UserError, match='59 results for 60 people'):
        measure_people(results[1:], case.ann_file, NAMES)
