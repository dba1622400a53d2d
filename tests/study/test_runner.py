"""The study from end to end on two small networks, interrupted on the way."""

import json

import pytest
import torch
from mmengine.config import Config
from mmpose.models import build_pose_estimator

from mmpose_light.study import RunOptions, run_study
from mmpose_light.study.protocol import build_config, read_protocol
from mmpose_light.study.record import read_record
from mmpose_light.study.table import read_records
from mmpose_light.utils.complexity import count_macs, count_parameters
from mmpose_light.utils.errors import UserError

OPTIONS = RunOptions(iterations=2, batch_size=4, workers=0)


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

    lr = {n: entry.lr for n, entry in read_protocol(protocol).networks.items()}
    assert lr['la'] != lr['l']

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
        assert record['macs'] == count_macs(model, tuple(cfg.input_size))
        # the last checkpoint alone is left, and it is the network's
        (checkpoint,) = (tmp_path / name).glob('epoch_*.pth')
        weights = torch.load(checkpoint, map_location='cpu', weights_only=True)
        assert weights['meta']['epoch'] == 2
        (group,) = weights['optimizer']['param_groups']
        assert group['initial_lr'] == record['settings']['lr'] == lr[name]
        assert set(weights['state_dict']) == set(model.state_dict())
    first, _ = read_record(tmp_path / 'la.json')['evaluations']
    # a log has fewer digits than a record
    assert interrupted['evaluations'] == [pytest.approx(first, rel=1e-4)]
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


def test_unknown_network(data, tmp_path):
    with pytest.raises(ValueError, match=r"'hrnet' is unknown: give some of el-hrnet"):
        run_study('lspet-256x192', data, tmp_path, ['hrnet'])


def test_batch_larger_than_the_data(protocol, data, tmp_path):
    with pytest.raises(ValueError, match='do not fill a batch of 64.*smaller batch'):
        run_study(protocol, data, tmp_path)


@pytest.mark.parametrize('content', ['{', '[]', '{"format": 1}'])
def test_record_that_is_none(protocol, data, tmp_path, content):
    (tmp_path / 'la.json').write_text(content)
    with pytest.raises(UserError, match=r'la\.json .*move it away to start'):
        run_study(protocol, data, tmp_path, options=OPTIONS)
    assert (tmp_path / 'la.json').read_text() == content


def test_run_leaves_a_config_that_mmpose_tests(protocol, data, tmp_path, repo_dir):
    options = RunOptions(iterations=1, batch_size=2, workers=0, limit_images=2)
    run_study(protocol, data, tmp_path, ['l'], options, Lines())
    (path,) = (tmp_path / 'l').glob('*.py')
    cfg = Config.fromfile(path)
    assert cfg.test_dataloader.dataset.ann_file == cfg.val_evaluator[0].ann_file
    assert 'first-2' in cfg.test_dataloader.dataset.ann_file


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_cuda_graphs_reach_the_training(protocol, data, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(torch.cuda, 'is_available', lambda: True)
        options = RunOptions(iterations=2, batch_size=4, workers=0, cuda_graphs=True)
    assert run_study(protocol, data, tmp_path, ['la'], options) == dict(la='failed')
    assert 'leave CUDAGraphHook out' in read_record(tmp_path / 'la.json')['error']
