"""Which boxes of a file are taken, and that they belong to the images they are for."""

import json
import zlib

import cv2
import numpy as np
import pytest

from mmpose_light.apis.given_boxes import GivenBoxes
from mmpose_light.apis.infer import infer
from mmpose_light.apis.person_crops import crop_people
from mmpose_light.cli import main

BOX = [10, 20, 30, 40]  # left, top, width, height
CORNERS = [10, 20, 40, 60]
IMAGE = np.zeros((100, 80, 3), np.uint8)


def write(path, content):
    path.write_text(json.dumps(content))
    return path


def annotated(*categories, images=None, **boxes):
    """Annotations of one image, with a box for each category id."""
    return dict(
        images=images or [dict(id=1, file_name='a.png')],
        categories=list(categories),
        annotations=[
            dict(id=i, image_id=1, category_id=c, bbox=BOX, iscrowd=0, **boxes)
            for i, c in enumerate(c['id'] for c in categories)
        ],
    )


@pytest.mark.parametrize(
    'name', ['person', 'Person', 'PEOPLE', 'pedestrians', 'Player', 'Human', ' man_']
)
def test_category_whose_name_means_a_person(tmp_path, name):
    content = annotated(
        dict(id=0, name='car'), dict(id=7, name=name), dict(id=8, name='human face')
    )
    given = GivenBoxes.from_files(ann_file=write(tmp_path / 'a.json', content))
    assert len(given.boxes[1]) == 1
    assert given.left_out == {'of category car': 1, 'of category human face': 1}
    assert '1 left out of category car' in given.describe()


@pytest.mark.parametrize(
    ('category', 'count'), [('car', 1), ('CAR', 1), (3, 1), ('3', 1), (['car', 4], 2)]
)
def test_category_by_name_or_id(tmp_path, category, count):
    content = annotated(dict(id=3, name='Car'), dict(id=4, name='goalie'))
    file = write(tmp_path / 'a.json', content)
    given = GivenBoxes.from_files(ann_file=file, category=category)
    assert len(given.boxes[1]) == count
    with pytest.raises(ValueError, match=r'Car \(id 3\): 1 boxes, goalie \(id 4\)'):
        GivenBoxes.from_files(ann_file=file)
    with pytest.raises(ValueError, match="no category 'bus'.* Car "):
        GivenBoxes.from_files(ann_file=file, category='bus')


@pytest.mark.parametrize(
    ('ids', 'count'),
    [([0, 0], 2), ([1, 3, 18], 1), ([None, None], 2), (['car', 'Person'], 1)],
)
def test_categories_without_names(tmp_path, ids, count):
    entries = [dict(image_id=1, category_id=i, bbox=BOX, score=1) for i in ids]
    given = GivenBoxes.from_files(write(tmp_path / 'boxes.json', entries))
    assert len(given.boxes[1]) == count


@pytest.mark.parametrize('ids', [[0, 1], [0, 2], [3], ['car']])
def test_categories_that_are_not_clear(tmp_path, ids):
    entries = [dict(image_id=1, category_id=i, bbox=BOX, score=1) for i in ids]
    file = write(tmp_path / 'boxes.json', entries)
    with pytest.raises(ValueError, match=rf'id {ids[0]}\): 1 boxes.*--category'):
        GivenBoxes.from_files(file)
    assert GivenBoxes.from_files(file, category=ids).boxes[1].shape == (len(ids), 5)


def test_whatever_is_left_out_is_counted(tmp_path):
    entries = [
        dict(image_id=1, category_id=1, bbox=BOX, score=0.9),
        dict(image_id=1, category_id=1, bbox=BOX, score=0.1),
        dict(image_id=1, category_id=1, bbox=[1, 1, 0, 5], score=0.9),
        dict(image_id=1, category_id=1, bbox=[90, 1, 5, 5], score=0.9),
    ]
    given = GivenBoxes.from_files(write(tmp_path / 'b.json', entries), score_thr=0.5)
    given.boxes[1] = np.repeat(given.boxes[1], [3, 1], axis=0)
    assert len(given.fit(1, IMAGE)) == 3
    assert given.left_out == {
        'with a score below 0.5': 1,
        'without extent': 1,
        'outside of their image': 1,
    }


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(images=None), "no COCO annotation file: it has no 'images'"),
        (dict(images={}), "'images' of .* should be a list"),
        (dict(images=[None]), 'entry 0 of images in .* should be an object'),
        (dict(images=[dict(id=1)]), 'entry 0 of images .* has no file_name'),
        (dict(images=[dict(id=1, file_name=None)]), 'entry 0 .* has no file_name'),
        (dict(images=[dict(file_name='a.png')]), 'entry 0 of images .* has no id'),
        (dict(categories=[dict(name='person')]), 'entry 0 of categories .* has no id'),
        (dict(categories=[dict(id=1, name=None)]), 'entry 0 of categories .* no id'),
        (dict(categories='person'), "'categories' of .* should be a list"),
        (dict(annotations=[[1]]), 'entry 0 of annotations .* should be an object'),
        (dict(annotations=[dict(image_id=None, bbox=BOX)]), 'have image_id'),
        (dict(annotations=[dict(image_id=1, bbox=None)]), 'four numbers'),
        (dict(annotations=[dict(image_id=1, bbox=[0, 0, 10**400, 1])]), 'four numbers'),
        (dict(annotations=[dict(image_id=[], bbox=BOX)]), 'have image_id'),
        (dict(annotations=[dict(image_id=1, bbox='1234')]), 'four numbers'),
        (dict(annotations=[dict(image_id=1, bbox=BOX, category_id={})]), 'category_id'),
    ],
)
def test_entries_at_fault_are_named(tmp_path, change, message):
    content = {**annotated(dict(id=1, name='person')), **change}
    file = write(tmp_path / 'a.json', content)
    with pytest.raises(ValueError, match=message):
        GivenBoxes.from_files(ann_file=file).find_ids(['a.png'])


@pytest.mark.parametrize('categories', [None, []])
@pytest.mark.parametrize(('listed', 'used'), [('1', 1), (1, '1'), (1.0, 1), ('b', 'b')])
def test_what_label_tools_write(tmp_path, categories, listed, used):
    """Ids as texts, no categories, paths of Windows."""
    content = annotated(dict(id=1, name='person'))
    content['images'][0].update(id=listed, file_name='C:\\images\\a.png', width=None)
    content['annotations'][0]['image_id'] = used
    content['categories'] = categories
    given = GivenBoxes.from_files(ann_file=write(tmp_path / 'a.json', content))
    assert list(given.find_ids(['x/a.png', 'x/b.png'])) == [0]


def given_for(boxes_for=None, box=CORNERS, **size):
    images = [dict(id=1, file_name='a.png', **size)]
    return GivenBoxes({1: np.array([[*box, 1]], float)}, images, boxes_for=boxes_for)


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        (given_for(width=320, height=400), '80x100 pixels, and 320x400'),
        (given_for(width=100, height=80), 'EXIF'),
        (given_for(box=(0.1, 0.2, 0.4, 0.9)), '1x1'),
        (given_for(box=(100, 0, 200, 60)), r'from \(100, 0\) to \(200, 60\)'),
        (given_for(box=(0, 0, 400, 600)), '1 of its 1 boxes lie outside'),
        (given_for('annotated'), 'tells no width and height of image 1'),
    ],
)
def test_boxes_that_cannot_belong_to_the_image(given, message):
    with pytest.raises(ValueError, match=message):
        given.fit(1, IMAGE)


@pytest.mark.parametrize(
    'given',
    [
        given_for(width=80, height=101),
        given_for('annotated', (40, 80, 160, 240), width=320, height=400),
        given_for('160x200', (20, 40, 80, 120)),
        given_for('1x1', (0.125, 0.2, 0.5, 0.6)),
        given_for('file', width=320, height=400),
    ],
)
def test_boxes_in_pixels_of_the_image(given):
    np.testing.assert_allclose(given.fit(1, IMAGE), [[*CORNERS, 1]], rtol=1e-6)


@pytest.mark.parametrize(
    'size', ['640', '0x5', 'axb', '640x480x3', '-1x1', 'Annotated']
)
def test_bad_size(size):
    with pytest.raises(ValueError, match='boxes_for'):
        given_for(size)


def test_one_word_for_each_image(smooth_model, tmp_path, capsys):
    """By the command: one image is refused, the other one done; then both."""
    for name in 'ab':
        cv2.imwrite(str(tmp_path / f'{name}.png'), IMAGE)
    images = [
        dict(id=1, file_name='a.png', width=160, height=200),
        dict(id=2, file_name='b.png', width=80, height=100),
    ]
    content = annotated(dict(id=0, name='car'), dict(id=1, name='Person'))
    content['images'] = images
    content['annotations'] += [dict(content['annotations'][1], image_id=2)]
    ann_file = write(tmp_path / 'a.json', content)
    arguments = [
        *('infer', smooth_model.config, tmp_path, '--ann-file', ann_file),
        *('--weights', smooth_model.checkpoint, '--out-dir', tmp_path / 'out'),
        *('--device', 'cpu'),
    ]
    assert main([*map(str, arguments)]) == 1
    told = capsys.readouterr()
    assert 'boxes: 1 left out of category car' in told.out
    assert '1 people in 1 of 2 inputs' in told.out
    assert 'a.png: it has 80x100 pixels, and 160x200 in' in told.err
    assert main([*map(str, arguments), '--boxes-for', 'annotated']) == 0
    assert '2 scaled to their images' in capsys.readouterr().out
    (person,) = json.loads((tmp_path / 'out/predictions/a.json').read_text())
    assert person['bbox'] == [[5, 10, 20, 30]]


def test_options_need_boxes(smooth_model, tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), IMAGE)
    with pytest.raises(ValueError, match='go with a file of boxes'):
        infer(
            smooth_model.config,
            tmp_path,
            weights=smooth_model.checkpoint,
            category='person',
        )


def test_calibration_takes_the_same_boxes(smooth_model, tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), IMAGE)
    content = annotated(dict(id=0, name='car'), dict(id=7, name='Person'))
    file = write(tmp_path / 'a.json', content)
    config = smooth_model.model.cfg
    assert len(crop_people(config, tmp_path, file)) == 1
    content['images'][0].update(width=320, height=400)
    with pytest.raises(ValueError, match=r'a\.png cannot be used: it has 80x100'):
        crop_people(config, tmp_path, write(tmp_path / 'a.json', content))


def test_ids_are_looked_up_in_no_time(tmp_path):
    """Each name once: 20 000 of them, half of them named in two folders."""
    names = [f'{zlib.crc32(b"%d" % (i % 15000)):08x}.jpg' for i in range(20000)]
    images = [
        dict(id=i, file_name=f'{"ab"[i // 15000]}/{n}') for i, n in enumerate(names)
    ]
    boxes = {i: np.ones((1, 5)) for i in range(len(names))}
    paths = [f'x/{image["file_name"]}' for image in images]
    assert GivenBoxes(boxes, images).find_ids(paths) == {i: i for i in boxes}
