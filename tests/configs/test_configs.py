"""Every leaf config: its parts agree, and it trains, predicts and infers."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.models import build_pose_estimator
from mmpose.registry import DATASETS, KEYPOINT_CODECS

from mmpose_light.benchmark.models import load_config
from mmpose_light.utils.complexity import count_macs, count_parameters

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
FAMILIES = ('el_hrnet', 'eeffpose')
LEAVES = sorted(str(p.relative_to(CONFIGS)) for p in CONFIGS.rglob('td-hm_*.py'))


def _read_metafiles():
    index = yaml.safe_load((CONFIGS.parent / 'model-index.yml').read_text())
    for metafile in index['Import']:
        content = yaml.safe_load((CONFIGS.parent / metafile).read_text())
        yield from content['Models']


METAFILES = {model['Config']: model for model in _read_metafiles()}


@pytest.fixture(params=LEAVES, scope='module')
def leaf(request):
    return request.param


@pytest.fixture(scope='module')
def config(leaf):
    config = Config.fromfile(CONFIGS / leaf)
    init_default_scope(config.default_scope)
    return config


def transform(pipeline, name):
    found = [t for t in pipeline if t.type == name]
    assert len(found) == 1, f'{name} stands {len(found)} times in the pipeline'
    return found[0]


def plain(codec):
    return {k: v for k, v in codec.items() if k != '_scope_'}


def metainfo(config):
    return parse_pose_metainfo(
        DATASETS.get(config.test_dataloader.dataset.type).METAINFO
    )


def shrunk(config):
    """The same config for small images: as much is shown, in a fraction of the time.

    Of larger ones alone is anything left at BiFPN's 1/64 for a norm layer to average.
    """
    return load_config(config.filename, (64, 128))


def test_there_are_configs():
    assert len(LEAVES) >= 8


def test_codec_stands_the_same_everywhere(config):
    codec = plain(config.codec)
    assert plain(config.model.head.decoder) == codec
    pipelines = {
        name: config[f'{name}_dataloader'].dataset.pipeline
        for name in ('train', 'val', 'test')
    }
    assert plain(transform(pipelines['train'], 'GenerateTarget').encoder) == codec
    udp = codec['type'] == 'UDPHeatmap'
    for name, pipeline in pipelines.items():
        affine = transform(pipeline, 'TopdownAffine')
        assert affine.input_size == codec['input_size'], name
        assert affine.get('use_udp', False) == udp, name
    assert config.model.test_cfg.shift_heatmap != udp
    # the file's name says the size as height×width
    width, height = codec['input_size']
    size = f'{height}x{width}'
    assert Path(config.filename).stem.endswith(size)
    assert [side // 4 for side in codec['input_size']] == list(codec['heatmap_size'])


CODECS = {}
for _leaf in LEAVES:
    _codec = plain(Config.fromfile(CONFIGS / _leaf).codec)
    CODECS.setdefault(repr(_codec), pytest.param(_codec, id=Path(_leaf).stem))


@pytest.mark.parametrize('codec', CODECS.values())
def test_codec_finds_every_position(codec):
    """decode(encode(p)) is p, at the edges too, wherever p is on the heatmap."""
    # MMPose's own decoder of UDP is up to one off, and 1.25 in the last row
    tolerance = 1.25 if codec['type'] == 'UDPHeatmap' else 0.75
    built = KEYPOINT_CODECS.build(codec)
    width, height = codec['heatmap_size']
    columns = np.arange(0, width - 0.99, 0.5)
    scale = np.divide(codec['input_size'], codec['heatmap_size'])
    if codec['type'] == 'UDPHeatmap':
        scale = (np.array(codec['input_size']) - 1) / (width - 1, height - 1)
    for row in np.arange(0, height - 0.99, 0.5):
        points = np.stack([columns, np.full_like(columns, row)], axis=-1)
        encoded = built.encode((points * scale)[None].astype(np.float32))
        assert encoded['keypoint_weights'].all()
        decoded, scores = built.decode(encoded['heatmaps'])
        error = np.abs(decoded[0] / scale - points).max(axis=1)
        worst = error.argmax()
        assert error[worst] <= tolerance, f'{points[worst]}: {error[worst]}'
        assert (scores > 0.5).all()


def test_file_name_says_batch_size_and_epochs(config):
    training = Path(config.filename).stem.split('_')[2]
    per_gpu, epochs = training.split('-')[-2:]
    assert int(per_gpu.split('xb')[1]) == config.train_dataloader.batch_size
    assert int(epochs.rstrip('e')) == config.train_cfg.max_epochs
    gpus = int(per_gpu.split('xb')[0])
    total = gpus * config.train_dataloader.batch_size
    assert config.auto_scale_lr.base_batch_size == total


def test_loss_predict_and_tensor(config, leaf):
    """One image through the config's own pipelines and model."""
    full_size, config = config.codec.input_size, shrunk(config)
    meta = metainfo(config)
    joints = meta['num_keypoints']
    assert config.model.head.out_channels == joints
    rng = np.random.default_rng(0)
    person = dict(
        img=rng.integers(0, 255, (320, 240, 3), dtype=np.uint8),
        img_path='noise.jpg',
        img_id=0,
        id=0,
        bbox=np.array([[30, 20, 210, 300]], dtype=np.float32),
        bbox_score=np.ones(1, dtype=np.float32),
        keypoints=rng.uniform(60, 200, (1, joints, 2)).astype(np.float32),
        keypoints_visible=np.ones((1, joints), dtype=np.float32),
        **meta,
    )
    model = build_pose_estimator(config.model).train()
    listed = METAFILES.get(f'configs/{leaf}')
    if listed:
        assert listed['Metadata']['Parameters'] == count_parameters(model)
        assert listed['Metadata']['MACs'] == count_macs(model, full_size)

    def packed(dataloader):
        pipeline = Compose(dataloader.dataset.pipeline)
        return model.data_preprocessor(pseudo_collate([pipeline({**person})]))

    losses = model(**packed(config.train_dataloader), mode='loss')
    assert losses['loss_kpt'].isfinite()
    assert losses['loss_kpt'] > 0
    losses['loss_kpt'].backward()
    unused = [n for n, p in model.named_parameters() if p.grad is None]
    assert not unused

    model.eval()
    batch = packed(config.test_dataloader)
    with torch.no_grad():
        batch = dict(inputs=batch['inputs'][:1], data_samples=batch['data_samples'][:1])
        heatmaps = model(batch['inputs'], None, mode='tensor')
        result = model(**batch, mode='predict')[0].pred_instances
    width, height = config.codec.heatmap_size
    assert heatmaps.shape == (1, joints, height, width)
    assert result.keypoints.shape == (1, joints, 2)
    assert np.isfinite(result.keypoints).all()


def test_metafiles_list_every_config():
    assert set(METAFILES) == {
        f'configs/{leaf}' for leaf in LEAVES if Path(leaf).parts[0] in FAMILIES
    }
    for path, model in METAFILES.items():
        assert model['Name'] == Path(path).stem
