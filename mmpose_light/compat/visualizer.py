"""MMPose's drawing and numpy 2.5.

MMPose hands the radius of its points to OpenCV by ``int(array)``, an array of one
number, which numpy refuses from 2.5 on.
"""

import functools
from typing import Any


def take_radius_from_array() -> None:
    """Let MMPose's visualizer take a radius out of the array that it comes in."""
    import numpy as np
    from mmpose.visualization.opencv_backend_visualizer import OpencvBackendVisualizer

    draw = OpencvBackendVisualizer.draw_circles
    if hasattr(draw, 'takes_radius_from_array'):
        return

    @functools.wraps(draw)
    def draw_circles(self: Any, center: Any, radius: Any, **kwargs: Any) -> Any:
        if self.backend == 'opencv':
            radius = np.asarray(radius).item()
        return draw(self, center, radius=radius, **kwargs)

    draw_circles.takes_radius_from_array = True
    OpencvBackendVisualizer.draw_circles = draw_circles
