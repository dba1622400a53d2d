"""The study's figures: curves, AP against MACs, bars of the ablation."""

from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from ..visualization.log_axis import set_log_x
from ..visualization.point_labels import NamedPoint, label_points
from .record import final_results

SHOWN_LOSSES = 0.98, 1.6  # in units of a run's lowest


def draw_figures(records: Sequence[dict[str, Any]]) -> dict[str, Figure]:
    """Draw what the records of runs give, by the name of the files.

    ``curves.png``; ``ap_macs.png`` where two networks or more were evaluated;
    ``ablation.png`` where two of the ablation were.
    """
    evaluated = [record for record in records if final_results(record)]
    figures = {'curves.png': draw_curves(records)}
    if len(evaluated) > 1:
        figures['ap_macs.png'] = draw_ap_macs(evaluated)
    ablation = [record for record in evaluated if record.get('ablation')]
    if len(ablation) > 1:
        figures['ablation.png'] = draw_ablation(ablation)
    return figures


def draw_curves(records: Sequence[dict[str, Any]]) -> Figure:
    """Draw loss and AP over the iterations, a line for each run.

    Each loss is divided by its lowest value: networks with heatmaps and with SimCC have
    losses of other kinds. A start from noise, far above that, is left out.
    """
    figure = Figure(figsize=(12, 5.5), layout='constrained')
    left, right = figure.subplots(1, 2)
    colors = matplotlib.colormaps['tab20'].colors
    for number, record in enumerate(records):
        style = dict(color=colors[number % len(colors)], label=record['title'])
        losses, results = record['losses'], record['evaluations']
        lowest = min((point['loss'] for point in losses), default=None)
        left.plot(
            [point['iteration'] for point in losses],
            [point['loss'] / lowest for point in losses],
            **style,
            linewidth=1,
        )
        right.plot(
            [point['iteration'] for point in results],
            [_percent(point['AP']) for point in results],
            **style,
            marker='.',
        )
    left.set(
        xlabel='iteration',
        ylabel='training loss / its lowest value',
        ylim=SHOWN_LOSSES,
    )
    right.set(xlabel='iteration', ylabel='validation AP (%)')
    for axis in (left, right):
        axis.grid(alpha=0.3)
    figure.legend(
        *right.get_legend_handles_labels(),
        loc='outside lower center',
        ncols=5,
        fontsize='small',
    )
    return figure


def draw_ap_macs(records: Sequence[dict[str, Any]]) -> Figure:
    """Draw each evaluated network's AP over its multiply-accumulates, with its name."""
    figure = Figure(figsize=(8, 5.5), layout='constrained')
    axis = figure.subplots()
    points = [
        NamedPoint(
            record['title'],
            record['macs'] / 1e9,
            _percent(final_results(record)['AP']),
        )
        for record in records
    ]
    axis.scatter([point.x for point in points], [point.y for point in points])
    set_log_x(axis)
    axis.margins(x=0.2, y=0.1)
    axis.set(xlabel='MACs of an image (10⁹)', ylabel='validation AP (%)')
    axis.grid(alpha=0.3, which='both')
    figure.draw_without_rendering()
    label_points(axis, points)
    return figure


def draw_ablation(records: Sequence[dict[str, Any]]) -> Figure:
    """Draw the AP of EEffPose with parts of its baseline, in the paper's order."""
    table_1 = ('000', '100', '010', '001', '011', '110', '101', '111')
    records = sorted(records, key=lambda record: table_1.index(record['ablation']))
    figure = Figure(figsize=(8, 4), layout='constrained')
    axis = figure.subplots()
    values = [_percent(final_results(record)['AP']) for record in records]
    bars = axis.bar([record['ablation'] for record in records], values)
    axis.bar_label(bars, fmt='%.1f')
    axis.set(
        xlabel='backbone, neck, head: 1 is the part of EEffPose, 0 of EffBase',
        ylabel='validation AP (%)',
    )
    axis.margins(y=0.15)
    return figure


def _percent(value: float | None) -> float:
    return float('nan') if value is None else 100 * value
