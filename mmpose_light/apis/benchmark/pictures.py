"""The pictures of a benchmark: published AP against latency and against MACs."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from ..point_labels import NamedPoint, label_points
from .report import Card, Report

LATENCY, MACS = 'ap_against_latency.png', 'ap_against_macs.png'
PANEL = (6.5, 4.5)  # inches
DPI = 110
OURS = dict(marker='*', s=170, color='tab:red', zorder=3)
OTHERS = dict(marker='o', s=40, color='tab:blue', zorder=2)


def draw_pictures(report: Report, out_dir: Path) -> list[Path]:
    """Draw both pictures, of the networks whose AP is published.

    Args:
        report (Report): The report.
        out_dir (Path): The folder.

    Returns:
        list[Path]: The files; a picture with nothing to show is left out.
    """
    cards = [card for card in report.cards if card.ap is not None]
    macs = [(card, card.macs / 1e9) for card in cards if card.macs]
    panels = {'': macs} if macs else {}
    files = _draw(panels, 'MACs of an image (10⁹)', out_dir / MACS)
    return _draw(_collect_latencies(report, cards), 'ms', out_dir / LATENCY) + files


def _collect_latencies(
    report: Report, cards: Sequence[Card]
) -> dict[str, list[tuple[Card, float]]]:
    """Collect the times of inference at the smallest batch, by title of the panel."""
    groups = [group for group in report.groups if group.task == 'inference']
    smallest = min((group.batch_size for group in groups), default=None)
    panels = {}
    for group in groups:
        cells = [(card, report.find(card.name, group)) for card in cards]
        points = [
            (card, cell.median_ms) for card, cell in cells if cell and cell.median_ms
        ]
        if group.batch_size == smallest and points:
            panels[group.title] = points
    return panels


def _draw(
    panels: dict[str, list[tuple[Card, float]]], unit: str, path: Path
) -> list[Path]:
    """Draw a picture of one or more panels."""
    if not panels:
        path.unlink(missing_ok=True)
        return []
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(
        figsize=(PANEL[0] * columns, PANEL[1] * rows + 0.4), layout='constrained'
    )
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axis, (title, points) in zip(axes, panels.items(), strict=False):
        _draw_panel(axis, points)
        axis.set(title=title, xlabel=unit, ylabel='AP on COCO val2017, as published')
    for axis in axes[len(panels) :]:
        axis.axis('off')
    handles = {
        collection.get_label(): collection
        for axis in figure.axes
        for collection in axis.collections
    }
    figure.legend(handles.values(), handles.keys(), loc='outside lower center', ncols=2)
    figure.draw_without_rendering()
    for axis, points in zip(figure.axes, panels.values(), strict=False):
        named = [NamedPoint(card.label, x, card.ap, card.ours) for card, x in points]
        label_points(axis, named)
    figure.savefig(path, dpi=DPI)
    return [path]


def _draw_panel(axis: Axes, points: Sequence[tuple[Card, float]]) -> None:
    for label, ours, style in (
        ('mmpose_light', True, OURS),
        ('others', False, OTHERS),
    ):
        chosen = [(x, card.ap) for card, x in points if card.ours is ours]
        if chosen:
            axis.scatter(*zip(*chosen, strict=True), label=label, **style)
    axis.set_xscale('log')
    axis.margins(0.15)
    axis.grid(alpha=0.3)
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f'{x:g}'))
    axis.xaxis.set_minor_formatter(NullFormatter())
