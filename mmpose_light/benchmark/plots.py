"""The plots of a benchmark: published AP against latency, MACs and parameters."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..utils.files import whole_file
from ..visualization.log_axis import set_log_x
from ..visualization.point_labels import NamedPoint, label_points
from .models import Card
from .report import Report

LATENCY, MACS = 'ap_against_latency.png', 'ap_against_macs.png'
PARAMETERS = 'ap_against_params.png'
PANEL = (6.5, 4.5)  # inches
ROOMY = 12  # points that a panel of that size has room for
DPI = 110
OURS = dict(marker='*', s=170, color='tab:red', zorder=3)
OTHERS = dict(marker='o', s=40, color='tab:blue', zorder=2)
QUOTED = dict(OTHERS, facecolor='white')
STYLES = {'mmpose_light': OURS, 'others': OTHERS, 'others, quoted by a paper': QUOTED}


def draw_plots(report: Report, out_dir: Path) -> list[Path]:
    """Draw all plots, of the models whose AP is published; those that show something."""
    cards = [card for card in report.cards if card.ap is not None]
    macs = [(card, card.macs / 1e9) for card in cards if card.macs]
    panels = {'': macs} if macs else {}
    return [
        *_draw(_collect_latencies(report, cards), 'ms', out_dir / LATENCY),
        *_draw(panels, 'MACs of an image (10⁹)', out_dir / MACS),
        *draw_parameters(cards, out_dir),
    ]


def draw_parameters(cards: Sequence[Card], out_dir: Path) -> list[Path]:
    """Draw published AP against the number of parameters, if there is any."""
    points = [(card, card.parameters / 1e6) for card in cards if card.parameters]
    panels = {'': points} if points else {}
    return _draw(panels, 'Parameters (10⁶)', out_dir / PARAMETERS)


def _name_style(card: Card) -> str:
    """Tell ours from others, and AP that its publisher measured from AP that is quoted."""
    if card.ours:
        return 'mmpose_light'
    return 'others' if card.ap_reproduced else 'others, quoted by a paper'


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
    """Draw a plot of one or more panels."""
    if not panels:
        path.unlink(missing_ok=True)
        return []
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    most = max(map(len, panels.values()))
    width, height = (side * max(1, most / ROOMY) ** 0.5 for side in PANEL)
    figure = Figure(
        figsize=(width * columns, height * rows + 0.4), layout='constrained'
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
    figure.legend(handles.values(), handles.keys(), loc='outside lower center', ncols=3)
    figure.draw_without_rendering()
    for axis, points in zip(figure.axes, panels.values(), strict=False):
        # those at the right edge have the least choice
        points = sorted(points, key=lambda point: -point[1])
        named = [NamedPoint(card.label, x, card.ap, card.ours) for card, x in points]
        label_points(axis, named)
    with whole_file(path) as part:
        figure.savefig(part, dpi=DPI, format='png')
    return [path]


def _draw_panel(axis: Axes, points: Sequence[tuple[Card, float]]) -> None:
    for label, style in STYLES.items():
        chosen = [(x, card.ap) for card, x in points if _name_style(card) == label]
        if chosen:
            axis.scatter(*zip(*chosen, strict=True), label=label, **style)
    set_log_x(axis)
    axis.margins(0.2, 0.15)
    axis.grid(alpha=0.3)
