"""Data that are missing, and the first few of them."""

import json

import pytest

from mmpose_light.study import StudyData
from mmpose_light.utils.errors import MissingFileError, UserError


def test_data_that_are_missing(tmp_path, synthetic_coco):
    with pytest.raises(MissingFileError, match=r'train\.json does not exist.*--data-'):
        StudyData.below(tmp_path).train.read()
    elsewhere = StudyData.below(
        synthetic_coco,
        'annotations/person_keypoints_train.json',
        'nowhere',
        'annotations/person_keypoints_val.json',
        'val',
    )
    with pytest.raises(MissingFileError, match=r'image .*nowhere.* is missing'):
        elsewhere.train.read()
    (tmp_path / 'train.json').write_text('[1, 2]')
    with pytest.raises(UserError, match=r'train\.json is no COCO annotation file'):
        StudyData.below(tmp_path).train.read()
    (tmp_path / 'train.json').write_text('{"images": [{"id": 1}]}')
    with pytest.raises(UserError, match='entry 0 of images .* has no file_name'):
        StudyData.below(tmp_path).train.read()
    (tmp_path / 'train.json').write_text('{"images": [], "annotations": []}')
    with pytest.raises(UserError, match='has nobody in it'):
        StudyData.below(tmp_path).train.read()


def test_limited_data_are_the_first_images(data, tmp_path):
    few = data.first(3, tmp_path)
    for split, name in ((few.train, 'train'), (few.val, 'val')):
        whole = json.loads(getattr(data, name).ann_file.read_text())
        part = json.loads(split.ann_file.read_text())
        assert part['images'] == whole['images'][:3]
        ids = {image['id'] for image in part['images']}
        assert part['annotations'] == [
            person for person in whole['annotations'] if person['image_id'] in ids
        ]
        assert split.image_dir == getattr(data, name).image_dir
