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
from mmpose_light.datasets.synthetic_body import (
    ARMS,
    LEGS,
    POSES,
    PROPORTIONS,
    Pose,
    View,
    make_skeleton,
)
from mmpose_light.datasets.synthetic_figure import draw_figure, sample_look
from mmpose_light.datasets.synthetic_people import (
    MIN_VISIBLE,
    OCCLUDER,
    annotate,
    draw_picture,
    write_synthetic_people,
)
from mmpose_light.datasets.synthetic_render import RoundedCone, render

NUM_IMAGES = 24


@pytest.fixture(scope='module')
def pictures():
    return [draw_picture(seed=5, index=index) for index in range(NUM_IMAGES)]


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    out_dir = tmp_path_factory.mktemp('people')
    return out_dir, write_synthetic_people(out_dir, NUM_IMAGES, seed=5)


def surface(cones, x, y):
    """Depth of the surface by brute force: the nearest of many spheres."""
    nearest = -np.inf
    for cone in cones:
        t = np.linspace(0, 1, 400)[:, None]
        centers = cone.start + t * (cone.end - cone.start)
        radii = cone.start_radius + t[:, 0] * (cone.end_radius - cone.start_radius)
        square = radii**2 - (x - centers[:, 0]) ** 2 - (y - centers[:, 1]) ** 2
        depths = centers[square > 0, 2] + np.sqrt(square[square > 0])
        nearest = max([nearest, *depths])
    return nearest


def draw_standing(yaw):
    """Somebody who stands upright with the arms a little away from the body."""
    limbs = dict.fromkeys(('left', 'right'), (0, 15, 0, 5))
    pose = Pose(0, 0, 0, (0, 0, 0), limbs, limbs, 0)
    skeleton = make_skeleton(pose, {k: mean for k, (mean, _) in PROPORTIONS.items()})
    view = View(yaw, pitch=5, roll=0, distance=6)
    look = sample_look(np.random.default_rng(0))
    light = np.array([0, 0, 1])
    figure = draw_figure(skeleton, look, view, light, 200, (120, 130), (240, 260))
    places = dict(zip(KEYPOINTS, figure.keypoints, strict=True))
    return places, dict(zip(KEYPOINTS, figure.shows, strict=True))


def test_same_seed_same_bytes(tmp_path, written):
    out_dir, ann_file = written
    again = write_synthetic_people(tmp_path, NUM_IMAGES, seed=5)
    assert again.read_bytes() == ann_file.read_bytes()
    names = [path.name for path in (out_dir / 'train').iterdir()]
    assert len(names) == NUM_IMAGES
    for name in names:
        first, second = out_dir / 'train' / name, tmp_path / 'train' / name
        assert first.read_bytes() == second.read_bytes()


def test_longer_set_begins_with_shorter(tmp_path, written):
    out_dir, _ = written
    write_synthetic_people(tmp_path, 3, seed=5)
    for path in (tmp_path / 'train').iterdir():
        assert path.read_bytes() == (out_dir / 'train' / path.name).read_bytes()


def test_other_seed_other_pictures(pictures):
    other = draw_picture(seed=6, index=0).image
    assert other.shape != pictures[0].image.shape or (other != pictures[0].image).any()


@pytest.mark.parametrize('api', [COCO, XtCOCO])
def test_coco_apis_read_it(api, written, pictures):
    out_dir, ann_file = written
    coco = api(str(ann_file))
    assert len(coco.getImgIds()) == NUM_IMAGES
    assert len(coco.getAnnIds()) == sum(len(picture.people) for picture in pictures)
    for info in coco.loadImgs(coco.getImgIds()):
        image = cv2.imread(str(out_dir / 'train' / info['file_name']))
        assert image.shape == (info['height'], info['width'], 3)


def test_mmpose_reads_it(written, pictures):
    out_dir, ann_file = written
    dataset = CocoDataset(
        ann_file=str(ann_file), data_prefix=dict(img=str(out_dir / 'train'))
    )
    assert len(dataset) == sum(len(picture.people) for picture in pictures)
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


def test_box_area_and_outline_fit_the_visible_body(pictures):
    for picture in pictures:
        for number, annotation in enumerate(annotate(picture), start=1):
            mask = picture.owners == number
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
            flags = picture.people[number - 1].visibility
            places = picture.people[number - 1].figure.keypoints[flags == 2, :2]
            assert (places >= np.array([left, top]) - 0.5).all()
            assert (places <= np.array([left + width, top + height]) - 0.5).all()


def test_visibility_against_brute_force(pictures):
    reasons = dict(outside=0, occluder=0, somebody=0, own_body=0, none=0)
    for picture in pictures[:30]:
        height, width = picture.owners.shape
        for number, person in enumerate(picture.people, start=1):
            figure = person.figure
            for (x, y, z), tolerance, flag in zip(
                figure.keypoints, figure.tolerances, person.visibility, strict=True
            ):
                column, row = round(x), round(y)
                inside = 0 <= column < width and 0 <= row < height
                # People are listed from the farthest to the nearest.
                nearer = [
                    surface(other.figure.cones, column, row) > -np.inf
                    for other in picture.people[number:]
                ]
                depth = surface(figure.cones, column, row) - z
                if not inside:
                    reason = 'outside'
                elif picture.owners[row, column] == OCCLUDER:
                    reason = 'occluder'
                elif any(nearer):
                    reason = 'somebody'
                elif depth > tolerance:
                    reason = 'own_body'
                else:
                    reason = 'none'
                # The brute force is not exact to the last hair.
                if abs(depth - tolerance) > 0.05:
                    reasons[reason] += 1
                    assert flag == dict(outside=0, none=2).get(reason, 1), reason
    assert all(reasons.values()), reasons


def test_everybody_stays_recognizable(pictures):
    for picture in pictures:
        for number, person in enumerate(picture.people, start=1):
            area = person.figure.sprite.mask.sum()
            assert (picture.owners == number).sum() >= MIN_VISIBLE * area


def test_max_people():
    counts = [len(draw_picture(0, index, max_people=1).people) for index in range(5)]
    assert counts == [1] * 5


@pytest.mark.parametrize(('yaw', 'left_is_right_hand'), [(0, True), (180, False)])
def test_left_and_right_from_front_and_back(yaw, left_is_right_hand):
    places, shows = draw_standing(yaw)
    for name in KEYPOINTS:
        if name.startswith('left_'):
            left, right = places[name], places[name.replace('left', 'right')]
            assert (left[0] > right[0]) == left_is_right_hand, name
    for name in ('nose', 'left_eye', 'right_eye'):
        assert shows[name] == (yaw == 0)
    for joint in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle'):
        assert shows[f'left_{joint}'] and shows[f'right_{joint}']


@pytest.mark.parametrize(
    ('yaw', 'near', 'far'), [(90, 'left', 'right'), (-90, 'right', 'left')]
)
def test_far_side_is_hidden_from_the_side(yaw, near, far):
    places, shows = draw_standing(yaw)
    for joint in ('eye', 'ear', 'shoulder', 'elbow', 'wrist', 'knee', 'ankle'):
        assert shows[f'{near}_{joint}'] and not shows[f'{far}_{joint}']
        assert places[f'{near}_{joint}'][2] > places[f'{far}_{joint}'][2]
    # The nose points where the body faces.
    assert (places['nose'][0] < places['left_ear'][0]) == (near == 'left')


def test_segments_keep_their_lengths():
    rng = np.random.default_rng(0)
    for arm in ARMS.values():
        angles = tuple(rng.uniform(*limits) for limits in arm)
        pose = Pose(
            20,
            5,
            10,
            (5, 5, 5),
            dict.fromkeys(('left', 'right'), angles),
            dict.fromkeys(('left', 'right'), (30, 10, 5, 40)),
            0,
        )
        size = {name: mean for name, (mean, _) in PROPORTIONS.items()}
        at = make_skeleton(pose, size).points
        for start, end, length in (
            ('shoulder', 'elbow', 'upper_arm'),
            ('elbow', 'wrist', 'forearm'),
            ('hip', 'knee', 'thigh'),
            ('knee', 'ankle', 'shank'),
        ):
            for side in ('left', 'right'):
                step = at[f'{side}_{end}'] - at[f'{side}_{start}']
                assert np.linalg.norm(step) == pytest.approx(size[length])


def test_pose_tables_are_consistent():
    assert sum(pose.share for pose in POSES.values()) == pytest.approx(1)
    for pose in POSES.values():
        assert set(pose.legs) <= set(LEGS)
        assert {arm for pair in pose.arms for arm in pair} <= set(ARMS)


def test_cones_against_brute_force():
    rng = np.random.default_rng(0)
    tiles = np.full((1, 64, 64, 3), 100, np.float32)
    for _ in range(20):
        cone = RoundedCone(
            rng.uniform(5, 25, 3), rng.uniform(5, 25, 3), *rng.uniform(2, 7, 2), 0
        )
        sprite = render([cone], tiles, np.array([0, 0, 1]), 100, (30, 30))
        expected = np.array(
            [[surface([cone], x, y) for x in range(30)] for y in range(30)]
        )
        depth = np.full((30, 30), -np.inf)
        depth[sprite.window()] = sprite.depth
        hit, expected_hit = np.isfinite(depth), np.isfinite(expected)
        # The brute force may miss a pixel of the outline.
        assert (hit != expected_hit).sum() <= 2
        both = hit & expected_hit
        assert np.abs(depth[both] - expected[both]).max() < 0.15


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
