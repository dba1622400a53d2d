"""What stands in for xtcocotools: its figures, and when it stands in.

Where xtcocotools is installed the figures are compared with its own, elsewhere with
what version 1.14.3 gave, of which the ten figures of each case are kept.
"""

import copy
import importlib.util
import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from mmpose_light.compat.coco_tools import COCO, COCOeval
from mmpose_light.compat.xtcocotools import StandInFinder

STORED = Path(__file__).parents[1] / 'data' / 'xtcocotools_ap.json'
try:
    XTCOCOTOOLS = metadata.version('xtcocotools')
except metadata.PackageNotFoundError:
    XTCOCOTOOLS = None

COCO_SIGMAS = np.array(
    [26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89], np.float32
)  # thousandths


def random_set(num_keypoints: int, num_images: int = 40) -> dict:
    """Make people at random: crowds, some without keypoints, area or count of them."""
    rng = np.random.RandomState(num_keypoints)
    annotations = []
    for image_id in range(num_images):
        for _ in range(rng.randint(4)):
            size = rng.uniform(20, 150)
            keypoints = np.zeros((num_keypoints, 3))
            keypoints[:, :2] = rng.uniform(0, size, (num_keypoints, 2)).round(2)
            keypoints[:, 2] = rng.randint(3, size=num_keypoints) * (rng.rand() > 0.1)
            annotation = dict(
                id=len(annotations),  # from 0 on
                image_id=image_id,
                category_id=1,
                bbox=[0.0, 0.0, size, size * 2],
                area=size * size,
                keypoints=keypoints.ravel().tolist(),
            )
            if rng.rand() < 0.1:
                annotation['iscrowd'] = 1
            annotations.append(annotation)
    images = [dict(id=i) for i in range(num_images)]
    return dict(images=images, annotations=annotations, categories=[dict(id=1)])


def predictions_for(dataset: dict, seed: int = 0) -> list[dict]:
    """Predict some people well, some badly, some twice, and some who are not there."""
    rng = np.random.RandomState(seed)
    results = []
    for annotation in dataset['annotations']:
        for _ in range(rng.randint(3)):
            keypoints = np.array(annotation['keypoints'], float).reshape(-1, 3)
            noise = rng.normal(size=(len(keypoints), 2)) * rng.uniform(0, 15)
            keypoints[:, :2] += noise
            keypoints[:, 2] = rng.rand(len(keypoints)) * (rng.rand() > 0.05)
            results.append(
                dict(
                    image_id=annotation['image_id'],
                    category_id=annotation['category_id'],
                    keypoints=keypoints.ravel().tolist(),
                    score=float(rng.rand()),
                )
            )
    return results


def figures(coco, coco_eval, dataset, results, sigmas, use_area=True) -> list[float]:
    """Return the ten figures, by what MMPose's CocoMetric does."""
    truth = coco('truth', ann_data=copy.deepcopy(dataset))
    found = truth.loadRes(copy.deepcopy(results))
    evaluation = coco_eval(truth, found, 'keypoints', sigmas, use_area)
    evaluation.params.useSegm = None
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return evaluation.stats.tolist()


@pytest.fixture(scope='module')
def make_case(request):
    """Return what is evaluated under a name: data set, results, sigmas, use_area."""

    def make(name: str) -> tuple:
        kind, *options = name.split()
        if kind.isdigit():
            dataset = random_set(int(kind))
            sigmas = np.random.RandomState(1).uniform(0.02, 0.1, int(kind))
        else:
            file = request.getfixturevalue('shared_dir') / 'data' / f'{kind}.json'
            dataset = json.loads(file.read_text())
            sigmas = COCO_SIGMAS / 1000
        results = [] if 'nothing' in options else predictions_for(dataset)
        return dataset, results, sigmas, 'boxes' not in options

    return make


NAMES = ('17', '6', '1', '17 boxes', '17 nothing', 'coco_people', 'lspet_val')


@pytest.mark.parametrize('name', NAMES)
def test_figures_are_those_of_xtcocotools(name, make_case):
    case = make_case(name)
    expected = json.loads(STORED.read_text())[name]
    if XTCOCOTOOLS:
        coco = importlib.import_module('xtcocotools.coco').COCO
        coco_eval = importlib.import_module('xtcocotools.cocoeval').COCOeval
        now = figures(coco, coco_eval, *case)
        np.testing.assert_allclose(now, expected, rtol=0, atol=1e-9)
        expected = now
    found = figures(COCO, COCOeval, *case)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_other_kinds_of_evaluation_are_refused():
    with pytest.raises(
        NotImplementedError, match="'keypoints_crowd' needs.*pip install xtcocotools"
    ):
        COCOeval(iouType='keypoints_crowd')


def test_file_and_dict_are_the_same(tmp_path):
    dataset = random_set(6)
    (tmp_path / 'people.json').write_text(json.dumps(dataset))
    of_file, of_dict = COCO(str(tmp_path / 'people.json')), COCO(ann_data=dataset)
    assert of_file.dataset == of_dict.dataset
    assert of_file.anns == of_dict.anns
    crowds = of_file.getAnnIds(iscrowd=True)
    assert 0 < len(crowds) < len(of_file.anns)
    assert {*crowds, *of_file.getAnnIds(iscrowd=False)} == of_file.anns.keys()


def test_ids_are_strings():
    people = [
        dict(id=f'{image}{n}', image_id=image, category_id='person', area=n)
        for image in ('ab', 'a', 'b')
        for n in (1, 2)
    ]
    images = [dict(id=image) for image in ('ab', 'a', 'b')]
    categories = [dict(id='person', name='person')]
    coco = COCO(ann_data=dict(images=images, annotations=people, categories=categories))
    assert coco.getAnnIds(imgIds='ab') == ['ab1', 'ab2']
    assert coco.getAnnIds(imgIds='ab', catIds='person', areaRng=[2, 3]) == ['ab2']
    assert coco.getImgIds(imgIds='ab', catIds='person') == ['ab']
    assert coco.getCatIds(catNms='person') == ['person']
    assert coco.getCatIds(catNms='persons') == []


def import_stand_in(name: str):
    spec = StandInFinder().find_spec(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_modules_of_the_stand_in():
    assert import_stand_in('xtcocotools.coco').COCO is COCO
    assert import_stand_in('xtcocotools.cocoeval').COCOeval is COCOeval
    square = np.zeros((5, 7), np.uint8, order='F')
    square[1:3, 2:5] = 1
    mask = import_stand_in('xtcocotools.mask')
    coded = mask.encode(square)
    np.testing.assert_array_equal(mask.decode(coded), square)
    assert mask.area(coded) == 6
    assert StandInFinder().find_spec('xtcocotools.else') is None
    assert StandInFinder().find_spec('pycocotools') is None


HIDE = """
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *args: (
    None if name.startswith('xtcocotools') else find(name, *args)
)
"""


def run_python(code: str, *path: Path) -> list[str]:
    """Run code in a fresh interpreter and return the lines it printed."""
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_mmpose_gets_it_where_there_is_no_xtcocotools(repo_dir):
    out = run_python(
        f'{HIDE}import mmpose_light; from mmpose.evaluation.metrics import coco_metric;'
        'import mmpose.datasets; print(coco_metric.COCO, coco_metric.COCOeval)',
        repo_dir,
    )
    assert out[-1] == f'{COCO} {COCOeval}'


def test_installed_xtcocotools_is_used_untouched(repo_dir, tmp_path):
    package = tmp_path / 'xtcocotools'
    package.mkdir()
    for name in ('__init__', 'coco', 'cocoeval', 'mask'):
        (package / f'{name}.py').write_text('')
    out = run_python(
        'import mmpose_light, xtcocotools.coco, xtcocotools.mask;'
        'print(xtcocotools.__file__, vars(xtcocotools.coco).keys() & {"COCO"})',
        repo_dir,
        tmp_path,
    )
    assert out == [f'{package}/__init__.py set()']
