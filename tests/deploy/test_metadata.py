"""What a file says about itself: written, read, and what MMPose makes of it."""

import dataclasses
import json

import numpy as np
import onnx
import pytest

from mmpose_light.deploy.metadata import Metadata, describe_dataset
from mmpose_light.utils.errors import MissingFileError, UserError
from mmpose_light.version import __version__


def empty_graph():
    return onnx.helper.make_model(onnx.helper.make_graph([], 'empty', [], []))


@pytest.fixture(scope='module')
def metadata(smooth_model) -> Metadata:
    return Metadata(
        model='smooth',
        input_size=(96, 128),
        channels='rgb',
        preprocess=False,
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        output='heatmap',
        codec=dict(type='MSRAHeatmap', sigma=1),
        box_padding=1.25,
        use_udp=False,
        precision='fp32',
        **describe_dataset(smooth_model.model.dataset_meta),
    )


def test_round_trip(metadata, tmp_path):
    graph = empty_graph()
    onnx.helper.set_model_props(graph, {'model': 'what was there before'})
    metadata.write(graph)
    onnx.save(graph, tmp_path / 'a.onnx')
    assert Metadata.read(tmp_path / 'a.onnx') == metadata
    assert len(graph.metadata_props) == len(dataclasses.fields(Metadata))


def test_round_trip_beside_a_file(metadata, tmp_path):
    file = tmp_path / 'a.ncnn.param'
    with pytest.raises(MissingFileError, match=r'exported file .*param does not exist'):
        Metadata.read(file)
    file.touch()
    with pytest.raises(
        MissingFileError, match=r'a\.ncnn\.json does not exist: .*how to'
    ):
        Metadata.read(file)
    assert metadata.write_beside(file) == tmp_path / 'a.ncnn.json'
    assert Metadata.read(file) == metadata
    for content in ('[]', '{"model": "a"}'):
        (tmp_path / 'a.ncnn.json').write_text(content)
        with pytest.raises(UserError, match=r'a\.ncnn\.json does not say how to run'):
            Metadata.read(file)


def test_others_can_read_it(metadata):
    """Text as it is, all else as json, under plain names."""
    graph = empty_graph()
    metadata.write(graph)
    found = {prop.key: prop.value for prop in graph.metadata_props}
    assert found['channels'] == 'rgb'
    assert found['mmpose_light_version'] == __version__
    assert json.loads(found['input_size']) == [96, 128]
    assert json.loads(found['codec'])['type'] == 'MSRAHeatmap'
    assert json.loads(found['keypoint_names'])[:2] == ['nose', 'left_eye']
    assert [1, 2] in json.loads(found['flip_pairs'])
    assert [15, 13] in json.loads(found['skeleton_links'])


def test_keypoints_are_the_hosts(metadata, smooth_model):
    theirs = smooth_model.model.dataset_meta
    assert metadata.keypoint_names == list(theirs['keypoint_name2id'])
    assert metadata.skeleton_links == [list(link) for link in theirs['skeleton_links']]
    for a, b in metadata.flip_pairs:
        assert theirs['flip_indices'][a] == b
    for key in ('keypoint_colors', 'skeleton_link_colors'):
        np.testing.assert_array_equal(getattr(metadata, key), theirs[key])


def test_a_file_of_somebody_else(tmp_path):
    onnx.save(empty_graph(), tmp_path / 'b.onnx')
    with pytest.raises(
        ValueError, match=r'b\.onnx.*lack model, input_size.*light export'
    ):
        Metadata.read(tmp_path / 'b.onnx')


def test_broken_properties(metadata, tmp_path):
    graph = empty_graph()
    metadata.write(graph)
    for prop in graph.metadata_props:
        if prop.key == 'codec':
            prop.value = '{'
    onnx.save(graph, tmp_path / 'a.onnx')
    with pytest.raises(ValueError, match="no json: codec is '{'"):
        Metadata.read(tmp_path / 'a.onnx')


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('codec', 'null'),
        ('codec', '{}'),
        pytest.param('codec', '[' * 100_000, id='deep'),
        ('input_size', '[96]'),
        ('input_size', '[96, 0]'),
        ('input_size', '[96, "128"]'),
        ('channels', 'rgbd'),
        ('mean', '[1, 2]'),
        ('mean', '[1, 2, NaN]'),
        pytest.param('mean', f'[1, 2, 1{"0" * 400}]', id='large'),
        ('std', '[1, 0, 1]'),
        ('preprocess', '1'),
        ('box_padding', '-1'),
        ('keypoint_names', '["nose"]'),
        ('skeleton_links', '[[0, 99]]'),
        ('skeleton_link_colors', '[]'),
        ('keypoint_colors', '[[0, 0, 256]]'),
    ],
)
def test_what_will_not_do(metadata, tmp_path, name, value):
    graph = empty_graph()
    metadata.write(graph)
    next(p for p in graph.metadata_props if p.key == name).value = value
    onnx.save(graph, tmp_path / 'a.onnx')
    with pytest.raises(UserError, match=r'a\.onnx has metadata that') as told:
        Metadata.read(tmp_path / 'a.onnx')
    assert len(str(told.value)) < 300 + len(str(tmp_path))

    (tmp_path / 'a.param').touch()
    whole = json.dumps({**dataclasses.asdict(metadata), name: 'in its place'})
    text = json.dumps(value) if name == 'channels' else value
    (tmp_path / 'a.json').write_text(whole.replace('"in its place"', text))
    with pytest.raises(UserError, match=r'a\.json (has metadata that|is no json)'):
        Metadata.read(tmp_path / 'a.param')
