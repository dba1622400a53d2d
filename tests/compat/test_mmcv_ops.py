"""mmcv without compiled ops: what stands in, and what is left alone."""

import importlib.util
import os
import pkgutil
import subprocess
import sys
import textwrap
from pathlib import Path

import mmcv.ops
import mmengine
import numpy as np
import pytest
import torch
from mmengine.model import revert_sync_batchnorm
from mmengine.utils.dl_utils import mmcv_full_available

from mmpose_light import compat
from mmpose_light.compat.mmcv_ops import OpsStandIn, nms

lite_only = pytest.mark.skipif(
    mmcv_full_available(), reason='this mmcv has compiled ops: nothing stands in'
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
    assert isinstance(stand_in, OpsStandIn)
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
        nms(torch.zeros(1, 4), torch.zeros(1), 0.5, 2)


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
