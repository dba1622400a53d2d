"""MMPose's drawing and what newer numpys refuse."""

import warnings

import numpy as np
import pytest
from mmpose.visualization.opencv_backend_visualizer import OpencvBackendVisualizer

from mmpose_light import compat


def test_points_are_drawn():
    """As PoseLocalVisualizer does: the radius is an array of one number."""
    compat.apply()
    image = np.zeros((40, 40, 3), np.uint8)
    visualizer = OpencvBackendVisualizer(backend='opencv')
    visualizer.set_image(image)
    with warnings.catch_warnings():
        warnings.simplefilter('error', DeprecationWarning)  # numpy's before 2.5
        visualizer.draw_circles(
            np.array([20.0, 10.0]),
            radius=np.array([4]),
            face_colors=(255, 0, 0),
            alpha=1.0,
        )
    red = visualizer.get_image()[..., 0] > 128
    rows, columns = np.nonzero(red)
    assert (rows.mean(), columns.mean()) == pytest.approx((10, 20), abs=0.6)
    assert 36 < red.sum() < 72
