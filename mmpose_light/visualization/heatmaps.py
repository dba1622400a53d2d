"""Heatmaps over the photograph: a row for each keypoint, a column for each scale.

Paper: `MEMe <https://doi.org/10.3390/s22020632>`_, Figure 9.
"""

import math
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

PANEL_WIDTH, MIN_WIDTH, MARGINS = 1.8, 3.5, (0.5, 1.6)  # inches
MARK = dict(markerfacecolor='white', markeredgecolor='black', markersize=7)
# the lower the value, the more of the photograph shines through
OPACITY = np.linspace(0.25, 0.8, 256)
TURBO = colormaps['turbo'](np.arange(256))[:, :3]
COLOR_MAP = ListedColormap(np.column_stack((TURBO, OPACITY)))


@dataclass(frozen=True)
class Heatmaps:
    """What a head makes of one person, step by step.

    Attributes:
        crop (np.ndarray): The model's input as a picture, RGB, shape (H, W, 3).
        photograph (np.ndarray): The same cut out of the photograph at a larger size,
            RGB, shape (n H, n W, 3).
        enlargement (np.ndarray): Pixels of ``photograph`` for one of ``crop``, x and y.
        scales (list[Tensor]): The heatmaps of each scale before the head joins them,
            shape (K, h_j, w_j); none for a head of one scale.
        joined (Tensor): The model's heatmaps, shape (K, h, w).
        keypoints (np.ndarray): What the model's codec decodes from ``joined``, in
            pixels of ``crop``, shape (K, 2).
        scores (np.ndarray): The keypoints' scores, shape (K,).
        names (list[str]): The keypoints' names.
        scale_factor (np.ndarray): Pixels of ``crop`` for one of ``joined``, x and y.
        head (str): The class of the head.
    """

    crop: np.ndarray
    photograph: np.ndarray
    enlargement: np.ndarray
    scales: list[Tensor]
    joined: Tensor
    keypoints: np.ndarray
    scores: np.ndarray
    names: list[str]
    scale_factor: np.ndarray
    head: str


def draw_heatmaps(heatmaps: Heatmaps, keypoints: Sequence[int], title: str) -> Figure:
    """Draw heatmaps over the crop: a row for each keypoint, a column for each scale.

    Args:
        heatmaps (Heatmaps): What :func:`compute_heatmaps` returned.
        keypoints (Sequence[int]): Indices of the keypoints to draw.
        title (str): The title.

    Returns:
        Figure: The figure; its axes are the panels, row by row, and below each column
        the color bar, which tells the column's values.
    """
    height, width = heatmaps.crop.shape[:2]
    size = heatmaps.joined.shape[-2:]
    columns = [
        (
            f'$H_{_exponent(maps, width)}^*$',
            maps.shape,
            F.interpolate(maps[None], size)[0],
        )
        for maps in heatmaps.scales
    ]
    how = 'joined by' if columns else 'of'
    label = f'$H_{_exponent(heatmaps.joined, width)}$ {how} {heatmaps.head}'
    columns.append((label, heatmaps.joined.shape, heatmaps.joined))

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
    for axis, (label, shape, _) in zip(axes[0], columns, strict=True):
        axis.set_title(f'{label}\n{shape[2]}×{shape[1]}', fontsize='small')
    for axis, index in zip(axes[:, 0], keypoints, strict=True):
        name, score = heatmaps.names[index], heatmaps.scores[index]
        axis.set_ylabel(f'{index} {name}\nscore {score:.2f}', fontsize='small')
    for column, (_, _, maps) in zip(axes.T, columns, strict=True):
        _draw_column(figure, column, maps.numpy(), heatmaps, keypoints)
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
    photograph = np.asarray(Image.fromarray(heatmaps.crop).convert('L'))
    # The middle of pixel (x, y) lies at scale_factor * (x, y), as for the codec.
    step_x, step_y = heatmaps.scale_factor
    right, bottom = (maps.shape[2] - 0.5) * step_x, (maps.shape[1] - 0.5) * step_y
    for axis, index in zip(column, keypoints, strict=True):
        axis.imshow(photograph, 'gray', vmin=0, vmax=255)
        edges = axis.axis()
        drawn = axis.imshow(
            maps[index],
            COLOR_MAP,
            vmin=low,
            vmax=high,
            extent=(-step_x / 2, right, bottom, -step_y / 2),
            interpolation='nearest',
        )
        axis.axis(edges)
        axis.plot(*heatmaps.keypoints[index], 'P', label='final keypoint', **MARK)
        axis.set(xticks=[], yticks=[])
    bar = figure.colorbar(drawn, ax=list(column), location='bottom', pad=0.01)
    bar.set_ticks([low, high], labels=[f'{value:.4g}' for value in (low, high)])
    bar.ax.tick_params(labelsize='small')
    for label, side in zip(bar.ax.get_xticklabels(), ('left', 'right'), strict=True):
        label.set_horizontalalignment(side)


def _exponent(maps: Tensor, width: int) -> int:
    """Return the paper's number j of a scale: its stride is 2^j."""
    return round(math.log2(width / maps.shape[-1]))
