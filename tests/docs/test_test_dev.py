"""COCO test-dev: what the documentation says writes the file that COCO's server takes.

Command and script are read from the documentation, and run on a set in the layout of
test-dev2017: pictures without annotations, and the detector's boxes.
"""

import json
import re
import shlex
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile

import numpy as np
import pytest
from mmengine.config import Config
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmpose_light.datasets.synthetic_people import write_synthetic_people
from mmpose_light.utils.host_tools import run_host_tool

NAME = 'person_keypoints_test-dev2017_NAME_results'
FIRST_ID = 5000  # ids of images are not their positions


def documented(repo_dir: Path, language: str, mark: str) -> str:
    """Find the one block of code of the documentation that holds a string."""
    pages = [repo_dir / 'README.md']
    for folder in ('configs', 'docs'):
        pages += sorted((repo_dir / folder).rglob('*.md'))
    blocks = [
        block
        for page in pages
        for block in re.findall(rf'```{language}\n(.*?)```', page.read_text(), re.S)
        if mark in block
    ]
    assert len(blocks) == 1, f'{len(blocks)} {language} blocks with {mark}'
    return blocks[0]


@pytest.fixture(scope='module')
def work_dir(tmp_path_factory) -> SimpleNamespace:
    """A working folder with ``data/coco``; what COCO's server alone would know, too."""
    root = tmp_path_factory.mktemp('test-dev')
    coco = root / 'data/coco'
    annotated = write_synthetic_people(
        coco, num_images=4, seed=5, split='test2017', max_people=2
    )
    truth = json.loads(annotated.read_text())
    annotated.rename(root / 'truth.json')
    for image in truth['images']:
        image['id'] += FIRST_ID
    for annotation in truth['annotations']:
        annotation['image_id'] += FIRST_ID
    (root / 'truth.json').write_text(json.dumps(truth))

    categories = [dict(id=1, name='person'), dict(id=2, name='bicycle')]
    image_info = dict(images=truth['images'], categories=categories)
    (coco / 'annotations/image_info_test-dev2017.json').write_text(
        json.dumps(image_info)
    )
    boxes = [
        dict(image_id=a['image_id'], category_id=1, bbox=a['bbox'], score=0.9)
        for a in truth['annotations']
        if a['image_id'] != FIRST_ID + 4  # nobody is found in one of the pictures
    ]
    # the same person once more, and something that is no person
    extra = [dict(boxes[0], score=0.3), dict(boxes[1], category_id=2)]
    folder = coco / 'person_detection_results'
    folder.mkdir()
    (folder / 'COCO_test-dev2017_detections_AP_H_609_person.json').write_text(
        json.dumps(extra + boxes)
    )
    return SimpleNamespace(root=root, boxes=boxes, truth=root / 'truth.json')


@pytest.fixture(scope='module')
def written(work_dir, smooth_model, repo_dir) -> list[dict]:
    """The poses that the documented command writes."""
    config = Config.fromfile(smooth_model.config)
    config.test_dataloader.update(num_workers=0, persistent_workers=False)
    config.dump(work_dir.root / 'config.py')
    command = documented(repo_dir, 'shell', 'image_info_test-dev2017.json')
    command = command.replace('CONFIG', 'config.py')
    command = command.replace('CHECKPOINT', str(smooth_model.checkpoint))
    program, tool, *arguments = shlex.split(command.replace('\\\n', ' '))
    assert (program, tool) == ('python', 'tools/test.py')
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work_dir.root)
        patch.setenv('LOCAL_RANK', '0')
        patch.setattr('sys.argv', [tool, *arguments])
        run_host_tool('test.py')
    poses = work_dir.root / 'work_dirs/test-dev/poses.keypoints.json'
    return json.loads(poses.read_text())


@pytest.fixture(scope='module')
def submitted(written, work_dir, repo_dir) -> list[dict]:
    """The poses in the zip file that the documented script makes of them."""
    script = documented(repo_dir, 'python', NAME)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work_dir.root)
        exec(compile(script, 'documentation', 'exec'), {})
    with ZipFile(work_dir.root / f'work_dirs/test-dev/{NAME}.zip') as archive:
        assert archive.namelist() == [f'{NAME}.json']
        return json.loads(archive.read(f'{NAME}.json'))


def test_every_person_once(submitted, work_dir):
    """Not twice with the second box, not the bicycle, nobody from the empty picture."""
    found = sorted(person['image_id'] for person in submitted)
    assert found == sorted(box['image_id'] for box in work_dir.boxes)
    for person in submitted:
        assert person.keys() == {'image_id', 'category_id', 'keypoints', 'score'}
        assert person['category_id'] == 1
        assert len(person['keypoints']) == 51
        assert np.isfinite(person['keypoints']).all()
        assert 0 < person['score'] < float('inf')


def test_poses_are_those_of_the_boxes(submitted, work_dir, smooth_model):
    from mmpose.apis import inference_topdown  # after mmpose_light

    names = {i['id']: i['file_name'] for i in COCO(work_dir.truth).dataset['images']}
    for box in work_dir.boxes:
        image = work_dir.root / 'data/coco/test2017' / names[box['image_id']]
        corners = np.array([box['bbox']])
        corners[:, 2:] += corners[:, :2]
        (expected,) = inference_topdown(smooth_model.model, str(image), corners)
        expected = expected.pred_instances.keypoints[0]
        poses = [
            np.reshape(person['keypoints'], (17, 3))[:, :2]
            for person in submitted
            if person['image_id'] == box['image_id']
        ]
        assert min(np.abs(pose - expected).max() for pose in poses) < 0.01


def test_server_can_score_it(submitted, work_dir):
    """By COCO's own code; a pose's area is that of the pose, not of a box."""
    truth = COCO(work_dir.truth)
    results = truth.loadRes(submitted)
    scores = COCOeval(truth, results, 'keypoints')
    scores.evaluate()
    scores.accumulate()
    scores.summarize()
    assert 0 <= scores.stats[0] <= 1
    for person in results.dataset['annotations']:
        points = np.reshape(person['keypoints'], (17, 3))[:, :2]
        assert person['area'] == pytest.approx(np.prod(np.ptp(points, axis=0)))
