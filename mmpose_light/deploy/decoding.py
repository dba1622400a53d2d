"""Keypoints from a network's outputs as MMPose's codecs give them, in numpy alone.

- ``MSRAHeatmap``: a quarter pixel from the maximum towards the higher neighbor, or, with
  ``unbiased``, by the curvature at the maximum (https://arxiv.org/abs/1910.06278);
- ``UDPHeatmap``: by the curvature, with the middles of the outermost pixels as the ends
  of the input (https://arxiv.org/abs/1911.07524);
- ``SimCCLabel``: the maxima of two vectors (https://arxiv.org/abs/2107.03332).

Any other codec, or one of these with further options, is MMPose's own.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from .choices import check_choice

#: Takes the outputs for one person; returns keypoints in pixels of the input, shape
#: (K, 2), and their scores, shape (K, ).
Decoder = Callable[..., tuple[np.ndarray, np.ndarray]]

SMALLEST = 1e-10
UDP_RANGE = 1e-3, 50.0


def make_decoder(codec: dict[str, Any]) -> Decoder:
    """Make the decoder of a codec.

    Args:
        codec (dict): The config of a codec of MMPose.

    Returns:
        Decoder: What decodes the outputs for one person.

    Example:
        >>> import numpy as np
        >>> codec = dict(
        ...     type='SimCCLabel', input_size=(192, 256), simcc_split_ratio=2.0)
        >>> x, y = np.eye(1, 384, 10), np.eye(1, 512, 31)
        >>> make_decoder(codec)(x, y)[0].tolist()
        [[5.0, 15.5]]
    """
    kind = codec['type']
    if kind == 'MSRAHeatmap':
        return _make_msra(**_without_type(codec))
    if kind == 'UDPHeatmap' and codec.get('heatmap_type', 'gaussian') == 'gaussian':
        return _make_udp(**_without_type(codec))
    plain = not (codec.get('use_dark') or codec.get('decode_visibility'))
    if kind == 'SimCCLabel' and plain:
        return _make_simcc(**_without_type(codec))
    return _make_hosts(codec)


def _make_msra(
    input_size: tuple[int, int],
    heatmap_size: tuple[int, int],
    unbiased: bool = False,
    blur_kernel_size: int = 11,
    **_: Any,
) -> Decoder:
    scale = (np.array(input_size) / heatmap_size).astype(np.float32)

    def decode(heatmaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        places, scores = find_maxima(heatmaps)
        if unbiased:
            places += _newton_steps(_logs(heatmaps, blur_kernel_size), places)
        else:
            places += _quarter_steps(heatmaps, places)
        return places * scale, scores

    return decode


def _make_udp(
    input_size: tuple[int, int],
    heatmap_size: tuple[int, int],
    blur_kernel_size: int = 11,
    **_: Any,
) -> Decoder:
    scale = np.array(input_size) / (np.array(heatmap_size) - 1)

    def decode(heatmaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        places, scores = find_maxima(heatmaps)
        places += _udp_steps(_blur(heatmaps, blur_kernel_size), places)
        return places * scale, scores

    return decode


def _make_simcc(simcc_split_ratio: float = 2.0, **_: Any) -> Decoder:
    def decode(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        places = np.stack((x.argmax(1), y.argmax(1)), axis=1).astype(np.float32)
        scores = np.minimum(x.max(1), y.max(1))
        places[scores <= 0] = -1
        return places / np.float32(simcc_split_ratio), scores

    return decode


def _make_hosts(codec: dict[str, Any]) -> Decoder:
    import mmpose.codecs  # noqa: F401  (registers them)
    from mmpose.registry import KEYPOINT_CODECS

    # the registry takes any name of Python besides, such as os.system
    check_choice('codec', codec['type'], sorted(KEYPOINT_CODECS.module_dict))
    built = KEYPOINT_CODECS.build(codec)

    def decode(*outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if codec['type'] == 'SimCCLabel':  # it refines only what has a batch
            outputs = tuple(given[None] for given in outputs)
        places, scores = built.decode(*outputs)
        if isinstance(scores, tuple):  # with the visibility
            scores = scores[0]
        return places[0], scores[0]

    return decode


def find_maxima(heatmaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find where each heatmap is highest.

    Args:
        heatmaps (np.ndarray): Shape (K, H, W).

    Returns:
        tuple[np.ndarray, np.ndarray]: Places (x, y), shape (K, 2), -1 where a heatmap
        is nowhere positive, and the heights, shape (K, ).
    """
    flat = heatmaps.reshape(len(heatmaps), -1)
    y, x = np.divmod(flat.argmax(1), heatmaps.shape[2])
    scores = flat.max(1)
    places = np.stack((x, y), axis=1).astype(np.float32)
    places[scores <= 0] = -1
    return places, scores


def _quarter_steps(heatmaps: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Step a quarter of a pixel to the higher neighbor, away from the edges."""
    each, (height, width) = np.arange(len(heatmaps)), heatmaps.shape[1:]
    x, y = places.astype(int).T

    def at(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return heatmaps[each, y.clip(0, height - 1), x.clip(0, width - 1)]

    steps = np.sign([at(x + 1, y) - at(x - 1, y), at(x, y + 1) - at(x, y - 1)])
    steps[0] *= (x > 1) & (x < width - 1) & (y > 0) & (y < height)
    steps[1] *= (y > 1) & (y < height - 1) & (x > 0) & (x < width)
    return steps.T * 0.25


def _newton_steps(logs: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Step to the top of the parabola through the points two pixels around."""
    (height, width), steps = logs.shape[1:], np.zeros_like(places)
    for index, (log, (x, y)) in enumerate(zip(logs, places.astype(int), strict=True)):
        if not (1 < x < width - 2 and 1 < y < height - 2):
            continue
        near = log[y - 2 : y + 3, x - 2 : x + 3].astype(np.float64)
        slope = 0.5 * np.array([near[2, 3] - near[2, 1], near[3, 2] - near[1, 2]])
        xx = 0.25 * (near[2, 4] - 2 * near[2, 2] + near[2, 0])
        yy = 0.25 * (near[4, 2] - 2 * near[2, 2] + near[0, 2])
        xy = 0.25 * (near[3, 3] - near[1, 3] - near[3, 1] + near[1, 1])
        if xx * yy != xy**2:
            steps[index] = -np.linalg.solve(np.array([[xx, xy], [xy, yy]]), slope)
    return steps


def _udp_steps(heatmaps: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Step to the top of the parabola through the points around, edges repeated.

    A place of -1 lies on the repeated edge, and what MMPose takes for its neighbors on
    the far side of that are the values before it in memory.
    """
    logs = np.log(np.clip(heatmaps, *UDP_RANGE))
    padded = np.pad(logs, ((0, 0), (1, 1), (1, 1)), mode='edge')
    height, width = padded.shape[1:]
    middle = (places[:, 1] + 1) * width + places[:, 0] + 1
    middle = middle.astype(int) + height * width * np.arange(len(places))

    def at(x: int, y: int) -> np.ndarray:
        return padded.reshape(-1)[middle + y * width + x]

    here, left, right, above, below = at(0, 0), at(-1, 0), at(1, 0), at(0, -1), at(0, 1)
    slope = 0.5 * np.stack((right - left, below - above), axis=1)
    xx, yy = right - 2 * here + left, below - 2 * here + above
    xy = 0.5 * (at(1, 1) - right - below + here + here - left - above + at(-1, -1))
    curvature = np.stack((xx, xy, xy, yy), axis=1).reshape(-1, 2, 2)
    curvature = curvature + np.finfo(np.float32).eps * np.eye(2)
    return -(np.linalg.inv(curvature) @ slope[..., None])[..., 0]


def _logs(heatmaps: np.ndarray, kernel_size: int) -> np.ndarray:
    return np.log(np.maximum(_blur(heatmaps, kernel_size), SMALLEST))


def _blur(heatmaps: np.ndarray, kernel_size: int) -> np.ndarray:
    """Blur heatmaps, zero all around them, and give them their heights back."""
    border = kernel_size // 2
    blurred = np.empty(heatmaps.shape, np.float32)
    for index, heatmap in enumerate(heatmaps):
        wide = np.pad(heatmap.astype(np.float32), border)
        wide = cv2.GaussianBlur(wide, (kernel_size, kernel_size), 0)
        inner = wide[border:-border, border:-border]
        blurred[index] = inner * (heatmap.max() / inner.max())
    return blurred


def _without_type(codec: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in codec.items() if key != 'type'}
