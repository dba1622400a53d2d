"""The benchmark of the whole way: everything measured, and the parts told apart."""

import json
import time

import cv2
import numpy as np
import pytest

from mmpose_light.benchmark import whole_way
from mmpose_light.benchmark.whole_way import PARTS, measure_whole_way
from mmpose_light.benchmark.whole_way_settings import WholeWaySettings
from mmpose_light.cli import main

pytestmark = pytest.mark.filterwarnings('ignore:.*random')


@pytest.fixture
def photographs(tmp_path):
    """Three photographs, with two people in each, and their annotation file."""
    images, annotations = [], []
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (80, 100, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f'{number}.jpg'), pixels)
        size = dict(width=100, height=80)
        images.append(dict(id=number, file_name=f'{number}.jpg', **size))
        for left in (5, 50):
            box = [left, 10, 40, 60]
            about = dict(image_id=number, bbox=box, category_id=1, iscrowd=0)
            annotations.append(dict(id=len(annotations), area=2400, **about))
    content = dict(
        images=images,
        annotations=annotations,
        categories=[dict(id=1, name='person')],
    )
    ann_file = tmp_path / 'people.json'
    ann_file.write_text(json.dumps(content))
    return dict(images=(str(tmp_path / '*.jpg'),), ann_file=str(ann_file))


def test_every_way_is_measured_in_every_turn(
    folder, photographs, tmp_path, deploy_packages
):
    runtimes = 'torch', 'onnxruntime', 'openvino'
    settings = WholeWaySettings(
        models=(str(folder / 'tiny.py'),),
        runtimes=runtimes,
        rounds=2,
        threads=1,
        **photographs,
    )
    ways = measure_whole_way(settings, tmp_path / 'out')
    assert [way.runtime for way in ways] == list(runtimes)
    for way in ways:
        assert len(way.json_ms) == len(way.pictures_ms) == 2
        assert min(way.json_ms + way.pictures_ms) > 0
        assert list(way.parts_ms) == list(PARTS)
        assert min(way.parts_ms.values()) > 0
    written = json.loads((tmp_path / 'out/benchmark_infer.json').read_text())
    assert written['images'] == 3
    assert written['ways'][0]['parts_ms'] == ways[0].parts_ms
    table = (tmp_path / 'out/benchmark_infer.md').read_text()
    assert table.count('\n| ') == 2 + len(runtimes)
    left = {path.name for path in (tmp_path / 'out').iterdir()}
    assert left == {'benchmark_infer.json', 'benchmark_infer.md'}
    with pytest.raises(ValueError, match='benchmark_infer.json'):
        measure_whole_way(settings, tmp_path / 'out')


def test_rtmlib_runs_the_same_file(folder, tmp_path, deploy_packages):
    pytest.importorskip('rtmlib', reason='pip install --no-deps rtmlib')
    arguments = ['--rounds', '1', '--threads', '1', '--out-dir', str(tmp_path)]
    image = tmp_path / 'a.png'
    cv2.imwrite(str(image), np.zeros((80, 60, 3), np.uint8))
    arguments += ['--images', str(image), '--runtimes', 'rtmlib']
    assert main(['benchmark-infer', str(folder / 'tiny.py'), *arguments]) in (0, None)
    (way,) = json.loads((tmp_path / 'benchmark_infer.json').read_text())['ways']
    assert way['runtime'] == 'rtmlib'
    assert min(way['json_ms'] + way['pictures_ms']) > 0


def test_a_part_within_a_part_counts_once(monkeypatch):
    clock = iter([0, 1, 4, 10, 20, 21])
    monkeypatch.setattr(time, 'perf_counter', lambda: next(clock))
    watch = whole_way._Stopwatch()
    inner = watch.wrap('inner', lambda: None)
    watch.wrap('outer', inner)()
    inner()
    assert watch.seconds == dict(inner=(4 - 1) + (21 - 20), outer=10 - 3)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(runtimes=('tensorrt',)), "runtime 'tensorrt' is unknown"),
        (dict(threads=0), 'threads is 0'),
        (dict(rounds=0), 'rounds is 0'),
        (dict(batch_size=0), 'batch_size is 0'),
        (dict(ann_file='a.json'), 'ann_file without images'),
        (dict(images=('clip.mp4',)), 'clip.mp4 is a video'),
        (dict(images=('no.jpg',)), 'no.jpg does not exist'),
        (dict(models=('no-such-model',)), "no model 'no-such-model'"),
    ],
)
def test_what_a_user_can_mend(options, message, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'clip.mp4').touch()
    cv2.imwrite('a.png', np.zeros((8, 6, 3), np.uint8))
    few = dict(models=(str(folder / 'tiny.py'),), runtimes=('torch',))
    if 'ann_file' not in options:
        few['images'] = ('a.png',)
    with pytest.raises(ValueError, match=message) as raised:
        measure_whole_way(WholeWaySettings(**{**few, **options}), 'out')
    assert type(raised.value).__module__.startswith('mmpose_light')


def test_boxes_of_another_image_are_named(folder, photographs, tmp_path):
    cv2.imwrite(str(tmp_path / '1.jpg'), np.zeros((8, 6, 3), np.uint8))
    settings = WholeWaySettings(
        models=(str(folder / 'tiny.py'),), runtimes=('torch',), **photographs
    )
    with pytest.raises(ValueError, match=r'image .*1\.jpg cannot be used'):
        measure_whole_way(settings, tmp_path / 'out')
