"""Our files in rtmlib, against MMPose's own keypoints on real photographs.

MMPose decodes these heatmaps to a quarter of their pixel, one pixel of the input, and
the SimCC vectors to where the curve through them peaks. What both say is compared where
a heatmap has one peak: of two as high, each may take another.
"""

import copy
from functools import partial

import cv2
import numpy as np
import pytest
from mmpose.apis import inference_topdown

from mmpose_light.apis.tracking import iou

rtmlib = pytest.importorskip('rtmlib', reason='pip install --no-deps rtmlib')
pytestmark = pytest.mark.usefixtures('deploy_packages')

SIZE = (96, 128)
PHOTOS = 12
# a rival is this high, relative to the peak, and this many pixels of the heatmap away
RIVAL, AWAY = 0.9, 3


def has_one_peak(heatmaps):
    """Tell for each heatmap whether it has no rival of its peak."""
    count, height, width = heatmaps.shape
    flat = heatmaps.reshape(count, -1)
    peaks = np.stack(np.unravel_index(flat.argmax(1), (height, width)), axis=-1)
    cells = np.stack(np.mgrid[:height, :width], axis=-1)
    far = np.abs(cells - peaks[:, None, None]).max(-1) > AWAY
    return np.where(far, heatmaps, 0).max((1, 2)) < RIVAL * flat.max(1)


@pytest.fixture(scope='module')
def expected(smooth_model, coco_people):
    """Photographs, boxes, MMPose's keypoints, pixels for one of the input, one peak?"""
    found = []
    model = copy.copy(smooth_model.model)
    model.test_cfg = dict(flip_test=False, output_heatmaps=True)
    for path, boxes in coco_people.photos[:PHOTOS]:
        image = cv2.imread(str(path))
        people = inference_topdown(model, image, boxes)
        keypoints = np.concatenate([one.pred_instances.keypoints for one in people])
        pixels = np.array([one.input_scale[0] / SIZE[0] for one in people])
        clear = [has_one_peak(one.pred_fields.heatmaps.numpy()) for one in people]
        found.append((image, boxes, keypoints, pixels, np.stack(clear)))
    return found


def distances(expected, estimate):
    """Distances between keypoints of one peak, in pixels of the network's input."""
    found = []
    for image, boxes, theirs, pixels, clear in expected:
        ours, _ = estimate(image, boxes)
        apart = np.linalg.norm(ours - theirs, axis=-1) / pixels[:, None]
        found.append(apart[clear])
    return np.concatenate(found)


def open_file(file, backend='onnxruntime', **options):
    return rtmlib.RTMPose(
        str(file), model_input_size=SIZE, backend=backend, device='cpu', **options
    )


# rtmlib leaves it to OpenVINO to compute in bfloat16 on CPUs that have it
@pytest.mark.parametrize('backend, limit', [('onnxruntime', 1), ('openvino', 1.3)])
@pytest.mark.parametrize('batch', [1, None])
def test_rtmpose(export_smooth_model, expected, backend, limit, batch):
    done = export_smooth_model(output='simcc', channels='bgr', batch=batch)
    found = distances(expected, open_file(done.file, backend))
    assert len(found) > 100
    assert found.mean() < limit
    assert found.max() < 4  # a pixel of the heatmap


def test_channels_matter(export_smooth_model, expected):
    """The same file that takes RGB is wrong in rtmlib, so the test above can fail."""
    done = export_smooth_model(output='simcc', channels='rgb')
    assert distances(expected, open_file(done.file)).mean() > 2


def test_body(export_smooth_model, expected, monkeypatch):
    """The pipeline of detector and pose, with boxes of the annotations."""
    done = export_smooth_model(output='simcc', channels='bgr')
    # it wants a detector to open; any file will do for one that is not asked
    body = rtmlib.Body(
        det=str(done.file),
        pose=str(done.file),
        pose_input_size=SIZE,
        backend='onnxruntime',
        device='cpu',
    )

    def estimate(image, boxes):
        monkeypatch.setattr(body, 'det_model', lambda image: boxes)
        return body(image)

    assert distances(expected, estimate).mean() < 1


def test_pose_tracker(export_smooth_model, expected):
    """People stay in their rows, in whatever order the detector tells of them."""
    done = export_smooth_model(output='simcc', channels='bgr')
    body = partial(
        rtmlib.Body, det=str(done.file), pose=str(done.file), pose_input_size=SIZE
    )
    tracker = rtmlib.PoseTracker(body, device='cpu')
    apart = 0
    for image, boxes, *_ in expected:
        rows, _ = tracker.pose_model(image, bboxes=boxes[:2])
        extents = [np.concatenate((row.min(0), row.max(0))) for row in rows]
        if (
            len(boxes) < 2 or np.ptp(rows, axis=1).min() < 40
        ):  # it leaves out small ones
            continue
        if iou(*np.array(extents)[:, None])[0, 0] > 0.2:
            continue
        tracker.reset()
        for order in (boxes[:2], boxes[1::-1]):
            tracker.det_model = lambda image, found=order: found
            np.testing.assert_allclose(tracker(image)[0], rows, atol=1e-3)
        apart += 1
    assert apart
