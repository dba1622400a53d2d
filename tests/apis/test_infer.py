"""Inference, against MMPose's own `inference_topdown` and with everything broken."""

import copy
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.apis import inference_topdown, init_model
from PIL import Image
from torch import nn

from mmpose_light.apis import export
from mmpose_light.apis.given_boxes import GivenBoxes
from mmpose_light.apis.infer import infer
from mmpose_light.apis.inputs import find_inputs
from mmpose_light.apis.models import choose_device, load_model
from mmpose_light.apis.outputs import name_outputs
from mmpose_light.apis.torch_model import TorchModel, open_network
from mmpose_light.cli import main
from mmpose_light.deploy.runtime import DescribedModel

# An EL-HRNet small enough to run in no time.
TINY = """
_base_ = '{repo}/configs/el_hrnet/td-hm_el-hrnet-w18_1xb16-300e_coco-128x96.py'
model = dict(
    backbone=dict(_delete_=True, type='ELHRNet', extra={extra},
                  attention={attention}),
    head=dict(in_channels=8))
"""
# Another for gray images.
GRAY = """
model['backbone']['in_channels'] = 1
model['test_cfg'] = dict(flip_test=False)
model['data_preprocessor'] = dict(mean=[118], std=[58], bgr_to_rgb=False)
_pipeline = [
    dict(type='LoadImage', color_type='grayscale'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=(96, 128)),
    dict(type='PackPoseInputs')]
test_dataloader = dict(dataset=dict(pipeline=_pipeline))
val_dataloader = test_dataloader
"""
# A detector that keeps its twenty best boxes, of dogs and people.
DETECTOR = """
_base_ = 'mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py'
model = dict(
    backbone=dict(init_cfg=None),
    bbox_head=dict(num_classes=2),
    test_cfg=dict(score_thr=0.0, max_per_img=20))
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(160, 160), keep_ratio=True),
    dict(type='Pad', size=(160, 160)),
    dict(type='PackDetInputs', meta_keys=('img_path', 'ori_shape', 'img_shape',
                                          'scale_factor')),
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
"""
SIZES = {'b': (80, 60), 'c': (50, 90)}  # width, height


class Case:
    """Config, checkpoint and the model that MMPose makes of them."""

    def __init__(self, folder: Path, name: str, more: str = '', **options) -> None:
        self.config = folder / f'{name}.py'
        self.config.write_text(TINY.format(**options) + more)
        Config.fromfile(self.config).dump(self.config)  # bases take long to resolve
        self.checkpoint = folder / f'{name}.pth'
        torch.manual_seed(1)
        self.model = init_model(str(self.config), device='cpu')
        self.model.test_cfg['flip_test'] = False  # as infer runs it
        with torch.no_grad():  # peaks high enough to be drawn
            self.model.head.final_layer.weight.mul_(50)
        meta = dict(dataset_meta=self.model.dataset_meta)
        torch.save(dict(state_dict=self.model.state_dict(), meta=meta), self.checkpoint)

    def run(self, *inputs, **options):
        options = dict(weights=self.checkpoint, device='cpu') | options
        return infer(self.config, inputs, **options)

    def command(self, *args) -> int:
        args = ['infer', self.config, *args, '--weights', self.checkpoint]
        args += ['--device', 'cpu']
        return main([str(a) for a in args])

    def expect(self, image, boxes=None, flip_test=False) -> np.ndarray:
        """Keypoints by MMPose, shape (N, 17, 2)."""
        model = copy.copy(self.model)
        model.test_cfg = dict(model.test_cfg, flip_test=flip_test)
        samples = inference_topdown(model, image, boxes)
        return np.concatenate([s.pred_instances.keypoints for s in samples])


@pytest.fixture(scope='module')
def tiny(repo_dir, tiny_el_hrnet_extra) -> dict:
    return dict(repo=repo_dir, extra=tiny_el_hrnet_extra)


@pytest.fixture(scope='module')
def case(tmp_path_factory, tiny) -> Case:
    return Case(tmp_path_factory.mktemp('model'), 'tiny', attention=True, **tiny)


@pytest.fixture(scope='module')
def gray_case(tmp_path_factory, tiny) -> Case:
    return Case(tmp_path_factory.mktemp('gray'), 'gray', GRAY, attention=True, **tiny)


@pytest.fixture(scope='module')
def detector(tmp_path_factory) -> dict:
    from mmdet.registry import MODELS

    folder = tmp_path_factory.mktemp('detector')
    config, weights = folder / 'detector.py', folder / 'detector.pth'
    config.write_text(DETECTOR)
    cfg = Config.fromfile(config)
    cfg.dump(config)  # bases take long to resolve
    torch.manual_seed(2)
    with MODELS.switch_scope_and_registry('mmdet'):
        model = MODELS.build(cfg.model)
    with torch.no_grad():  # large enough to make places differ
        for layer in model.bbox_head.rtm_cls:
            layer.weight.mul_(30)
        for layer in model.bbox_head.rtm_reg:
            layer.bias.fill_(3)
    meta = dict(dataset_meta=dict(classes=('dog', 'person')))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), weights)
    return dict(detector=str(config), detector_weights=str(weights))


def noise(size, seed=0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return cv2.resize(small, size)


@pytest.fixture
def photos(tmp_path) -> Path:
    folder = tmp_path / 'photos'
    folder.mkdir()
    for i, (name, size) in enumerate(SIZES.items()):
        cv2.imwrite(str(folder / f'{name}.png'), noise(size, i))
    return folder


@pytest.fixture
def video(tmp_path) -> Path:
    path = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 5, (96, 64))
    for i in range(10):
        writer.write(noise((96, 64), i))
    writer.release()
    return path


def predictions(out: Path, name: str) -> list:
    return json.loads((out / 'predictions' / f'{name}.json').read_text())


def keypoints(people: list) -> np.ndarray:
    return np.array([person['keypoints'] for person in people])


def frames(path: Path) -> list[np.ndarray]:
    capture, found = cv2.VideoCapture(str(path)), []
    while True:
        ok, frame = capture.read()
        if not ok:
            return found
        found.append(frame)


# Pictures


def test_whole_picture(case, photos, tmp_path):
    out = tmp_path / 'out'
    picture = str(photos / 'b.png')
    done = case.run(picture, out_dir=out, kpt_thr=0)
    assert done.people == {picture: 1} and not done.skipped
    (person,) = predictions(out, 'b')
    np.testing.assert_allclose([person['keypoints']], case.expect(picture), atol=1e-3)
    assert person['bbox'] == [[0, 0, 80, 60]]
    assert len(person['keypoint_scores']) == 17
    drawn, source = cv2.imread(str(out / 'visualizations/b.png')), cv2.imread(picture)
    assert drawn.shape == source.shape
    assert (drawn != source).any()


def test_flip_test(case, photos, tmp_path):
    picture = str(photos / 'b.png')
    case.run(picture, out_dir=tmp_path, flip_test=True)
    (person,) = predictions(tmp_path, 'b')
    expected = case.expect(picture, flip_test=True)
    np.testing.assert_allclose([person['keypoints']], expected, atol=1e-3)
    assert not np.allclose(expected, case.expect(picture), atol=1e-3)


def test_the_inference_form_runs_where_metadata_can_tell_how(case):
    """Any other test pipeline, and the flip test, run as MMPose tests the model."""
    model = load_model(case.config, case.checkpoint, 'cpu')
    assert isinstance(open_network(model), DescribedModel)
    assert isinstance(open_network(model, flip_test=True), TorchModel)
    links = model.dataset_meta.pop('skeleton_links')
    assert isinstance(open_network(model), TorchModel)
    model.dataset_meta['skeleton_links'] = links
    decoder = model.cfg.model.head.pop('decoder')
    assert isinstance(open_network(model), TorchModel)
    model.cfg.model.head.decoder = decoder
    preprocessor, model.data_preprocessor = model.data_preprocessor, nn.Identity()
    assert isinstance(open_network(model), TorchModel)
    model.data_preprocessor = preprocessor
    model.test_cfg['output_keypoint_indices'] = [0, 1]
    assert isinstance(open_network(model), TorchModel)
    del model.test_cfg['output_keypoint_indices']
    assert isinstance(open_network(model), DescribedModel)
    model.cfg.test_dataloader.dataset.pipeline.insert(1, dict(type='YOLOXHSVRandomAug'))
    assert isinstance(open_network(model), TorchModel)


def test_drawn_as_mmpose_draws(case, photos, tmp_path):
    from mmpose.visualization import PoseLocalVisualizer

    case.run(photos / 'b.png', out_dir=tmp_path, kpt_thr=0, radius=2, thickness=3)
    image = cv2.imread(str(photos / 'b.png'))
    visualizer = PoseLocalVisualizer(radius=2, line_width=3)
    visualizer.set_dataset_meta(case.model.dataset_meta)
    (sample,) = inference_topdown(case.model, image)
    expected = visualizer.add_datasample(
        '', image[..., ::-1], sample, draw_gt=False, draw_bbox=False, kpt_thr=0
    )
    drawn = cv2.imread(str(tmp_path / 'visualizations/b.png'))
    np.testing.assert_array_equal(drawn, expected[..., ::-1])


def test_nothing_is_drawn_above_the_threshold(case, photos, tmp_path):
    case.run(photos, out_dir=tmp_path, kpt_thr=1e9)
    drawn = cv2.imread(str(tmp_path / 'visualizations/b.png'))
    np.testing.assert_array_equal(drawn, cv2.imread(str(photos / 'b.png')))


def test_folder_with_broken_pictures(case, photos, tmp_path, capsys):
    """What can be done is done, and the rest is told."""
    image = noise((200, 200), 5)
    encoded = cv2.imencode('.jpg', image)[1].tobytes()
    (photos / 'a_cut.jpg').write_bytes(encoded[: len(encoded) // 2])
    assert cv2.imread(str(photos / 'a_cut.jpg')) is not None  # OpenCV sees no harm
    (photos / 'd_empty.jpg').write_bytes(b'')
    (photos / 'e_text.png').write_text('no picture')
    (photos / 'notes.txt').write_text('left alone')
    out = tmp_path / 'out'
    assert case.command(photos, '--out-dir', out, '--batch-size', '2') == 1
    printed = capsys.readouterr()
    assert '2 people in 2 of 5 inputs' in printed.out
    errors = [line for line in printed.err.splitlines() if line.startswith('error: ')]
    assert [Path(line.split(': ')[1]).name for line in errors] == [
        'a_cut.jpg',
        'd_empty.jpg',
        'e_text.png',
    ]
    assert 'truncated' in errors[0]
    for name in SIZES:
        expected = case.expect(str(photos / f'{name}.png'))
        found = keypoints(predictions(out, name))
        np.testing.assert_allclose(found, expected, atol=1e-3)
    assert sorted(p.name for p in (out / 'predictions').iterdir()) == [
        'b.json',
        'c.json',
    ]


def test_json_or_pictures_only(case, photos, tmp_path):
    case.run(photos, out_dir=tmp_path / '1', save_images=False)
    assert not (tmp_path / '1' / 'visualizations').exists()
    case.run(photos, out_dir=tmp_path / '2', save_json=False)
    assert not (tmp_path / '2' / 'predictions').exists()
    with pytest.raises(ValueError, match='neither images nor json'):
        case.run(photos, out_dir=tmp_path, save_json=False, save_images=False)


def test_turned_picture(case, photos, tmp_path):
    """Stored lying, as EXIF says: the same people as in the upright one."""
    image = cv2.imread(str(photos / 'b.png'))
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = Image.fromarray(np.rot90(image[..., ::-1], 1))
    stored.save(photos / 'turned.webp', lossless=True, exif=exif)
    case.run(photos / 'turned.webp', out_dir=tmp_path)
    found = keypoints(predictions(tmp_path, 'turned'))
    np.testing.assert_allclose(found, case.expect(image), atol=1e-3)


def test_gray_model(gray_case, photos, video, tmp_path):
    """It is given what its LoadImage loads, of images and of videos."""
    done = gray_case.run(photos, video, out_dir=tmp_path, kpt_thr=0)
    assert not done.skipped
    found = keypoints(predictions(tmp_path, 'b'))
    expected = gray_case.expect(str(photos / 'b.png'))
    np.testing.assert_allclose(found, expected, atol=1e-3)
    gray = cv2.cvtColor(frames(video)[0], cv2.COLOR_BGR2GRAY)
    found = keypoints(predictions(tmp_path, 'clip')[0]['instances'])
    np.testing.assert_allclose(found, gray_case.expect(gray), atol=1e-3)
    drawn = cv2.imread(str(tmp_path / 'visualizations/b.png'))
    assert (drawn[..., 0] != drawn[..., 2]).any()  # in colors


def test_exported_gray_model(gray_case, photos, tmp_path, deploy_packages):
    options = dict(weights=gray_case.checkpoint, images=photos, threads=1)
    options['preprocess'] = True
    file = export(gray_case.config, tmp_path / 'gray.onnx', **options).file
    for name, model in (('onnx', file), ('torch', None)):
        if model:
            infer(model, photos, tmp_path / name, threads=1)
        else:
            gray_case.run(photos, out_dir=tmp_path / name)
    found, expected = (
        keypoints(predictions(tmp_path / name, 'b')) for name in ('onnx', 'torch')
    )
    np.testing.assert_allclose(found, expected, atol=0.5)


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_values_that_are_not_finite(case, photos, video, tmp_path, value, capsys):
    checkpoint = torch.load(case.checkpoint, weights_only=True)
    checkpoint['state_dict']['head.final_layer.weight'][3] = value
    torch.save(checkpoint, tmp_path / 'bad.pth')
    case.checkpoint, good = tmp_path / 'bad.pth', case.checkpoint
    try:
        code = case.command(photos, video, '--out-dir', tmp_path / 'out')
    finally:
        case.checkpoint = good
    assert code == 1
    lines = capsys.readouterr().err.splitlines()
    for name in ('b.png', 'c.png', 'clip.avi'):
        (line,) = (line for line in lines if name in line)
        assert 'weights' in line and 'not finite' in line
    assert [p.name for p in (tmp_path / 'out/predictions').iterdir()] == ['clip.json']
    assert predictions(tmp_path / 'out', 'clip')[9]['instances'] == []


# Boxes

BOXES = {'b': [[5, 5, 40, 50], [30, 0, 80, 60], [0, 10, 33, 44]], 'c': []}


def xywh(box):
    return [box[0], box[1], box[2] - box[0], box[3] - box[1]]


def write_ann_file(path: Path) -> Path:
    images = [dict(id=i, file_name=f'{name}.png') for i, name in enumerate(BOXES)]
    annotations = [
        dict(id=j, image_id=i, category_id=7, bbox=xywh(box), iscrowd=0)
        for i, boxes in enumerate(BOXES.values())
        for j, box in enumerate(boxes)
    ]
    annotations.append(
        dict(id=90, image_id=1, category_id=7, bbox=[0, 0, 9, 9], iscrowd=1)
    )
    annotations.append(
        dict(id=91, image_id=1, category_id=1, bbox=[0, 0, 9, 9], iscrowd=0)
    )
    categories = [dict(id=1, name='dog'), dict(id=7, name='person')]
    path.write_text(
        json.dumps(dict(images=images, annotations=annotations, categories=categories))
    )
    return path


@pytest.mark.parametrize('batch_size', [1, 2, 8])
def test_annotated_boxes(case, photos, tmp_path, batch_size):
    boxes = GivenBoxes.from_files(ann_file=write_ann_file(tmp_path / 'ann.json'))
    done = case.run(photos, out_dir=tmp_path, boxes=boxes, batch_size=batch_size)
    assert list(done.people.values()) == [3, 0]
    people = predictions(tmp_path, 'b')
    expected = case.expect(str(photos / 'b.png'), np.array(BOXES['b'], float))
    np.testing.assert_allclose(keypoints(people), expected, atol=1e-3)
    np.testing.assert_allclose([p['bbox'][0] for p in people], BOXES['b'], atol=1e-3)
    assert predictions(tmp_path, 'c') == []
    drawn = cv2.imread(str(tmp_path / 'visualizations/c.png'))
    np.testing.assert_array_equal(drawn, cv2.imread(str(photos / 'c.png')))


def write_detections(path: Path, ids: list, scores=(0.9, 0.8, 0.1)) -> Path:
    entries = [
        dict(image_id=i, category_id=1, bbox=xywh(box), score=score)
        for i in ids
        for box, score in zip(BOXES['b'], scores, strict=True)
    ]
    path.write_text(json.dumps(entries))
    return path


def test_detection_results(case, photos, tmp_path):
    """By the number in the file's name, without what scores too low."""
    shutil.copy(photos / 'b.png', photos / 'COCO_000000000139.png')
    boxes = write_detections(tmp_path / 'boxes.json', [139])
    out = tmp_path / 'out'
    assert case.command(photos, '--boxes', boxes, '--out-dir', out) == 0
    people = predictions(out, 'COCO_000000000139')
    assert [round(float(p['bbox_score']), 3) for p in people] == [0.9, 0.8]
    expected = case.expect(str(photos / 'b.png'), np.array(BOXES['b'][:2], float))
    np.testing.assert_allclose(keypoints(people), expected, atol=1e-3)
    assert predictions(out, 'b') == []


def test_detection_results_with_names(photos, tmp_path):
    """The annotation file tells that image 1 is c.png; its own boxes are not used."""
    boxes = GivenBoxes.from_files(
        write_detections(tmp_path / 'boxes.json', [1]).as_posix(), None
    )
    assert boxes.boxes.keys() == {1}
    ann_file = write_ann_file(tmp_path / 'ann.json')
    entries = json.loads((tmp_path / 'boxes.json').read_text())
    for entry in entries:
        entry['category_id'] = 7
    (tmp_path / 'boxes.json').write_text(json.dumps(entries))
    boxes = GivenBoxes.from_files(tmp_path / 'boxes.json', ann_file, score_thr=0.5)
    found = boxes.find_ids([str(photos / 'b.png'), str(photos / 'c.png')])
    assert found == {1: 1}
    np.testing.assert_allclose(boxes.boxes[1][:, :4], BOXES['b'][:2])


@pytest.mark.parametrize(
    'content, message',
    [
        (None, 'does not exist'),
        ('{', 'is no json file'),
        ('{}', 'no file of detection results'),
        ('[{"image_id": 1}]', 'entry 0 of .* does not have image_id and a bbox'),
        ('[{"image_id": 1, "bbox": [1, 2, 3]}]', 'four numbers'),
        ('[{"image_id": 1, "bbox": [1, 2, 3, NaN]}]', 'not finite'),
        ('[{"image_id": 5, "bbox": [1, 2, 3, 4]}]', r'there are boxes for \[5\]'),
        ('[{"image_id": 1, "bbox": [1, 2, 0, 4]}]', r'there are boxes for \[\]'),
    ],
)
def test_bad_boxes(photos, tmp_path, content, message):
    path = tmp_path / 'boxes.json'
    if content is not None:
        path.write_text(content)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        GivenBoxes.from_files(path).find_ids([str(photos / 'b.png')])


def test_bad_annotation_files(tmp_path):
    (tmp_path / 'ann.json').write_text('[]')
    with pytest.raises(ValueError, match='no COCO annotation file'):
        GivenBoxes.from_files(ann_file=tmp_path / 'ann.json')
    with pytest.raises(ValueError, match='boxes, ann_file or both'):
        GivenBoxes.from_files()
    boxes = GivenBoxes({1: np.ones((1, 5))})
    with pytest.raises(ValueError, match='both stand for image 1'):
        boxes.find_ids(['x/001.jpg', 'y/001.jpg'])


def test_detector(case, detector, photos, tmp_path):
    """Boxes of a detector (random weights, so threshold 0) flow into poses."""
    done = case.run(photos, out_dir=tmp_path, bbox_thr=0.0, nms_thr=1.0, **detector)
    people = predictions(tmp_path, 'b')
    assert len(people) == done.people[str(photos / 'b.png')] > 0
    boxes = np.array([person['bbox'][0] for person in people])
    assert (boxes >= 0).all() and (boxes <= 80.001).all()  # the padded picture
    expected = case.expect(str(photos / 'b.png'), boxes)
    np.testing.assert_allclose(keypoints(people), expected, atol=1e-2)

    # The same boxes, without those that overlap a better one.
    case.run(photos, out_dir=tmp_path, bbox_thr=0.0, nms_thr=0.01, **detector)
    apart = np.array([person['bbox'][0] for person in predictions(tmp_path, 'b')])
    assert 0 < len(apart) < len(boxes)
    assert {tuple(box) for box in apart} <= {tuple(box) for box in boxes}

    # Nobody found is nobody, not the whole picture.
    done = case.run(photos, out_dir=tmp_path, bbox_thr=0.99, **detector)
    assert list(done.people.values()) == [0, 0]
    assert predictions(tmp_path, 'b') == []


def test_detector_takes_its_category(case, detector, photos, tmp_path):
    options = dict(detector, bbox_thr=0.0, nms_thr=1.0)
    people = case.run(photos, out_dir=tmp_path, **options).people
    dogs = case.run(photos, out_dir=tmp_path, detector_category='dog', **options).people
    both = [people[key] + dogs[key] for key in people]
    assert both == [20, 20]  # what the detector keeps, split between the two
    with pytest.raises(ValueError, match=r"no category 'cat', .* \['dog', 'person'\]"):
        case.run(photos, out_dir=tmp_path, detector_category='cat', **options)


def test_bad_detector(case, detector, photos, tmp_path):
    with pytest.raises(ValueError, match='random weights'):
        case.run(photos, out_dir=tmp_path, detector=detector['detector'])
    options = dict(detector, detector_weights=str(case.checkpoint))
    with pytest.raises(ValueError, match='does not fit the model RTMDet'):
        case.run(photos, out_dir=tmp_path, **options)
    with pytest.raises(FileNotFoundError, match='config no.py does not exist'):
        case.run(photos, out_dir=tmp_path, detector='no.py', detector_weights='x')
    with pytest.raises(ValueError, match='without detector'):
        case.run(photos, out_dir=tmp_path, detector_weights='x')
    boxes = GivenBoxes({1: np.ones((1, 5))})
    with pytest.raises(ValueError, match='nothing to detect'):
        case.run(photos, out_dir=tmp_path, boxes=boxes, **detector)


# Videos


def test_video(case, video, tmp_path):
    done = case.run(video, out_dir=tmp_path, batch_size=4, kpt_thr=0)
    assert done.people == {str(video): 10} and not done.skipped
    result = predictions(tmp_path, 'clip')
    assert [frame['frame_id'] for frame in result] == list(range(10))
    sources, drawn = frames(video), frames(tmp_path / 'visualizations/clip.mp4')
    assert len(drawn) == 10
    for source, picture, frame in zip(sources, drawn, result, strict=True):
        assert picture.shape == source.shape
        found = keypoints(frame['instances'])
        np.testing.assert_allclose(found, case.expect(source), atol=1e-3)


def test_video_with_boxes(case, video, tmp_path):
    boxes = write_detections(tmp_path / 'boxes.json', [0, 7])
    assert case.command(video, '--boxes', boxes, '--out-dir', tmp_path) == 0
    counts = [len(frame['instances']) for frame in predictions(tmp_path, 'clip')]
    assert counts == [2, 0, 0, 0, 0, 0, 0, 2, 0, 0]
    assert len(frames(tmp_path / 'visualizations/clip.mp4')) == 10
    boxes = write_detections(tmp_path / 'boxes.json', [100])
    assert case.command(video, '--boxes', boxes, '--out-dir', tmp_path) == 2


def test_followed_people(case, video, tmp_path):
    """Boxes of the first frame suffice; everybody has a number that stays."""
    boxes = write_detections(tmp_path / 'boxes.json', [0])
    args = video, '--boxes', boxes, '--out-dir', tmp_path, '--kpt-thr', '-9'
    assert case.command(*args, '--track', '--smooth') == 0
    result = predictions(tmp_path, 'clip')
    numbers = [[p['track_id'] for p in frame['instances']] for frame in result]
    assert numbers[0] == [1, 2] and all(set(of_one) <= {1, 2} for of_one in numbers)
    assert sum(map(len, numbers)) > 2
    assert len(frames(tmp_path / 'visualizations/clip.mp4')) == 10


def test_people_are_followed_through_videos_alone(case, photos, video, tmp_path):
    for inputs in ([photos], [photos, video]):
        with pytest.raises(ValueError, match='run images apart'):
            case.run(*inputs, out_dir=tmp_path, track=True)
    with pytest.raises(ValueError, match='every is 0'):
        case.run(video, out_dir=tmp_path, track=True, detect_every=0)


class Camera:
    """Opens the camera 0, whose images come from a file, and anything that is none."""

    def __init__(self, file: Path) -> None:
        self.file, self.real = str(file), cv2.VideoCapture

    def __call__(self, source: int | str) -> cv2.VideoCapture:
        if source == 0:
            return self.real(self.file)
        return self.real(source) if isinstance(source, str) else self.real()


def test_camera_that_stops(case, video, tmp_path, monkeypatch, capsys):
    """Unplugged, say: what was done is written. Another one is not there."""
    monkeypatch.setattr(cv2, 'VideoCapture', Camera(video))
    monkeypatch.chdir(tmp_path)
    done = case.run('0', out_dir=tmp_path, kpt_thr=-9)
    assert done.people == {'0': 10}
    assert 'no more images after 10' in done.skipped['0']
    result = predictions(tmp_path, '0')
    assert {p['track_id'] for frame in result for p in frame['instances']} == {1}
    assert frames(tmp_path / 'visualizations/0.mp4')
    assert case.command('1', '--out-dir', tmp_path) == 1
    assert 'error: 1: no such camera' in capsys.readouterr().err


def test_camera_is_ended_by_a_key(case, video, tmp_path, monkeypatch):
    monkeypatch.setattr(cv2, 'VideoCapture', Camera(video))
    monkeypatch.setenv('DISPLAY', ':0')
    shown = []
    monkeypatch.setattr(cv2, 'imshow', lambda title, image: shown.append(image))
    monkeypatch.setattr(cv2, 'waitKey', lambda wait: ord('q') * (len(shown) == 3))
    monkeypatch.chdir(tmp_path)
    done = case.run('0', out_dir=tmp_path, kpt_thr=-9, show=True)
    assert not done.skipped
    assert len(predictions(tmp_path, '0')) == len(shown) == 3


def test_video_that_ends_early(case, video, tmp_path, capsys):
    cut = tmp_path / 'cut.avi'
    cut.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    assert case.command(cut, '--out-dir', tmp_path / 'out') == 1
    count = len(predictions(tmp_path / 'out', 'cut'))
    assert 1 < count < 9
    assert len(frames(tmp_path / 'out/visualizations/cut.mp4')) == count
    assert f'{cut}: only {count} of 10' in capsys.readouterr().err


@pytest.mark.parametrize('blocked', ['.', 'predictions', 'visualizations'])
def test_folder_that_cannot_be_written(case, video, tmp_path, capsys, blocked):
    """A file is in its place."""
    path = tmp_path / 'out' / blocked
    if blocked != '.':
        path.parent.mkdir()
    path.write_bytes(b'')
    assert case.command(video, '--out-dir', tmp_path / 'out') == 2
    assert str(path) in capsys.readouterr().err


def test_nothing_can_be_shown(case, photos, tmp_path, monkeypatch):
    for name in ('DISPLAY', 'WAYLAND_DISPLAY'):
        monkeypatch.delenv(name, raising=False)
    done = case.run(photos / 'b.png', out_dir=tmp_path, show=True)
    assert 'no display' in done.skipped[str(photos / 'b.png')]
    assert len(predictions(tmp_path, 'b')) == 1  # it is written all the same


class Interrupt:
    """Tells of an interruption once so many frames of a video are done."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __call__(self, what: str, done: int, total: int) -> None:
        if what == 'clip.avi' and done == self.count:
            raise KeyboardInterrupt


def test_interrupted(case, photos, video, tmp_path):
    """What is finished can be read: images, and the first frames of the video."""
    with pytest.raises(KeyboardInterrupt, match='2 of 3 inputs are done'):
        case.run(photos, video, out_dir=tmp_path, batch_size=1, progress=Interrupt(4))
    assert len(predictions(tmp_path, 'b')) == 1
    assert len(predictions(tmp_path, 'clip')) == 4
    assert len(frames(tmp_path / 'visualizations/clip.mp4')) == 4
    left = [path.suffix for path in tmp_path.rglob('*.*') if path.is_file()]
    assert set(left) == {'.json', '.png', '.mp4', '.avi'}
    assert not list(tmp_path.rglob('.*'))


def test_video_that_cannot_be_drawn(case, tmp_path):
    """Its json is written all the same."""
    path = tmp_path / 'thin.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 5, (8200, 2))
    for i in range(2):
        writer.write(noise((8200, 2), i))
    writer.release()
    done = case.run(path, out_dir=tmp_path)
    assert 'dimensions too large' in done.skipped[str(path)]
    assert len(predictions(tmp_path, 'thin')) == 2


def test_broken_video_beside_a_picture(case, photos, tmp_path):
    (tmp_path / 'broken.mp4').write_bytes(b'no video')
    done = case.run(tmp_path / 'broken.mp4', photos, out_dir=tmp_path / 'out')
    assert list(done.skipped) == [str(tmp_path / 'broken.mp4')]
    assert list(done.people.values()) == [1, 1]


# Checkpoints


def test_checkpoint_without_dataset_meta(case, photos, tmp_path):
    """The config's data set tells the skeleton then, and a plain state dict will do."""
    plain = tmp_path / 'plain.pth'
    torch.save(torch.load(case.checkpoint, weights_only=True)['state_dict'], plain)
    case.run(photos, out_dir=tmp_path / 'out', weights=plain, kpt_thr=0)
    case.run(photos, out_dir=tmp_path / 'with_meta', kpt_thr=0)
    for name in ('b', 'c'):
        a, b = (
            cv2.imread(str(tmp_path / d / 'visualizations' / f'{name}.png'))
            for d in ('out', 'with_meta')
        )
        np.testing.assert_array_equal(a, b)


def test_checkpoint_tells_the_skeleton(case, photos, tmp_path):
    """Its dataset_meta is used: all in black, the picture only gets darker."""
    checkpoint = torch.load(case.checkpoint, weights_only=True)
    meta = checkpoint['meta']['dataset_meta']
    for colors in ('skeleton_link_colors', 'keypoint_colors'):
        meta[colors] = np.zeros_like(meta[colors])
    torch.save(checkpoint, tmp_path / 'black.pth')
    case.run(photos, out_dir=tmp_path, weights=tmp_path / 'black.pth', kpt_thr=0)
    drawn = cv2.imread(str(tmp_path / 'visualizations/b.png')).astype(int)
    source = cv2.imread(str(photos / 'b.png')).astype(int)
    changed = (drawn != source).any(axis=2)
    assert changed.any() and (drawn <= source).all()


def test_checkpoint_of_another_model(case, photos, tmp_path, tiny):
    other = Case(tmp_path, 'other', attention=False, **tiny)
    with pytest.raises(ValueError) as error:
        infer(other.config, photos, tmp_path / 'out', weights=case.checkpoint)
    message = str(error.value)
    assert 'does not fit the model TopdownPoseEstimator with ELHRNet' in message
    extra = case.model.state_dict().keys() - other.model.state_dict().keys()
    assert f'{len(extra)} not in the model (' in message
    assert any(key in message for key in extra)
    assert not (tmp_path / 'out').exists()

    with pytest.raises(ValueError, match=rf'{len(extra)} missing \(backbone'):
        infer(case.config, photos, tmp_path / 'out', weights=other.checkpoint)

    wide = torch.load(case.checkpoint, weights_only=True)
    wide['state_dict']['head.final_layer.bias'] = torch.zeros(14)
    torch.save(wide, tmp_path / 'wide.pth')
    shapes = r'1 of another shape \(head.final_layer.bias \(14,\) for \(17,\)\)'
    with pytest.raises(ValueError, match=shapes):
        infer(case.config, photos, tmp_path / 'out', weights=tmp_path / 'wide.pth')


class Unknown:
    """What no checkpoint should hold."""


@pytest.mark.parametrize(
    'spoil, message',
    [
        (lambda c, p: None, 'does not exist'),
        (lambda c, p: p.write_bytes(c.read_bytes()[:-500]), 'cannot be read, it is tr'),
        (lambda c, p: p.write_bytes(c.read_bytes()[:100]), 'cannot be read, it is tr'),
        (lambda c, p: p.write_bytes(b''), 'cannot be read, it is tr'),
        (lambda c, p: p.write_text('no checkpoint'), 'cannot be read, it is tr'),
        (lambda c, p: torch.save(Unknown(), p), '(safe loader: .*|holds a )Unknown'),
        (lambda c, p: torch.save(torch.ones(2), p), 'holds a Tensor'),
    ],
)
def test_broken_checkpoint(case, photos, tmp_path, spoil, message):
    path = tmp_path / 'broken.pth'
    spoil(case.checkpoint, path)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        case.run(photos, out_dir=tmp_path / 'out', weights=path)
    assert not (tmp_path / 'out').exists()


# Names


def test_same_names(case, photos, tmp_path):
    (photos / 'sub').mkdir()
    cv2.imwrite(str(photos / 'sub' / 'b.png'), noise((30, 40), 9))
    cv2.imwrite(str(photos / 'b.jpg'), noise((40, 30), 9))
    inputs = [photos / 'b.png', photos / 'sub' / 'b.png', photos / 'b.jpg']
    done = case.run(*inputs, inputs[0], out_dir=tmp_path / 'out', kpt_thr=0)
    assert list(done.names.values()) == ['b', 'b-2', 'b-3']
    for path, name in zip(inputs, ('b', 'b-2', 'b-3'), strict=True):
        found = keypoints(predictions(tmp_path / 'out', name))
        np.testing.assert_allclose(found, case.expect(str(path)), atol=1e-3)
        drawn = tmp_path / 'out' / 'visualizations' / f'{name}{path.suffix}'
        assert cv2.imread(str(drawn)).shape == cv2.imread(str(path)).shape
    index = json.loads((tmp_path / 'out' / 'inputs.json').read_text())
    assert index == {
        n: str(p.resolve()) for p, n in done.names.items() for p in [Path(p)]
    }


def test_names_stay_and_others_are_left_alone(tmp_path):
    assert name_outputs(tmp_path, ['x/a.jpg'])[0] == {'x/a.jpg': 'a'}
    names, _ = name_outputs(tmp_path, ['y/a.jpg', 'x/a.jpg'])
    assert names == {'y/a.jpg': 'a-2', 'x/a.jpg': 'a'}
    (tmp_path / 'predictions').mkdir()
    (tmp_path / 'predictions' / 'c.json').write_text('mine')
    with pytest.raises(ValueError, match='c.json is there already'):
        name_outputs(tmp_path, ['x/b.jpg', 'x/c.jpg'])
    assert (tmp_path / 'predictions' / 'c.json').read_text() == 'mine'
    (tmp_path / 'inputs.json').write_text('[1]')
    with pytest.raises(ValueError, match='not written by this tool'):
        name_outputs(tmp_path, ['x/b.jpg'])


def test_inputs_are_never_overwritten(case, photos, tmp_path):
    """Not even where the results of a first run are the input of a second."""
    case.run(photos, out_dir=tmp_path, kpt_thr=0)
    folder = tmp_path / 'visualizations'
    before = {path: path.read_bytes() for path in folder.iterdir()}
    case.run(folder, out_dir=tmp_path, kpt_thr=0)
    assert {path: path.read_bytes() for path in before} == before
    assert (folder / 'b-2.png').is_file()


def test_names_that_no_result_can_have(case, photos, tmp_path, capsys):
    """They are told, and the others are done."""
    odd = b'\xff.png'.decode(errors='surrogateescape')
    for name in (odd, 'n' * 251 + '.png', 'm' * 250 + '.png'):
        shutil.copy(photos / 'b.png', photos / name)
    assert case.command(photos, '--out-dir', tmp_path / 'out') == 1
    errors = capsys.readouterr().err
    assert errors.count('error: ') == 2
    assert 'not in UTF-8' in errors and 'too long' in errors
    names = {'b', 'c', 'm' * 250}
    for folder in ('predictions', 'visualizations'):
        assert {path.stem for path in (tmp_path / 'out' / folder).iterdir()} == names


def test_results_are_no_inputs_of_a_pattern(case, photos, tmp_path):
    pattern = str(photos / '**' / '*.png')
    case.run(pattern, out_dir=photos / 'out')
    with pytest.warns(RuntimeWarning, match='2 results of earlier runs are left out'):
        images, _ = find_inputs(pattern)
    assert images == [str(photos / 'b.png'), str(photos / 'c.png')]
    mine = photos / 'visualizations'
    mine.mkdir()
    shutil.copy(photos / 'b.png', mine)
    assert str(mine / 'b.png') in find_inputs(str(photos / '*' / '*.png'))[0]
    named = str(photos / '**' / 'out' / 'visualizations' / '*.png')
    assert len(find_inputs(named)[0]) == 2


# Arguments


def test_kinds(photos):
    for name in ('A.AVIF', 'a.pcx', 'a.ico', 'a.heic', 'a.jpx', 'a.tga'):
        (photos / name).touch()
        assert find_inputs(photos / name) == ([str(photos / name)], [])
    (photos / 'clip.ts').write_bytes((b'G' + bytes(187)) * 2)
    (photos / 'code.ts').write_text('Good code' * 100)
    for name in ('a.3GP', 'a.mts', 'a.m2ts', 'a.mpg', 'a.vob', 'a.mkv', 'clip.ts'):
        (photos / name).touch()
        assert find_inputs(photos / name) == ([], [str(photos / name)])
    with pytest.raises(ValueError, match='neither an image nor a video'):
        find_inputs(photos / 'code.ts')


def test_find_inputs(photos, video):
    b, c = str(photos / 'b.png'), str(photos / 'c.png')
    assert find_inputs(photos) == ([b, c], [])
    assert find_inputs([video, photos / '*.png', b]) == ([b, c], [str(video)])
    (photos / 'odd[1].png').write_bytes((photos / 'b.png').read_bytes())
    assert find_inputs(photos / 'odd[1].png') == ([str(photos / 'odd[1].png')], [])
    (photos / 'empty').mkdir()
    (photos / 'notes.txt').write_text('')
    for bad, message in {
        photos / 'none.png': 'does not exist',
        photos / '*.gif': 'does not exist',
        photos / 'empty': 'holds no images',
        photos / 'notes.txt': 'neither an image nor a video',
    }.items():
        with pytest.raises((ValueError, FileNotFoundError), match=message):
            find_inputs(bad)
    with pytest.raises(ValueError, match='no inputs'):
        find_inputs([])


def test_bad_arguments(case, photos, tmp_path):
    with pytest.raises(ValueError, match='batch_size is 0'):
        case.run(photos, out_dir=tmp_path, batch_size=0)
    with pytest.raises(FileNotFoundError, match='config no.py does not exist'):
        infer('no.py', photos, tmp_path, weights=case.checkpoint)
    with pytest.raises(ValueError, match="device 'gpu' is unknown"):
        choose_device('gpu')
    with pytest.raises(ValueError, match="'cuda:99' is not here"):
        choose_device('cuda:99')
    bottom_up = Config.fromfile(case.config)
    bottom_up.data_mode = 'bottomup'
    bottom_up.dump(tmp_path / 'bottom_up.py')
    with pytest.raises(ValueError, match="data_mode 'bottomup', expected a top-down"):
        infer(tmp_path / 'bottom_up.py', photos, tmp_path, weights=case.checkpoint)


def test_the_old_form_names_the_new_one(case, photos, capsys):
    assert main(['infer', str(case.config), str(case.checkpoint), str(photos)]) == 2
    assert f'with --weights {case.checkpoint}' in capsys.readouterr().err


def test_without_boxes_it_says_what_it_took(case, photos, tmp_path, capsys):
    assert case.command(photos, '--out-dir', tmp_path) == 0
    assert 'Each image was taken as one person' in capsys.readouterr().out
    boxes = write_ann_file(tmp_path / 'ann.json')
    assert case.command(photos, '--out-dir', tmp_path, '--ann-file', boxes) == 0
    assert 'taken as one person' not in capsys.readouterr().out


def test_tool(case, photos, tmp_path, repo_dir):
    tool = [sys.executable, repo_dir / 'tools' / 'infer.py']
    args = [case.config, photos, '--weights', case.checkpoint, '--device', 'cpu']
    run = subprocess.run(
        [*tool, *args],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(repo_dir)),
    )
    assert run.returncode == 0, run.stderr
    assert 'Warning' not in run.stderr
    assert '2 people in 2 of 2 inputs; results in work_dirs/infer' in run.stdout
    assert (tmp_path / 'work_dirs/infer/visualizations/b.png').is_file()


# Real photographs


def test_photographs(case, shared_dir, tmp_path):
    """Ten photographs with their annotated people: all of them, in place."""
    source = shared_dir / 'data' / 'coco_people'
    dataset = json.loads(source.with_suffix('.json').read_text())
    chosen = dataset['images'][:10]
    with zipfile.ZipFile(source.with_suffix('.zip')) as archive:
        members = {Path(name).name: name for name in archive.namelist()}
        for image in chosen:
            path = tmp_path / 'photos' / image['file_name']
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(archive.read(members[path.name]))
    boxes = GivenBoxes.from_files(ann_file=source.with_suffix('.json'))
    out = tmp_path / 'out'
    case.run(tmp_path / 'photos', out_dir=out, boxes=boxes, kpt_thr=0)
    for image in chosen:
        wanted = [
            a['bbox']
            for a in dataset['annotations']
            if a['image_id'] == image['id'] and not a['iscrowd']
        ]
        people = predictions(out, Path(image['file_name']).stem)
        assert len(people) == len(wanted)
        for person, (x, y, w, h) in zip(people, wanted, strict=True):
            np.testing.assert_allclose(
                person['bbox'][0], [x, y, x + w, y + h], rtol=1e-5
            )
            # The crop is the box, widened to the input's shape, times 1.25. Where a
            # heatmap is nowhere positive, the place is one step outside of it.
            crop = 1.25 * np.array([max(w, h * 3 / 4), max(h, w * 4 / 3)])
            places = np.array(person['keypoints']) - (x + w / 2, y + h / 2)
            assert (np.abs(places) <= crop / 2 + 1.1 * crop / (24, 32)).all()
        drawn = cv2.imread(str(out / 'visualizations' / image['file_name']))
        assert drawn.shape == (image['height'], image['width'], 3)
