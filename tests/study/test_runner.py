"""The study from end to end on two small networks, interrupted on the way."""

import copy
import json
import shutil

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.models import build_pose_estimator

from mmpose_light.study import RunOptions, StudyData, run_study
from mmpose_light.study.protocol import build_config, read_protocol
from mmpose_light.study.record import read_record
from mmpose_light.study.table import read_records
from mmpose_light.utils.complexity import count_macs, count_parameters
from mmpose_light.utils.errors import UserError

PROTOCOL = 'configs/study/lspet-256x192.py'
CPU_PROTOCOL = 'configs/study/lspet-128x96.py'
CPU_CONFIG = 'configs/el_hrnet/td-hm_el-hrnet-w32_1xb16-9e_lspet-128x96.py'
SIZE = (96, 128)
LR = dict(la=1e-3, l=2e-3)
OPTIONS = RunOptions(iterations=2, batch_size=4, workers=0)


@pytest.fixture
def data(synthetic_coco) -> StudyData:
    annotations = 'annotations/person_keypoints_{}.json'
    return StudyData.below(
        synthetic_coco, annotations.format('train'), 'train',
        annotations.format('val'), 'val',
    )  # fmt: skip


@pytest.fixture(scope='module')
def protocol(repo_dir, small_el_hrnet_extra, tmp_path_factory):
    """The study's protocol at 128×96 with two small networks, each epoch evaluated."""
    path = tmp_path_factory.mktemp('protocol') / 'small.py'
    config = repo_dir / 'configs/el_hrnet/td-hm_el-hrnet-w18_1xb16-300e_coco-128x96.py'
    model = dict(backbone=dict(extra=small_el_hrnet_extra), head=dict(in_channels=8))
    entry = dict(title='LA', config=str(config), lr=LR['la'], model=model)
    other = dict(
        title='L',
        config=str(config),
        lr=LR['l'],
        model=dict(model, backbone=dict(model['backbone'], attention=False)),
    )
    path.write_text(f"""
_base_ = {str(repo_dir / PROTOCOL)!r}
networks = dict(_delete_=True, **{dict(la=entry, l=other)!r})
input_size = {SIZE!r}
train_pipeline = _base_.train_pipeline
train_pipeline[5].input_size = input_size
val_pipeline = _base_.val_pipeline
val_pipeline[2].input_size = input_size
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
train_cfg = dict(val_interval=1)
default_hooks = dict(checkpoint=dict(interval=1))
""")
    return path


class Lines(list):
    """Takes the lines that a study says; stops it at one of them."""

    def __init__(self, stop_at=None):
        super().__init__()
        self.stop_at = stop_at

    def __call__(self, line):
        self.append(line)
        if self.stop_at and self.stop_at in line:
            raise KeyboardInterrupt


def test_study_is_interrupted_and_goes_on(protocol, data, tmp_path, capfd):
    people = data.train.count_people()
    per_epoch = people // OPTIONS.batch_size
    options = RunOptions(iterations=2 * per_epoch, batch_size=4, workers=0)

    # interrupted as the first network's first epoch has been evaluated
    lines = Lines(stop_at=f'iteration {per_epoch} of {2 * per_epoch}')
    with pytest.raises(KeyboardInterrupt):
        run_study(protocol, data, tmp_path, options=options, say=lines)
    assert read_record(tmp_path / 'la.json')['evaluations'] == [], 'the log has them'
    (interrupted,) = read_records(tmp_path)
    assert interrupted['status'] == 'running'
    assert interrupted['epochs'] == 1
    assert len(interrupted['evaluations']) == 1
    assert not (tmp_path / 'l.json').exists()

    lines = Lines()
    statuses = run_study(protocol, data, tmp_path, options=options, say=lines)
    assert statuses == dict(la='finished', l='finished')
    assert f'going on from {tmp_path / "la" / "epoch_1.pth"}' in lines[0]
    for name in ('la', 'l'):
        record = read_record(tmp_path / f'{name}.json')
        assert record['status'] == 'finished'
        assert record['epochs'] == 2
        assert record['iterations'] == 2 * per_epoch
        assert [point['epoch'] for point in record['evaluations']] == [1, 2]
        assert [point['iteration'] for point in record['evaluations']] == [
            per_epoch,
            2 * per_epoch,
        ]
        last = record['evaluations'][-1]
        assert {'AP', 'AP50', 'AP75', 'AR', 'PCK'} < set(last)
        assert 0 <= last['PCK'] <= 1
        assert last['PCK_people'] + last['PCK_left_out'] == data.val.count_people()
        assert record['losses'][-1]['iteration'] == 2 * per_epoch
        assert record['losses'][-1]['loss'] > 0
        assert record['seconds'] > 0
        assert record['settings']['train_people'] == people
        assert record['settings']['precision'] in ('float32', 'bfloat16', 'float16')
        cfg = build_config(read_protocol(protocol), name)
        model = build_pose_estimator(cfg.model)
        assert record['parameters'] == count_parameters(model)
        assert record['macs'] == count_macs(model, SIZE)
        # the last checkpoint alone is left, and it is the network's
        (checkpoint,) = (tmp_path / name).glob('epoch_*.pth')
        weights = torch.load(checkpoint, map_location='cpu', weights_only=True)
        assert weights['meta']['epoch'] == 2
        (group,) = weights['optimizer']['param_groups']
        assert group['initial_lr'] == record['settings']['lr'] == LR[name]
        assert set(weights['state_dict']) == set(model.state_dict())
    assert (
        interrupted['evaluations']
        == read_record(tmp_path / 'la.json')['evaluations'][:1]
    )
    assert 'Epoch' not in capfd.readouterr().out, 'MMEngine has its log file'

    # all done: nothing is done again
    before = (tmp_path / 'la.json').read_bytes()
    lines = Lines()
    run_study(protocol, data, tmp_path, options=options, say=lines)
    assert lines == ['[1/2] la: finished before', '[2/2] l: finished before']
    assert (tmp_path / 'la.json').read_bytes() == before

    # other settings are another study
    other = RunOptions(iterations=2 * per_epoch, batch_size=4, workers=0, lr_scale=2)
    with pytest.raises(ValueError, match=r'other settings \(.*lr 0\.001, now 0\.002'):
        run_study(protocol, data, tmp_path, options=other)


def test_time_budget_decides_what_is_started(protocol, data, tmp_path):
    little = RunOptions(
        iterations=2, batch_size=4, workers=0, limit_images=4, time_budget=1e-9
    )
    lines = Lines()
    statuses = run_study(protocol, data, tmp_path, ['la'], little, lines)
    assert statuses == dict(la='waiting')
    assert 'not started: 0.0 minutes are left' in lines[-1]
    assert not (tmp_path / 'la.json').exists()

    # half a run that took an hour, and a quarter of an hour for the other half
    options = RunOptions(iterations=2, batch_size=2, workers=0, limit_images=2)
    stop = Lines(stop_at='iteration 1 of')
    with pytest.raises(KeyboardInterrupt):
        run_study(protocol, data, tmp_path, ['la'], options, stop)
    path = tmp_path / 'la.json'
    record = read_record(path)
    assert record['epochs'] < record['settings']['epochs']
    path.write_text(json.dumps(dict(record, seconds=3600.0)))
    quarter = RunOptions(**{**vars(options), 'time_budget': 15})
    lines = Lines()
    statuses = run_study(protocol, data, tmp_path, ['la'], quarter, lines)
    assert statuses == dict(la='waiting')
    assert 'it takes 60.0' in lines[-1]
    split = RunOptions(**{**vars(quarter), 'split': True})
    statuses = run_study(protocol, data, tmp_path, ['la'], split, Lines())
    assert statuses == dict(la='finished')


def test_a_network_that_fails_leaves_the_others_their_time(
    protocol, data, tmp_path, caplog
):
    broken = tmp_path / 'broken.py'
    broken.write_text(f"""
_base_ = {str(protocol)!r}
networks = dict(la=dict(model=dict(head=dict(in_channels=9))))
""")
    options = RunOptions(iterations=1, batch_size=2, workers=0, limit_images=2)
    lines = Lines()
    statuses = run_study(broken, data, tmp_path / 'out', options=options, say=lines)
    assert statuses == dict(la='failed', l='finished')
    record = read_record(tmp_path / 'out/la.json')
    assert record['status'] == 'failed'
    assert 'RuntimeError' in record['error']
    assert 'Traceback' in caplog.text


def test_unknown_network(repo_dir, data, tmp_path):
    with pytest.raises(ValueError, match=r"'hrnet' is unknown: give some of el-hrnet"):
        run_study(repo_dir / PROTOCOL, data, tmp_path, ['hrnet'])


def test_data_that_are_missing(protocol, data, tmp_path, synthetic_coco):
    with pytest.raises(FileNotFoundError, match=r'train\.json does not exist.*--data-'):
        run_study(protocol, StudyData.below(tmp_path), tmp_path)
    elsewhere = StudyData.below(
        synthetic_coco,
        'annotations/person_keypoints_train.json',
        'nowhere',
        'annotations/person_keypoints_val.json',
        'val',
    )
    with pytest.raises(FileNotFoundError, match=r'image .*nowhere.* is missing'):
        run_study(protocol, elsewhere, tmp_path)
    (tmp_path / 'train.json').write_text('[1, 2]')
    with pytest.raises(ValueError, match=r'train\.json is no annotation file of COCO'):
        run_study(protocol, StudyData.below(tmp_path), tmp_path)
    (tmp_path / 'train.json').write_text('{"images": [], "annotations": []}')
    with pytest.raises(ValueError, match='has nobody in it'):
        run_study(protocol, StudyData.below(tmp_path), tmp_path)


def test_batch_larger_than_the_data(protocol, data, tmp_path):
    with pytest.raises(ValueError, match='do not fill a batch of 64.*smaller batch'):
        run_study(protocol, data, tmp_path)


@pytest.mark.parametrize('content', ['{', '[]', '{"format": 1}'])
def test_record_that_is_none(protocol, data, tmp_path, content):
    (tmp_path / 'la.json').write_text(content)
    with pytest.raises(UserError, match=r'la\.json .*move it away to start'):
        run_study(protocol, data, tmp_path, options=OPTIONS)
    assert (tmp_path / 'la.json').read_text() == content


@pytest.mark.parametrize(
    'option',
    [
        dict(iterations=0),
        dict(batch_size=1),
        dict(limit_images=0),
        dict(workers=-1),
        dict(seed=-1),
        dict(lr_scale=0.0),
        dict(time_budget=-1.0),
        dict(time_budget=float('nan')),
    ],
)
def test_numbers_that_make_no_sense(option):
    (name,) = option
    with pytest.raises(ValueError, match=f'{name} must be'):
        RunOptions(**option)


def test_split_needs_a_time_budget():
    with pytest.raises(ValueError, match='give time_budget'):
        RunOptions(split=True)


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_mixed_precision_needs_a_gpu():
    with pytest.raises(ValueError, match='needs a GPU'):
        RunOptions(amp=True)


def test_run_leaves_a_config_that_mmpose_tests(protocol, data, tmp_path, repo_dir):
    options = RunOptions(iterations=1, batch_size=2, workers=0, limit_images=2)
    run_study(protocol, data, tmp_path, ['l'], options, Lines())
    (path,) = (tmp_path / 'l').glob('*.py')
    cfg = Config.fromfile(path)
    assert cfg.test_dataloader.dataset.ann_file == cfg.val_evaluator[0].ann_file
    assert 'first-2' in cfg.test_dataloader.dataset.ann_file


def test_limited_data_are_the_first_images(data, tmp_path):
    few = data.first(3, tmp_path)
    for split, name in ((few.train, 'train'), (few.val, 'val')):
        whole = json.loads(getattr(data, name).ann_file.read_text())
        part = json.loads(split.ann_file.read_text())
        assert part['images'] == whole['images'][:3]
        ids = {image['id'] for image in part['images']}
        assert part['annotations'] == [
            person for person in whole['annotations'] if person['image_id'] in ids
        ]
        assert split.image_dir == getattr(data, name).image_dir
    shutil.rmtree(tmp_path)


# The networks of the repository's own protocol

PARAMETERS = {
    'el-hrnet-w32': 5_032_705,
    'eeffpose-p0': 9_007_292,
    'effbase': 3_797_279,
}


@pytest.fixture(scope='module')
def study(repo_dir):
    return read_protocol(repo_dir / PROTOCOL)


def test_order_of_the_networks(study):
    names = list(study.networks)
    assert names[:4] == ['el-hrnet-w32', 'hrnet-w32', 'eeffpose-p0', 'effbase']
    assert len(names) == 16
    orders = [entry.get('ablation') for entry in study.networks.values()]
    assert {order for order in orders if order} == {
        f'{order:03b}' for order in range(8)
    }
    assert all(orders[-6:]), 'the other ablations come last'


def test_every_network_is_built_from_scratch(study):
    init_default_scope('mmpose')
    for name, entry in study.networks.items():
        cfg = build_config(study, name, lr_scale=0.5)
        assert 'Pretrained' not in str(cfg.model.to_dict()), name
        assert cfg.optim_wrapper.optimizer.lr == entry.lr / 2
        assert cfg.train_dataloader.dataset.pipeline[6].encoder == (
            cfg.model.head.decoder
        )
        with torch.device('meta'):
            model = build_pose_estimator(cfg.model)
        assert model.test_cfg['flip_test'], name
        assert model.head.out_channels == 17
        if name in PARAMETERS:
            assert count_parameters(model) == PARAMETERS[name]
        if entry.get('ablation'):
            parts = (model.backbone, model.neck, model.head)
            found = ''.join(
                '1' if type(part).__name__ == new else '0'
                for part, new in zip(
                    parts, ('EEffNet', 'TFNeck', 'FAHead'), strict=True
                )
            )
            assert found == entry.ablation


def test_config_of_a_network_is_its_own(study):
    first = build_config(study, 'el-hrnet-w32')
    before = copy.deepcopy(first.to_dict())
    other = build_config(study, 'rtmpose-s')
    other.train_dataloader.dataset.ann_file = 'elsewhere.json'
    assert first.to_dict() == before
    assert build_config(study, 'el-hrnet-w32').to_dict() == before


def test_networks_share_all_but_model_and_learning_rate(study):
    def shared(name):
        cfg = build_config(study, name).to_dict()
        del cfg['model'], cfg['optim_wrapper']['optimizer']['lr']
        del cfg['train_dataloader']['dataset']['pipeline'][6]['encoder']
        return cfg

    first, *others = map(shared, study.networks)
    assert all(other == first for other in others)


@pytest.mark.parametrize(
    ('networks', 'message'),
    [
        ('dict()', 'has no networks'),
        ("dict(a=dict(title='A', config='a.py'))", "'lr' is missing or wrong"),
        (
            "dict(a=dict(title='A', config='a.py', lr=1e-3, lr_mult=2))",
            "'lr_mult' is missing or wrong",
        ),
    ],
)
def test_protocol_that_is_none(tmp_path, networks, message):
    path = tmp_path / 'protocol.py'
    path.write_text(f'networks = {networks}\n')
    with pytest.raises(ValueError, match=message):
        read_protocol(path)


def test_network_of_another_size(study, repo_dir):
    small = study.copy()
    small.input_size = SIZE
    with pytest.raises(ValueError, match=r'\(192, 256\), the protocol gives \(96, 128'):
        build_config(small, 'el-hrnet-w32')


# The protocol for a CPU


@pytest.fixture(scope='module')
def cpu_study(repo_dir):
    return read_protocol(repo_dir / CPU_PROTOCOL)


def test_networks_fit_the_smaller_images(study, cpu_study):
    assert list(cpu_study.networks) == list(study.networks)
    init_default_scope('mmpose')
    for name, entry in cpu_study.networks.items():
        assert (entry.title, entry.lr) == (
            study.networks[name].title,
            study.networks[name].lr,
        )
        cfg = build_config(cpu_study, name)
        with torch.device('meta'):
            model = build_pose_estimator(cfg.model).eval()
            outputs = model(torch.empty(1, 3, *SIZE[::-1]), None, mode='tensor')
        if name == 'rtmpose-s':
            assert [tuple(o.shape) for o in outputs] == [
                (1, 17, 2 * side) for side in SIZE
            ]
        else:
            assert outputs.shape == (1, 17, *model.head.decoder.heatmap_size[::-1])


def test_config_for_mmpose_says_the_same(cpu_study, repo_dir):
    """What the weights were trained by, and the config that they are used with."""
    cfg = build_config(cpu_study, 'el-hrnet-w32')
    config = Config.fromfile(repo_dir / CPU_CONFIG)
    assert config.train_cfg.max_epochs == -(-cpu_study.iterations // (7475 // 16))
    del cfg.model['train_cfg']  # leaves MMPose's training accuracy out
    for get in (
        lambda c: c.model,
        lambda c: c.optim_wrapper.optimizer,
        lambda c: c.param_scheduler[0],
        lambda c: c.train_dataloader.batch_size,
        lambda c: c.train_dataloader.drop_last,
        lambda c: c.train_cfg.val_interval,
        lambda c: c.default_hooks.checkpoint.interval,
        lambda c: c.train_dataloader.dataset.pipeline,
        lambda c: c.val_dataloader.dataset.pipeline,
    ):
        assert without_scope(get(cfg)) == without_scope(get(config))
    # in steps to the end, or in epochs turned into steps: the same cosine
    assert cfg.param_scheduler[1] == dict(type='CosineAnnealingLR', by_epoch=False)
    assert config.param_scheduler[1] == dict(
        type='CosineAnnealingLR', begin=0, convert_to_iter_based=True
    )


def without_scope(part):
    if isinstance(part, dict):
        return {k: without_scope(v) for k, v in part.items() if k != '_scope_'}
    return [without_scope(v) for v in part] if isinstance(part, list) else part
