"""The synthetic people: same bytes for the same seed, and a true COCO set."""

import json

import cv2
import numpy as np
import pytest
from mmpose.datasets import CocoDataset
from pycocotools.coco import COCO
from xtcocotools.coco import COCO as XtCOCO

from mmpose_light.cli import main
from mmpose_light.datasets.coco_layout import COCO_KEYPOINTS as KEYPOINTS
from mmpose_light.datasets.synthetic_people import (
    MIN_VISIBLE,
    OCCLUDER,
    annotate,
    draw_image,
    flag_keypoints,
    write_synthetic_people,
)

NUM_IMAGES, SEED = 24, 7


@pytest.fixture(scope='module')
def images():
    return [draw_image(seed=SEED, index=index) for index in range(NUM_IMAGES)]


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    out_dir = tmp_path_factory.mktemp('people')
    return out_dir, write_synthetic_people(out_dir, NUM_IMAGES, seed=SEED)


def test_same_seed_same_bytes(tmp_path, written):
    out_dir, ann_file = written
    again = write_synthetic_people(tmp_path, NUM_IMAGES, seed=SEED)
    assert again.read_bytes() == ann_file.read_bytes()
    names = [path.name for path in (out_dir / 'train').iterdir()]
    assert len(names) == NUM_IMAGES
    for name in names:
        first, second = out_dir / 'train' / name, tmp_path / 'train' / name
        assert first.read_bytes() == second.read_bytes()


def test_longer_set_begins_with_shorter(tmp_path, written):
    out_dir, _ = written
    write_synthetic_people(tmp_path, 3, seed=SEED)
    for path in (tmp_path / 'train').iterdir():
        assert path.read_bytes() == (out_dir / 'train' / path.name).read_bytes()


def test_other_seed_other_images(images):
    other = draw_image(seed=SEED + 1, index=0).image
    assert other.shape != images[0].image.shape or (other != images[0].image).any()


@pytest.mark.parametrize('api', [COCO, XtCOCO])
def test_coco_apis_read_it(api, written, images):
    out_dir, ann_file = written
    coco = api(str(ann_file))
    assert len(coco.getImgIds()) == NUM_IMAGES
    assert len(coco.getAnnIds()) == sum(len(drawn.people) for drawn in images)
    for info in coco.loadImgs(coco.getImgIds()):
        image = cv2.imread(str(out_dir / 'train' / info['file_name']))
        assert image.shape == (info['height'], info['width'], 3)


def test_mmpose_reads_it(written, images):
    out_dir, ann_file = written
    dataset = CocoDataset(
        ann_file=str(ann_file), data_prefix=dict(img=str(out_dir / 'train'))
    )
    assert len(dataset) == sum(len(drawn.people) for drawn in images)
    assert dataset[0]['keypoints'].shape == (1, 17, 2)
    assert [dataset.metainfo['keypoint_id2name'][i] for i in range(17)] == [*KEYPOINTS]
    links = json.loads(ann_file.read_text())['categories'][0]['skeleton']
    ours = {frozenset((a - 1, b - 1)) for a, b in links}
    assert ours == {frozenset(link) for link in dataset.metainfo['skeleton_links']}


def test_keypoints_agree_with_flags(written):
    _, ann_file = written
    content = json.loads(ann_file.read_text())
    sizes = {i['id']: (i['width'], i['height']) for i in content['images']}
    seen = set()
    for annotation in content['annotations']:
        keypoints = np.array(annotation['keypoints']).reshape(17, 3)
        places, flags = keypoints[:, :2], keypoints[:, 2]
        seen.update(flags)
        labelled = flags > 0
        assert annotation['num_keypoints'] == labelled.sum()
        assert (places[~labelled] == 0).all()
        limit = np.array(sizes[annotation['image_id']]) - 0.5
        assert (places[labelled] >= -0.5).all()
        assert (places[labelled] <= limit).all()
    assert seen == {0, 1, 2}


def test_box_area_and_outline_fit_the_visible_body(images):
    for drawn in images:
        for number, annotation in enumerate(annotate(drawn), start=1):
            mask = drawn.owners == number
            left, top, width, height = annotation['bbox']
            body = mask[top : top + height, left : left + width]
            assert annotation['area'] == mask.sum() == body.sum() > 0
            assert all(
                edge.any() for edge in (body[0], body[-1], body[:, 0], body[:, -1])
            )
            filled = np.zeros_like(mask, np.uint8)
            for outline in annotation['segmentation']:
                points = np.array(outline, np.int32).reshape(-1, 2)
                cv2.fillPoly(filled, [points], 1)
            assert (filled.astype(bool) & mask).sum() > 0.9 * mask.sum()
            keypoints = np.reshape(annotation['keypoints'], (17, 3))
            places = keypoints[keypoints[:, 2] == 2, :2]
            assert (places >= np.array([left, top]) - 0.5).all()
            assert (places <= np.array([left + width, top + height]) - 0.5).all()


def test_visibility(images):
    """A keypoint is hidden where the pixel is another's, or of another part."""
    seen = dict(outside=0, occluder=0, somebody=0, own_body=0, visible=0)
    for drawn in images:
        height, width = drawn.owners.shape
        for number, person in enumerate(drawn.people, start=1):
            flags = flag_keypoints(person, drawn.owners == number)
            for (x, y, _), shows, flag in zip(
                person.keypoints, person.shows, flags, strict=True
            ):
                column, row = round(x), round(y)
                if not (0 <= column < width and 0 <= row < height):
                    reason = 'outside'
                elif drawn.owners[row, column] == OCCLUDER:
                    reason = 'occluder'
                elif drawn.owners[row, column] != number:
                    reason = 'somebody'
                else:
                    reason = 'visible' if shows else 'own_body'
                seen[reason] += 1
                assert flag == dict(outside=0, visible=2).get(reason, 1), reason
    assert all(seen.values()), seen


def test_everybody_stays_recognizable(images):
    for drawn in images:
        for number, person in enumerate(drawn.people, start=1):
            area = (person.parts > 0).sum()
            assert (drawn.owners == number).sum() >= MIN_VISIBLE * area


def test_max_people():
    counts = [len(draw_image(0, index, max_people=1).people) for index in range(5)]
    assert counts == [1] * 5


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(num_images=0), 'num_images must be at least 1, got 0'),
        (dict(num_images=-3), 'num_images must be at least 1, got -3'),
        (dict(seed=-1), 'seed must not be negative, got -1'),
        (dict(max_people=0), 'max_people must be from 1 to 254, got 0'),
        (dict(max_people=255), 'max_people must be from 1 to 254, got 255'),
        (dict(split='a/b'), "plain name other than 'annotations', got 'a/b'"),
        (dict(split=''), 'plain name'),
        (dict(split='annotations'), 'plain name'),
    ],
)
def test_bad_arguments(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        write_synthetic_people(tmp_path, **{'num_images': 1, **arguments})
    assert not list(tmp_path.iterdir())


def test_output_must_be_a_folder(tmp_path):
    (tmp_path / 'file').write_text('')
    for out_dir in (tmp_path / 'file', tmp_path / 'file' / 'below'):
        with pytest.raises(ValueError, match='is to be a folder'):
            write_synthetic_people(out_dir, 1)


def test_whole_set_is_kept_and_half_a_set_is_not(tmp_path):
    ann_file = write_synthetic_people(tmp_path, 2)
    image = tmp_path / 'train' / '000000000002.jpg'
    whole, times = image.read_bytes(), image.stat().st_mtime_ns
    write_synthetic_people(tmp_path, 2)
    assert image.stat().st_mtime_ns == times

    for damage in (ann_file, image):
        image.write_bytes(b'half')
        damage.unlink()
        write_synthetic_people(tmp_path, 2)
        assert image.read_bytes() == whole
        json.loads(ann_file.read_text())


@pytest.mark.parametrize('content', ['{"images": []}', 'half', ''])
def test_other_files_are_not_overwritten_unasked(tmp_path, content):
    """Such as the annotations of COCO itself."""
    ann_file = tmp_path / 'annotations' / 'person_keypoints_train.json'
    ann_file.parent.mkdir()
    ann_file.write_text(content)
    with pytest.raises(ValueError, match='is there already'):
        write_synthetic_people(tmp_path, 1)
    assert ann_file.read_text() == content
    write_synthetic_people(tmp_path, 1, overwrite=True)
    assert len(json.loads(ann_file.read_text())['images']) == 1


def test_other_set_is_not_overwritten_unasked(tmp_path):
    ann_file = write_synthetic_people(tmp_path, 2)
    before = ann_file.read_bytes()
    with pytest.raises(ValueError, match='is there already'):
        write_synthetic_people(tmp_path, 1, seed=3)
    assert ann_file.read_bytes() == before
    write_synthetic_people(tmp_path, 1, seed=3, overwrite=True)
    assert len(json.loads(ann_file.read_text())['images']) == 1
    # Another split is another set.
    assert write_synthetic_people(tmp_path, 1, seed=4, split='val') != ann_file


def test_command_line(tmp_path, capsys):
    options = ['--images', '2', '--seed', '7', '--split', 'val', '--max-people', '1']
    command = ['make-synthetic-people', '--out-dir', str(tmp_path)]
    assert main([*command, *options]) == 0
    path = tmp_path / 'annotations' / 'person_keypoints_val.json'
    assert str(path) in capsys.readouterr().out
    assert len(json.loads(path.read_text())['annotations']) == 2
    assert main([*command, '--images', '0']) == 2
    assert 'error: num_images must be at least 1, got 0' in capsys.readouterr().err
