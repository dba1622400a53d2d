"""Both gaps of the released stack: what is closed, and what is left alone."""

import importlib.util
import os
import pickle
import pkgutil
import subprocess
import sys
import textwrap
from collections import OrderedDict
from pathlib import Path

import mmcv.ops
import mmengine
import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.model import revert_sync_batchnorm
from mmengine.runner import Runner, load_checkpoint
from mmengine.utils.dl_utils import mmcv_full_available
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmpose_light import compat

lite_only = pytest.mark.skipif(
    mmcv_full_available(), reason='this mmcv has compiled ops: nothing stands in'
)
safe_loader = pytest.mark.skipif(
    torch.__version__ < (2, 6), reason='torch.load is not the safe loader yet'
)


def run_python(code: str, repo_dir: Path) -> str:
    """Run code in a fresh interpreter and return what it printed."""
    done = subprocess.run(
        [sys.executable, '-c', textwrap.dedent(code)],
        env={**os.environ, 'PYTHONPATH': str(repo_dir)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# mmcv without compiled ops


@lite_only
def test_import_of_the_package_is_enough(repo_dir):
    out = run_python(
        """
        import mmpose_light
        import mmpose.apis, mmdet.apis
        from mmpose.registry import MODELS
        print(mmpose.apis.MMPoseInferencer.__name__, 'RTMDet' in MODELS)
        """,
        repo_dir,
    )
    assert out.split()[0] == 'MMPoseInferencer'


def test_compiled_ops_are_used_as_they_are(repo_dir, tmp_path):
    """A module mmcv._ext that can be imported is the one that mmcv.ops gets."""
    (tmp_path / '_ext.py').write_text(
        textwrap.dedent(
            """
            def __getattr__(name):
                if name.startswith('__'):
                    raise AttributeError(name)
                return lambda *args, **kwargs: f'compiled {name}'
            """
        )
    )
    out = run_python(
        f"""
        import mmcv
        mmcv.__path__.insert(0, {str(tmp_path)!r})
        import mmpose_light, mmcv.ops, mmpose.apis, sys
        from mmengine.utils.dl_utils import mmcv_full_available
        print(sys.modules['mmcv._ext'].__file__)
        ops = sys.modules['mmcv.ops.nms'].ext_module
        print(ops.nms(), mmcv_full_available())
        """,
        repo_dir,
    )
    assert out.splitlines() == [str(tmp_path / '_ext.py'), 'compiled nms True']


def test_loaded_ops_are_not_replaced(monkeypatch):
    loaded = object()
    monkeypatch.setitem(sys.modules, 'mmcv._ext', loaded)
    compat.apply()
    assert sys.modules['mmcv._ext'] is loaded


@lite_only
def test_stand_in_does_not_pass_for_compiled_ops():
    stand_in = sys.modules['mmcv._ext']
    assert isinstance(stand_in, compat.OpsStandIn)
    assert not mmcv_full_available()
    assert importlib.util.find_spec('mmcv._ext') is stand_in.__spec__
    assert pkgutil.find_loader('mmcv._ext') is None
    assert mmcv.utils.collect_env()['MMCV Compiler'] == 'n/a'
    # Tools that walk over the modules ask for such names.
    assert not hasattr(stand_in, '__file__')
    assert not hasattr(stand_in, '__wrapped__')


@lite_only
def test_second_call_changes_nothing():
    stand_in = sys.modules['mmcv._ext']
    compat.apply()
    assert sys.modules['mmcv._ext'] is stand_in


@lite_only
def test_sync_batchnorm_is_reverted():
    norm = torch.nn.SyncBatchNorm(4)
    norm.running_mean.normal_()
    plain = revert_sync_batchnorm(torch.nn.Sequential(norm)).eval()
    x = torch.rand(2, 4, 3, 3)
    expected = torch.nn.BatchNorm2d(4)
    expected.load_state_dict(norm.state_dict())
    torch.testing.assert_close(plain(x), expected.eval()(x))


@lite_only
def test_missing_op_is_named_when_called():
    align = mmcv.ops.RoIAlign(output_size=2)
    rois = torch.tensor([[0.0, 0.0, 0.0, 4.0, 4.0]])
    with pytest.raises(
        NotImplementedError, match='roi_align_forward.*pip uninstall mmcv'
    ):
        align(torch.rand(1, 3, 8, 8), rois)


def plain_nms(boxes, scores, threshold, offset):
    """Greedy suppression, box by box, as mmcv's documentation defines it."""
    order = sorted(range(len(boxes)), key=lambda i: -scores[i])
    kept = []
    for i in order:
        if all(plain_iou(boxes[i], boxes[j], offset) <= threshold for j in kept):
            kept.append(i)
    return kept


def plain_iou(a, b, offset):
    width = min(a[2], b[2]) - max(a[0], b[0]) + offset
    height = min(a[3], b[3]) - max(a[1], b[1]) + offset
    inter = max(width, 0) * max(height, 0)
    areas = [(c[2] - c[0] + offset) * (c[3] - c[1] + offset) for c in (a, b)]
    return inter / (sum(areas) - inter)


def random_boxes(count, rng):
    corner = rng.uniform(0, 20, (count, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(2, 15, (count, 2))], 1)
    return boxes.astype(np.float32), rng.permutation(count).astype(np.float32) / count


@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('threshold', [0.2, 0.5, 0.8])
def test_nms_is_that_of_mmcv(offset, threshold):
    boxes, scores = random_boxes(60, np.random.default_rng(0))
    expected = plain_nms(boxes, scores, threshold, offset)
    assert 1 < len(expected) < 60
    dets, kept = mmcv.ops.nms(boxes, scores, threshold, offset=offset)
    assert kept.tolist() == expected
    np.testing.assert_array_equal(dets, np.c_[boxes, scores][expected])


def test_nms_offset_decides_on_touching_boxes():
    # Overlap 10 of 110 + 110 - 10 pixels with the offset, none without.
    boxes = np.array([[0, 0, 10, 9], [10, 0, 20, 9]], np.float32)
    scores = np.array([0.5, 0.9], np.float32)
    assert mmcv.ops.nms(boxes, scores, 0.01, offset=0)[1].tolist() == [1, 0]
    assert mmcv.ops.nms(boxes, scores, 0.01, offset=1)[1].tolist() == [1]


def test_batched_nms_keeps_classes_apart():
    rng = np.random.default_rng(1)
    boxes, scores = random_boxes(40, rng)
    labels = rng.integers(0, 3, 40)
    expected = []
    for label in range(3):
        of_label = np.flatnonzero(labels == label)
        kept = plain_nms(boxes[of_label], scores[of_label], 0.3, 0)
        expected.extend(of_label[kept])
    expected.sort(key=lambda i: -scores[i])
    _, kept = mmcv.ops.batched_nms(
        torch.from_numpy(boxes),
        torch.from_numpy(scores),
        torch.from_numpy(labels),
        dict(type='nms', iou_threshold=0.3),
    )
    assert kept.tolist() == expected


def test_nms_of_no_boxes():
    dets, kept = mmcv.ops.nms(torch.zeros(0, 4), torch.zeros(0), 0.5)
    assert dets.shape == (0, 5)
    assert kept.shape == (0,)


def test_nms_bad_offset():
    with pytest.raises(ValueError, match='0 or 1, but got 2'):
        compat.nms(torch.zeros(1, 4), torch.zeros(1), 0.5, 2)


def test_detector_runs():
    """A detector of MMDetection, whose every prediction goes through nms."""
    from mmdet.utils import register_all_modules
    from mmengine.registry import DefaultScope
    from mmpose.registry import MODELS

    register_all_modules(init_default_scope=False)
    config = mmengine.Config.fromfile(
        Path(sys.modules['mmdet'].__path__[0])
        / '.mim/configs/rtmdet/rtmdet_tiny_8xb32-300e_coco.py'
    ).model
    config.backbone.init_cfg = None
    config.test_cfg.score_thr = 0
    config._scope_ = 'mmdet'
    image = torch.randint(0, 255, (3, 64, 64), dtype=torch.uint8)
    batch = dict(inputs=[image], data_samples=[_det_sample((64, 64))])
    with DefaultScope.overwrite_default_scope('mmdet'), torch.no_grad():
        detector = MODELS.build(config).eval()
        for conv in detector.bbox_head.rtm_reg:
            conv.bias.fill_(4)  # distances to the sides, in strides: boxes overlap
        (result,) = detector.test_step(batch)
    found = result.pred_instances
    assert len(found) > 0
    boxes, labels = found.bboxes.numpy(), found.labels.numpy()
    for i in range(len(boxes)):
        for j in range(i):
            if labels[i] == labels[j]:
                assert plain_iou(boxes[i], boxes[j], 0) <= 0.65 + 1e-6


def _det_sample(size):
    from mmdet.structures import DetDataSample

    return DetDataSample(
        metainfo=dict(
            img_shape=size, ori_shape=size, scale_factor=(1, 1), batch_input_shape=size
        )
    )


# torch's safe loader


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
    allowed = set(compat._mmengine_checkpoint_globals())
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
