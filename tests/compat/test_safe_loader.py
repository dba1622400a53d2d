"""torch's safe loader: what is loaded, and that nothing else is."""

import os
import pickle
from collections import OrderedDict
from pathlib import Path

import mmengine
import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner, load_checkpoint
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmpose_light import compat
from mmpose_light.compat.safe_loader import (
    _mmengine_checkpoint_globals,
    _safe_pickle,
)

safe_loader = pytest.mark.skipif(
    torch.__version__ < (2, 6), reason='torch.load is not the safe loader yet'
)


class ToyMetric(mmengine.evaluator.BaseMetric):
    def process(self, data_batch, data_samples):
        self.results.append(float(data_samples[0]))

    def compute_metrics(self, results):
        return dict(score=np.float64(-results[0]))


@pytest.fixture(scope='module')
def toy_runner(toy):
    """Runs on eight numbers, with the metainfo of a pose dataset: arrays, one empty."""
    coco = parse_pose_metainfo(dict(from_file='configs/_base_/datasets/coco.py'))
    coco['skeleton_link_colors'] = np.zeros((0, 3), dtype=np.uint8)
    loader = toy.loader(8, batch_size=4, metainfo=coco)

    def run(work_dir: Path, epochs: int, **kwargs) -> Runner:
        checkpoint_hook = dict(type='CheckpointHook', save_best='score', rule='greater')
        return Runner(
            toy.model(),
            str(work_dir),
            train_dataloader=loader,
            val_dataloader=loader,
            train_cfg=dict(by_epoch=True, max_epochs=epochs, val_interval=1),
            val_cfg=dict(),
            val_evaluator=[ToyMetric()],
            optim_wrapper=dict(optimizer=dict(type='Adam', lr=0.1)),
            param_scheduler=[
                dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=4),
                dict(type='ReduceOnPlateauLR', monitor='score', patience=5),
                dict(type='MultiStepLR', milestones=[5, 6]),
            ],
            default_hooks=dict(checkpoint=checkpoint_hook),
            custom_hooks=[dict(type='EMAHook')],
            default_scope='mmpose',
            log_level='WARNING',
            experiment_name=work_dir.name,
            **kwargs,
        )

    return run


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory, toy_runner) -> Path:
    """A checkpoint as MMEngine's Runner writes it."""
    work_dir = tmp_path_factory.mktemp('toy_run')
    toy_runner(work_dir, epochs=1).train()
    return work_dir / 'epoch_1.pth'


@safe_loader
def test_checkpoint_holds_what_is_allowed_and_no_more_is(checkpoint):
    """What is added to torch's list is what a real checkpoint needs."""
    listed = torch.serialization.get_safe_globals()
    try:
        torch.serialization.clear_safe_globals()
        needed = torch.serialization.get_unsafe_globals_in_checkpoint(str(checkpoint))
    finally:
        torch.serialization.add_safe_globals(listed)
    allowed = set(_mmengine_checkpoint_globals())
    assert {'builtins.getattr', 'numpy.ndarray', 'numpy.dtype'} < set(needed) < allowed
    both_numpys = {
        f'{module}.{name}'
        for module in ('numpy.core.multiarray', 'numpy._core.multiarray')
        for name in ('_reconstruct', 'scalar')
    }
    dtype_classes = {name for name in allowed if name.startswith('numpy.dtype')}
    assert allowed == set(needed) | both_numpys | dtype_classes
    assert len(dtype_classes) == 1 + 7


def test_checkpoint_loads(checkpoint, toy):
    loaded = load_checkpoint(toy.model(), str(checkpoint))
    logs = loaded['message_hub']['log_scalars']
    assert logs['train/loss'].mean() > 0
    assert logs['train/loss'].statistics('min') == logs['train/loss'].min()


def test_checkpoint_loads_safely_in_older_torch(checkpoint):
    found = torch.load(checkpoint, weights_only=False, pickle_module=_safe_pickle())
    schedulers = found['param_schedulers']
    assert [dict(one.get('milestones', {})) for one in schedulers] == [
        {},
        {},
        {5: 1, 6: 1},
    ]


def test_checkpoint_resumes(checkpoint, toy_runner):
    runner = toy_runner(checkpoint.parent, epochs=2, resume=True)
    runner.train()
    assert runner.epoch == 2
    assert len(runner.message_hub.get_scalar('train/loss').data[0]) == 4


class Foreign:
    """A class that no MMEngine checkpoint holds by itself."""


class Payload:
    """Leaves a file behind if a loader executes it."""

    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


def foreign_statistic(buffer):
    return 0


def foreign_objects(mark: Path) -> dict[str, object]:
    """Return what a checkpoint must not bring in, by the error that names it."""
    return {
        'Foreign': Foreign(),
        # a log with a statistic of the user's own: a function, hence code
        'foreign_statistic': foreign_statistic,
        r'(posix|nt)\.system': Payload(os.system, f'echo > "{mark}"'),
        r'GLOBAL \S*eval': Payload(eval, f'open({str(mark)!r}, "w")'),
        'Path': Payload(Path.touch, mark),
        'HistoryBuffer.*__init__': Payload(getattr, HistoryBuffer, '__init__'),
        'OrderedDict.*fromkeys': Payload(getattr, OrderedDict, 'fromkeys'),
    }


@safe_loader
@pytest.mark.parametrize('name', list(foreign_objects(Path())))
def test_anything_else_is_refused_by_name(name, checkpoint, tmp_path, toy, toy_runner):
    mark, path = tmp_path / 'executed', tmp_path / 'foreign.pth'
    content = torch.load(checkpoint)
    content['meta']['foreign'] = foreign_objects(mark)[name]
    torch.save(content, path)
    with pytest.raises(pickle.UnpicklingError, match=name):
        load_checkpoint(toy.model(), str(path))
    with pytest.raises(pickle.UnpicklingError, match=name):
        toy_runner(tmp_path, epochs=2, load_from=str(path), resume=True).train()
    assert not mark.exists()


@safe_loader
def test_payload_would_run_without_the_safe_loader(tmp_path):
    """The payloads of the test above are live ones."""
    mark, path = tmp_path / 'executed', tmp_path / 'foreign.pth'
    torch.save(foreign_objects(mark)[r'(posix|nt)\.system'], path)
    torch.load(path, weights_only=False)
    assert mark.exists()


@safe_loader
def test_entries_of_others_are_kept():
    """A name that somebody else has put on torch's list is left to them."""

    def other(owner, name):
        return None

    listed = torch.serialization.get_safe_globals()
    try:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals([(other, 'builtins.getattr')])
        compat.allow_mmengine_checkpoints()
        found = [
            entry[0]
            for entry in torch.serialization.get_safe_globals()
            if isinstance(entry, tuple) and entry[1] == 'builtins.getattr'
        ]
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(listed)
    assert found == [other]


@safe_loader
def test_list_does_not_grow():
    before = torch.serialization.get_safe_globals()
    compat.apply()
    assert set(torch.serialization.get_safe_globals()) == set(before)


def test_older_torch_is_left_alone(monkeypatch):
    added = []
    monkeypatch.setattr(torch, '__version__', torch.torch_version.TorchVersion('2.5.1'))
    monkeypatch.setattr(
        torch.serialization, 'add_safe_globals', added.append, raising=False
    )
    compat.allow_mmengine_checkpoints()
    assert added == []
