"""The LSPET converter, on a small set with known answers and on the published crops."""

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmpose.registry import DATASETS
from PIL import Image
from scipy.io import savemat

from mmpose_light.cli import main
from mmpose_light.datasets.coco_layout import COCO_KEYPOINTS
from mmpose_light.datasets.lspet import (
    LSPET_JOINTS,
    convert_lspet,
    load_joints,
    to_annotation,
)

RANGES = ['--train', '1-3', '--val', '4-5']
SPLITS = dict(train=(1, 3), val=(4, 5))


def grid_joints() -> np.ndarray:
    """Joint j at (10 + 10 j, 20 + 5 j), all labelled."""
    j = np.arange(14)
    return np.column_stack((10 + 10 * j, 20 + 5 * j, np.ones(14))).astype(float)


def write_download(folder: Path, people: list, sizes: list) -> Path:
    (folder / 'images').mkdir(parents=True)
    savemat(folder / 'joints.mat', dict(joints=np.stack(people, axis=-1)))
    for number, size in enumerate(sizes, 1):
        Image.new('RGB', size).save(folder / 'images' / f'im{number:05d}.jpg')
    return folder


@pytest.fixture
def download(tmp_path) -> Path:
    """Six images: 2 and 3 have too few joints, 4 has a joint outside."""
    few, outside_all = grid_joints(), grid_joints()
    few[:5, 2] = 0  # five of the twelve limb joints unlabelled
    outside_all[:5, 0] += 1000
    outside = grid_joints()
    outside[3, :2] = 160, 30  # left hip, one past the last pixel
    outside[12, 2] = 0  # neck
    people = [grid_joints(), few, outside_all, outside, grid_joints(), grid_joints()]
    return write_download(tmp_path / 'lspet', people, [(160, 100)] * 6)


def keypoint(annotation: dict, name: str) -> list:
    i = 3 * COCO_KEYPOINTS.index(name)
    return annotation['keypoints'][i : i + 3]


def test_known_answers(download):
    results = convert_lspet(download, splits=SPLITS).datasets
    train, val = (json.loads((download / f'{s}.json').read_text()) for s in SPLITS)
    assert dict(train=train, val=val) == results

    assert train['images'] == [
        dict(id=1, file_name='im00001.jpg', width=160, height=100)
    ]
    (person,) = train['annotations']
    # Extent 10…140 × 20…85, padded by 0.12 · 130 = 15.6, clipped to 160 × 100.
    np.testing.assert_allclose(person['bbox'], [0, 4.4, 155.6, 95.6])
    assert person['area'] == pytest.approx(0.53 * 155.6 * 95.6)
    assert person['num_keypoints'] == 12
    assert (person['id'], person['image_id'], person['iscrowd']) == (1, 1, 0)
    for j, name in enumerate(LSPET_JOINTS[:12]):
        assert keypoint(person, name) == [10 + 10 * j, 20 + 5 * j, 2]
    assert person['keypoints'][:15] == [0] * 15  # no face in LSPET
    assert person['keypoints'][15:18] == [100, 65, 2]  # left shoulder, LSPET's 10th
    assert person['keypoints'][48:] == [10, 20, 2]  # right ankle, LSPET's first

    assert [a['id'] for a in val['annotations']] == [4, 5]
    person = val['annotations'][0]
    assert keypoint(person, 'left_hip') == [0, 0, 0]
    assert person['num_keypoints'] == 11
    category = val['categories'][0]
    assert category['name'] == 'person' and category['id'] == 1
    assert tuple(category['keypoints']) == COCO_KEYPOINTS


def test_head_and_neck_only_shape_the_box():
    joints = grid_joints()
    joints[13, :2] = 10, 199  # head top, far below the rest
    person = to_annotation(joints, 400, 400, 1)
    # Extent 10…130 × 20…199.
    np.testing.assert_allclose(
        person['bbox'],
        [0, 0, 130 + 0.12 * 179, 199 + 0.12 * 179],
    )
    joints[13, 2] = 0
    assert to_annotation(joints, 400, 400, 1)['bbox'][3] < 200
    joints[12:, 2] = 1
    joints[:5, 2] = 0  # 7 limb joints and the two of the head are not enough
    assert to_annotation(joints, 400, 400, 1) is None
    joints[4, 2] = 1
    assert to_annotation(joints, 400, 400, 1)['num_keypoints'] == 8


@pytest.mark.parametrize(
    'xy, inside',
    [((0, 0), True), ((39.9, 29.9), True), ((40, 5), False), ((-0.1, 5), False),
     ((5, 30), False), ((5, -1), False), ((np.nan, 5), False)],
)  # fmt: skip
def test_edge_of_the_image(xy, inside):
    joints = np.ones((14, 3)) * (5, 5, 1)
    joints[8, :2] = xy
    person = to_annotation(joints, 40, 30, 1)
    assert (keypoint(person, 'right_shoulder')[2] == 2) == inside
    assert person['num_keypoints'] == 11 + inside


def test_coco_tools_accept_the_files(download):
    from pycocotools.coco import COCO

    convert_lspet(download, splits=SPLITS)
    coco = COCO(str(download / 'val.json'))
    assert coco.getAnnIds(imgIds=[5]) == [5]


def test_zip_gives_the_same(download, tmp_path):
    archive = tmp_path / 'lspet_dataset.zip'
    with zipfile.ZipFile(archive, 'w') as target:
        for path in sorted(download.rglob('*')):
            target.write(path, Path('lspet_dataset') / path.relative_to(download))
    expected = convert_lspet(download, splits=SPLITS)
    out = tmp_path / 'from_zip'
    done = convert_lspet(archive, out, splits=SPLITS)
    assert done.datasets == expected.datasets
    assert done.files == dict(train=out / 'train.json', val=out / 'val.json')
    assert (out / 'images' / 'im00005.jpg').is_file()
    assert (out / 'val.json').read_bytes() == (download / 'val.json').read_bytes()


def test_command_line(download, capsys):
    command = ['lspet2coco', str(download), *RANGES]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert 'train.json: 1 people of images 1 to 3; 2 left out' in printed
    assert '1 images lie in no split' in printed
    val = download / 'val.json'
    assert len(json.loads(val.read_text())['images']) == 2

    val.write_text('precious')
    assert main(command) == 2
    assert 'train.json is there already' in capsys.readouterr().err
    assert val.read_text() == 'precious'
    assert main([*command, '--overwrite']) == 0
    assert len(json.loads(val.read_text())['images']) == 2


def test_errors_of_the_command(download, capsys):
    assert main(['lspet2coco', str(download)]) == 2
    assert 'error: images 1 to 8000 were asked for' in capsys.readouterr().err
    with pytest.raises(SystemExit, match='2'):
        main(['lspet2coco', str(download), '--val', '9000'])
    assert 'not FIRST-LAST' in capsys.readouterr().err


def spoil_joints(folder):
    (folder / 'joints.mat').write_bytes(b'no MATLAB file')


def save_lsp(folder):
    savemat(folder / 'joints.mat', dict(joints=np.zeros((3, 14, 2000))))


def rename_variable(folder):
    savemat(folder / 'joints.mat', dict(other=np.zeros(3)))


def truncate_image(folder):
    path = folder / 'images' / 'im00004.jpg'
    path.write_bytes(path.read_bytes()[:-200])


@pytest.mark.parametrize(
    'spoil, message',
    [
        (shutil.rmtree, 'does not exist: give the folder with joints.mat'),
        (lambda d: (d / 'joints.mat').unlink(), r'joints\.mat is missing'),
        (lambda d: shutil.rmtree(d / 'images'), r'images is missing: unpack'),
        (lambda d: (d / 'images/im00005.jpg').unlink(), 'im00005.jpg is missing'),
        (truncate_image, 'im00004.jpg cannot be read'),
        (spoil_joints, 'cannot be read as a MATLAB file'),
        (save_lsp, r'shape \(3, 14, 2000\), expected \(14, 3, images\)'),
        (rename_variable, r"no variable 'joints', only \['other'\]"),
    ],
)
def test_bad_download(download, spoil, message):
    spoil(download)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        convert_lspet(download, splits=SPLITS)
    assert not (download / 'train.json').exists()


def test_bad_arguments(download, tmp_path):
    with pytest.raises(ValueError, match='describes images 1 to 6'):
        convert_lspet(download)
    with pytest.raises(ValueError, match='share images'):
        convert_lspet(download, splits=dict(train=(1, 4), val=(4, 5)))
    no_zip = tmp_path / 'a.zip'
    no_zip.write_bytes(b'nothing')
    with pytest.raises(ValueError, match='no zip archive'):
        convert_lspet(no_zip, tmp_path / 'out')
    with zipfile.ZipFile(no_zip, 'w') as archive:
        archive.writestr('readme.txt', 'hello')
    with pytest.raises(ValueError, match='does not hold joints.mat'):
        convert_lspet(no_zip, tmp_path / 'out')


def test_config_reads_what_the_converter_writes(repo_dir, download):
    name = 'td-hm_el-hrnet-w32_1xb32-60e_lspet-256x192.py'
    cfg = Config.fromfile(repo_dir / 'configs' / 'el_hrnet' / name)
    for split in ('train', 'val', 'test'):
        dataset = cfg[f'{split}_dataloader'].dataset
        assert dataset.data_root + dataset.data_prefix.img == 'data/lspet/images/'
    assert cfg.train_dataloader.dataset.ann_file == 'train.json'
    assert cfg.test_dataloader.dataset.ann_file == 'val.json'
    assert cfg.test_dataloader.dataset.bbox_file is None
    assert cfg.test_evaluator.ann_file == cfg.val_evaluator.ann_file
    assert cfg.val_evaluator.ann_file == 'data/lspet/val.json'

    convert_lspet(download, splits=SPLITS)
    cfg.train_dataloader.dataset.data_root = str(download)
    with DATASETS.switch_scope_and_registry('mmpose'):
        dataset = DATASETS.build(cfg.train_dataloader.dataset)
    sample = dataset[0]
    assert sample['inputs'].shape == (3, 256, 192)
    weights = sample['data_samples'].gt_instance_labels.keypoint_weights
    assert not weights[0, :5].any()  # the face is not trained


# The published crops


def axis_extent(points, start, length, size, padding):
    """The extent of all joints along one axis, from the box and its padding.

    At an edge of the image the box was clipped: there it tells no more than that the
    padding reached the edge.
    """
    low, high = start + padding, start + length - padding
    if start == 0:
        low = min(low, points.min())
    if start + length > size - 0.6:  # the crop's own width is a whole number
        high = max(high, points.max())
    return low, high


def original_joints(annotation: dict, image: dict) -> np.ndarray:
    """Undo the conversion, with the crop taken as the whole image.

    The limb joints are in the annotation. Neck and head top are not; all they do is to
    stretch the box, so they go to the two corners of the extent which the box tells.
    """
    points = np.array(annotation['keypoints'], float).reshape(17, 3)
    limbs = points[[COCO_KEYPOINTS.index(name) for name in LSPET_JOINTS[:12]]]
    labelled = limbs[limbs[:, 2] > 0]
    (x, y, w, h), size = annotation['bbox'], (image['width'], image['height'])

    def extents(padding):
        return (
            axis_extent(labelled[:, 0], x, w, size[0], padding),
            axis_extent(labelled[:, 1], y, h, size[1], padding),
        )

    padding = 0.0
    for _ in range(60):  # padding = 0.12 of an extent that depends on the padding
        padding = 0.12 * max(high - low for low, high in extents(padding))
    (left, right), (top, bottom) = extents(padding)
    joints = np.zeros((14, 3))
    joints[:12] = limbs
    joints[:12, 2] = limbs[:, 2] > 0
    joints[12] = left, top, 1
    joints[13] = right, bottom, 1
    return joints


@pytest.mark.parametrize('split', ['train', 'val'])
def test_equals_the_published_crops(shared_dir, tmp_path, split):
    """From crops back to a download, converted, and compared with the crops."""
    source = shared_dir / 'data' / f'lspet_{split}'
    expected = json.loads(source.with_suffix('.json').read_text())
    first = expected['images'][0]['id']
    last = first + 1999
    images = {i['id']: i for i in expected['images'] if i['id'] <= last}
    people = {a['id']: a for a in expected['annotations'] if a['id'] <= last}

    joints = np.zeros((14, 3, last))
    for number, annotation in people.items():
        joints[..., number - 1] = original_joints(annotation, images[number])
    savemat(tmp_path / 'joints.mat', dict(joints=joints))
    (tmp_path / 'images').mkdir()
    with zipfile.ZipFile(source.with_suffix('.zip')) as archive:
        for image in images.values():
            target = tmp_path / 'images' / image['file_name']
            target.write_bytes(archive.read(f'{split}/{image["file_name"]}'))

    done = convert_lspet(tmp_path, splits={split: (first, last)})
    result = done.datasets[split]
    assert result['images'] == list(images.values())
    assert result['categories'] == expected['categories']
    assert [a['id'] for a in result['annotations']] == list(people)
    for got in result['annotations']:
        want = people[got['id']]
        assert got.keys() == want.keys()
        for key in ('image_id', 'category_id', 'iscrowd', 'num_keypoints', 'keypoints'):
            assert got[key] == want[key], key
        # Published boxes are rounded to 0.1, and their crops cut at whole pixels.
        np.testing.assert_allclose(got['bbox'], want['bbox'], atol=0.6)
        assert got['area'] == pytest.approx(0.53 * got['bbox'][2] * got['bbox'][3])
        assert got['area'] == pytest.approx(want['area'], rel=0.02)


def test_load_joints_puts_people_first(download):
    joints = load_joints(download / 'joints.mat')
    assert joints.shape == (6, 14, 3)
    np.testing.assert_array_equal(joints[0], grid_joints())
