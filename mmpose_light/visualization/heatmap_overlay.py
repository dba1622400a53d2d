"""All keypoints' heatmaps over the image, in one.

Paper: `MEMe <https://doi.org/10.3390/s22020632>`_, Figure 9, S_0 + H_0. MMEngine's
``Visualizer.draw_featmap`` colors the whole image, blue where nothing is; here it stays
as it is there.
"""

import cv2
import numpy as np
from matplotlib import colormaps

# Of the highest value: below the first nothing is drawn, from the second on no more of
# the image is covered.
FAINT, FULL = 0.1, 0.6
OPACITY = 0.75
COLOR_MAP = 'turbo'


def overlay_heatmaps(
    image: np.ndarray, heatmaps: np.ndarray, scale_factor: np.ndarray
) -> np.ndarray:
    """Lay the highest of all heatmaps over an image.

    Args:
        image (np.ndarray): What the network saw, RGB, uint8, shape (H, W, 3), of any
            size.
        heatmaps (np.ndarray): The heatmaps, shape (K, h, w). What is below zero counts
            as zero.
        scale_factor (np.ndarray): Pixels of the image for one of the heatmaps, x and y:
            the middle of a heatmap's pixel (x, y) lies at ``scale_factor * (x, y)``, as
            MMPose's codecs have it.

    Returns:
        np.ndarray: The result, like the image. Where no heatmap reaches a tenth of the
        highest value of all, it is the image.
    """
    highest = heatmaps.max(0).clip(0).astype(np.float32)
    peak = highest.max()
    if peak == 0:
        return image.copy()
    values = cv2.warpAffine(
        highest / peak,
        np.diag(1 / np.array([*scale_factor, 1.0]))[:2],  # to the heatmaps' pixels
        image.shape[1::-1],
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    ).clip(0, 1)
    opacity = OPACITY * ((values - FAINT) / (FULL - FAINT)).clip(0, 1)[..., None]
    colors = 255 * colormaps[COLOR_MAP](values)[..., :3]
    return (image + opacity * (colors - image)).round().astype(np.uint8)
