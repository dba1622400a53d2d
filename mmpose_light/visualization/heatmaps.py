"""Heatmaps over the image: a row for each keypoint, a column for each scale.

Paper: `MEMe <https://doi.org/10.3390/s22020632>`_, Figure 9.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

PANEL_WIDTH, MIN_WIDTH, MARGINS = 2.2, 3.5, (0.5, 1.6)  # inches
MARK = dict(markerfacecolor='white', markeredgecolor='black', markersize=7)
# the lower the value, the more of the image shines through
OPACITY = np.linspace(0.25, 0.8, 256)
TURBO = colormaps['turbo'](np.arange(256))[:, :3]
COLOR_MAP = ListedColormap(np.column_stack((TURBO, OPACITY)))


@dataclass(frozen=True)
class Heatmaps:
    """What a head makes of one person, step by step."""

    crop: np.ndarray  # the model's input as an image, RGB, shape (H, W, 3)
    image: np.ndarray  # the same, cut out at a larger size, RGB, shape (n H, n W, 3)
    enlargement: np.ndarray  # pixels of ``image`` for one of ``crop``, x and y
    #: The heatmaps of each scale before the head joins them, shape (K, h_j, w_j); none
    #: for a head of one scale.
    scales: list[Tensor]
    joined: Tensor  # the model's heatmaps, shape (K, h, w)
    #: What the model's codec decodes from ``joined``, in pixels of ``crop``, shape (K,
    #: 2).
    keypoints: np.ndarray
    scores: np.ndarray  # the keypoints' scores, shape (K,)
    names: list[str]  # the keypoints' names
    scale_factor: np.ndarray  # pixels of ``crop`` for one of ``joined``, x and y


def draw_heatmaps(heatmaps: Heatmaps, keypoints: Sequence[int], title: str) -> Figure:
    """Draw heatmaps over the image: a row for each keypoint, a column for each scale.

    The axes of the figure are the panels, row by row, and below each column the color
    bar, which tells the column's values.
    """
    height, width = heatmaps.crop.shape[:2]
    size = heatmaps.joined.shape[-2:]
    columns = [
        (f'at 1/{round(width / maps.shape[-1])} of the size', maps)
        for maps in heatmaps.scales
    ]
    columns.append(('joined' if columns else 'heatmap', heatmaps.joined))

    rows = len(keypoints)
    figure = Figure(
        figsize=(
            max(PANEL_WIDTH * len(columns), MIN_WIDTH) + MARGINS[0],
            PANEL_WIDTH * height / width * rows + MARGINS[1],
        ),
        layout='compressed',
    )
    figure.suptitle(title, fontsize='small')
    axes = figure.subplots(rows, len(columns), squeeze=False)
    for axis, (label, maps) in zip(axes[0], columns, strict=True):
        axis.set_title(f'{label}\n{maps.shape[2]}×{maps.shape[1]}', fontsize='small')
    for axis, index in zip(axes[:, 0], keypoints, strict=True):
        name, score = heatmaps.names[index], heatmaps.scores[index]
        axis.set_ylabel(f'{name}\nscore {score:.2f}', fontsize='small')
    for column, (_, maps) in zip(axes.T, columns, strict=True):
        maps = F.interpolate(maps[None], size)[0].numpy()
        _draw_column(figure, column, maps, heatmaps, keypoints)
    figure.legend(
        handles=axes[0, 0].lines, loc='outside lower center', fontsize='small'
    )
    return figure


def _draw_column(
    figure: Figure,
    column: Sequence[Axes],
    maps: np.ndarray,
    heatmaps: Heatmaps,
    keypoints: Sequence[int],
) -> None:
    """Draw the heatmaps of one scale and, below, what their colors stand for."""
    low, high = maps[list(keypoints)].min(), maps[list(keypoints)].max()
    image = np.asarray(Image.fromarray(heatmaps.image).convert('L'))
    image_extent = _find_extent(image.shape, 1 / heatmaps.enlargement)
    extent = _find_extent(maps.shape[1:], heatmaps.scale_factor)
    for axis, index in zip(column, keypoints, strict=True):
        axis.imshow(image, 'gray', vmin=0, vmax=255, extent=image_extent)
        edges = axis.axis()
        drawn = axis.imshow(
            maps[index],
            COLOR_MAP,
            vmin=low,
            vmax=high,
            extent=extent,
            interpolation='bilinear',
        )
        axis.axis(edges)
        axis.plot(
            *heatmaps.keypoints[index], 'P', label='keypoint that was found', **MARK
        )
        axis.set(xticks=[], yticks=[])
    bar = figure.colorbar(drawn, ax=list(column), location='bottom', pad=0.01)
    bar.set_ticks([low, high], labels=[f'{value:.4g}' for value in (low, high)])
    bar.ax.tick_params(labelsize='small')
    for label, side in zip(bar.ax.get_xticklabels(), ('left', 'right'), strict=True):
        label.set_horizontalalignment(side)


def _find_extent(
    shape: tuple[int, int], step: np.ndarray
) -> tuple[float, float, float, float]:
    """Return the edges left, right, bottom, top of an image in pixels of the crop.

    The middle of its pixel (x, y) lies at step * (x, y), as for the codec.
    """
    right, bottom = (np.array(shape[::-1]) - 0.5) * step
    return -step[0] / 2, right, bottom, -step[1] / 2
