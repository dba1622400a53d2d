"""Each thing that is wrong with annotations is found, and named."""

import copy
import json
import re

import numpy as np
import pytest

from mmpose_light.datasets.coco_layout import COCO_KEYPOINTS
from mmpose_light.utils.annotation_check import check_annotations
from mmpose_light.utils.findings import Findings


@pytest.fixture(scope='module')
def content(synthetic_coco):
    file = synthetic_coco / 'annotations/person_keypoints_train.json'
    return json.loads(file.read_text())


@pytest.fixture
def check(content, synthetic_coco, tmp_path):
    """Check the annotations after they were changed in place."""

    def run(change=None, **options) -> Findings:
        changed = copy.deepcopy(content)
        if change is not None:
            change(changed)
        file = tmp_path / 'a.json'
        file.write_text(json.dumps(changed))
        found = Findings()
        check_annotations(
            found, file, synthetic_coco / 'train', COCO_KEYPOINTS, **options
        )
        return found

    return run


def change(kind, **values):
    """Change the second entry of a list; ... takes a key away."""

    def run(content):
        for key, value in values.items():
            if value is ...:
                del content[kind][1][key]
            else:
                content[kind][1][key] = value

    return run


def points(*first):
    """Keypoints that begin so; the others are not labelled."""
    return [*first, *[0] * (51 - len(first))]


def each(change_one):
    def run(content):
        sizes = {image['id']: image for image in content['images']}
        for person in content['annotations']:
            change_one(person, sizes[person['image_id']])

    return run


def in_parts(person, image):
    width, height = image['width'], image['height']
    flat = np.reshape(person['keypoints'], (-1, 3)) / (width, height, 1)
    person['keypoints'] = flat.ravel().tolist()
    left, top, w, h = person['bbox']
    person['bbox'] = [left / width, top / height, w / width, h / height]


def as_corners(person, image):
    left, top, w, h = person['bbox']
    person['bbox'] = [left + 60, top + 60, left + w + 60, top + h + 60]


def swap_names(content):
    names = content['categories'][0]['keypoints']
    names[1], names[2] = names[2], names[1]


def move_away(person, image):
    shifted = np.reshape(person['keypoints'], (-1, 3))
    shifted[:, 0] += image['width']
    person['keypoints'] = shifted.ravel().tolist()


def test_sound_annotations(check, content):
    found = check(evaluated=True)
    assert found.problems == found.notes == []
    assert found.counts == dict(images=6, people=len(content['annotations']))


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda c: c.update(images=None), "it has no 'images'"),
        (lambda c: c.update(images={}), "'images' of .* should be a list"),
        (
            lambda c: c['images'].append(None),
            'entry 6 of images .* should be an object',
        ),
        (change('images', id='7'), 'no whole number as id, such as id .7.: '),
        (change('images', id=...), '1 of 6 images have no whole number as id'),
        (change('images', id=1), 'images have the id of another one, such as id 1'),
        (change('images', width=None), '1 of 6 images have no width, such as id 2'),
        (change('images', height=...), 'images have no height'),
        (change('images', file_name=...), 'images have no file_name'),
        (change('images', width=2000), 'another size than their annotations'),
        (change('images', file_name='no.jpg'), '1 of 6 images are missing in .*train'),
        (change('annotations', id='a'), 'annotations have no whole number as id'),
        (change('annotations', id=1), 'annotations have the id of another one'),
        (change('annotations', image_id='1'), 'an image_id that no sound image has'),
        (change('annotations', image_id=99), 'an image_id that no sound image has'),
        (change('annotations', category_id=...), 'annotations have no category_id'),
        (change('annotations', iscrowd=None), 'an iscrowd other than 0 and 1'),
        (change('annotations', bbox=[1, 2, 3]), 'do not have 4 numbers in bbox'),
        (change('annotations', bbox=[1, 2, 'a', 4]), 'bbox that are no finite numbers'),
        (change('annotations', bbox=[1, 2, np.inf, 4]), 'no finite numbers'),
        (
            change('annotations', keypoints=[1, 2]),
            'do not have 51 numbers in keypoints',
        ),
        (
            change('annotations', keypoints=points(np.nan)),
            'keypoints that are no finite',
        ),
        (
            change('annotations', keypoints=points(None)),
            'such as id 2: .*NaN|no finite',
        ),
        (change('annotations', keypoints=points([1])), 'keypoints that are no finite'),
        (change('annotations', keypoints=points('1')), 'keypoints that are no finite'),
        (
            change('annotations', keypoints=points(10**400)),
            'keypoints that are no fini',
        ),
        (lambda c: c.update(annotations=None), 'nobody with a box and labelled'),
        (
            each(lambda p, i: p.update(num_keypoints=0)),
            'nobody with a box and labelled',
        ),
        (
            each(lambda p, i: p.update(keypoints=points())),
            'nobody with a box and label',
        ),
        (each(in_parts), 'all keypoints look like parts of the width'),
        (each(in_parts), 'all boxes look like parts of the width'),
        (each(as_corners), 'boxes reach far out of their image'),
        (each(move_away), 'people have labelled keypoints outside of their image'),
        (swap_names, 'another order than in the config: number 1 is right_eye'),
    ],
)
def test_problems(check, change, message):
    found = check(change)
    assert any(re.search(message, text) for text in found.problems), found


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (change('annotations', area=...), '1 of .* annotations have no area'),
        (change('annotations', area=None), 'annotations have no area'),
        (change('annotations', bbox=...), 'annotations have no bbox'),
        (change('annotations', category_id=9), 'a category_id that is not listed'),
        (lambda c: c.update(categories=None), 'there are no categories'),
    ],
)
def test_problems_of_evaluation(check, change, message):
    found = check(change, evaluated=True)
    assert message.split('.* ')[-1] in ' '.join(found.problems)
    assert check(change).problems == []


def test_area_that_evaluation_does_not_go_by(check):
    found = check(change('annotations', area=...), evaluated=True, use_area=False)
    assert found.problems == []


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (change('annotations', keypoints=...), 'no keypoints, and are left out'),
        (change('annotations', bbox=[-50, 0, 20, 20]), 'no extent within their image'),
        (change('annotations', num_keypoints=0), 'and num_keypoints 0'),
        (change('annotations', keypoints=points(5, 5, 0.5)), 'visibilities other than'),
        (change('annotations', keypoints=points(9999, 5, 1)), 'outside of their image'),
    ],
)
def test_notes(check, change, message):
    """What does no harm: the rest is trained on."""
    found = check(change)
    assert found.problems == []
    assert message in ' '.join(found.notes)


def test_all_at_once(check):
    """One problem does not hide the others."""

    def spoil(content):
        change('images', width=None)(content)
        content['annotations'][-1]['keypoints'][4] = float('nan')

    text = ' '.join(check(spoil).problems)
    assert 'no width' in text
    assert 'keypoints that are no finite' in text
