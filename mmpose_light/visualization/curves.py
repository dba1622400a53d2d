"""Validation results and learning rate of training runs, over the epochs.

Paper: `MEMe <https://doi.org/10.3390/s22020632>`_, Figure 8: the AP of the ablation's
models while they train, and the learning rate that falls when the AP stalls.
"""

import itertools
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import colormaps, cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..utils.errors import UserError
from ..utils.files import check_absent, whole_file
from .training_log import SCALARS, TrainingLog, read_log

OUT = 'work_dirs/curves.png'
SUFFIXES = ('.png', '.pdf', '.svg')
MAIN_METRICS = ('AP', 'PCK')  # by default one of these is drawn, without its prefix
WIDTH, HEIGHT, LEGEND_ROW = 11, 4, 0.22  # inches
LEGEND_LETTERS = 150  # side by side
MARKED = 60  # points that a line may have to show each
NO_RESULTS = ' (no validation)'
DPI = 120
# 40 lines that differ
STYLES = cycler(linestyle=['-', '--', ':', '-.']) * cycler(
    color=colormaps['tab10'].colors
)


def plot_curves(
    runs: Sequence[str | Path],
    out: str | Path = OUT,
    *,
    labels: Sequence[str] | None = None,
    metric: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Draw validation results and learning rate of some runs to a file.

    Args:
        runs (Sequence[str | Path]): For each run, its work directory, with all
            ``TIMESTAMP`` folders in it, or one ``scalars.json``.
        out (str | Path): The file to write: .png, .pdf or .svg.
        labels (Sequence[str], optional): The runs' names in the legend. Defaults to
            ``None``, the names of their folders
        metric (str, optional): As of :func:`choose_metric`.
        overwrite (bool): Whether a file that is there may be replaced.

    Returns:
        Path: The file.

    Raises:
        MissingFileError: If there is no such run, or no log in it.
        UserError: If ``out`` is there already, or a log, the metric, the labels or the
            suffix of ``out`` are not what they should be.

    Example:
        >>> from mmpose_light.visualization.curves import plot_curves
        >>> plot_curves(['work_dirs/p0'], 'curves.png')  # doctest: +SKIP
        PosixPath('curves.png')
    """
    out = Path(out)
    suffix = out.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(
            f'out {out} has no suffix of an image: give a name ending in '
            f'{", ".join(SUFFIXES)}'
        )
    check_absent(out, overwrite)
    labels = name_runs(runs) if labels is None else labels
    figure = draw_curves([read_log(run) for run in runs], labels, metric)
    with whole_file(out) as part:
        figure.savefig(part, format=suffix[1:], dpi=DPI)
    return out


def name_runs(runs: Sequence[str | Path]) -> list[str]:
    """Name runs after their folders; in full where two have the same name."""
    folders = [str(run).removesuffix(f'/{SCALARS}') for run in runs]
    names = [Path(folder).resolve().name for folder in folders]
    return names if len(set(names)) == len(names) else [str(run) for run in runs]


def choose_metric(logs: Sequence[TrainingLog], wanted: str | None = None) -> str | None:
    """Find the full name of the metric to draw.

    ``wanted`` is such as 'coco/AP', the prefix may be left out; ``None`` for AP or PCK
    where one of them is there, or the only one that is. Returns ``None`` where no run
    was validated and none is wanted.

    Raises:
        UserError: If there is no such metric, or more than one.
    """
    names = list(dict.fromkeys(name for log in logs for name in log.metrics))
    if not names and wanted is None:
        return None
    if wanted in names or (wanted is None and len(names) == 1):
        return wanted or names[0]
    short = MAIN_METRICS if wanted is None else (wanted,)
    found = [name for name in names if name.rpartition('/')[2] in short]
    if len(found) == 1:
        return found[0]
    problem = 'which metric?' if wanted is None else f'no one metric {wanted!r}:'
    listed = ', '.join(repr(name) for name in names) or 'no validation'
    raise UserError(f'{problem} the runs logged {listed}; name one as metric')


def draw_curves(
    logs: Sequence[TrainingLog], labels: Sequence[str], metric: str | None = None
) -> Figure:
    """Draw a metric and the learning rate over the epochs, or over the iterations.

    AP and AR, which are logged as fractions, are drawn in percent; COCO's −1, which
    stands for no such people, is left out. There are two panels, with a line for each
    run in both; one that was not validated has none on the left, and the legend says
    so.

    Raises:
        UserError: If the labels are not as many as the runs, if some runs count epochs
            and others iterations, if a run has other metrics only, or as of
            :func:`choose_metric`.
    """
    _check_runs(logs, labels)
    metric = choose_metric(logs, metric)
    results = _collect_results(logs, labels, metric)
    percent = _is_fraction(metric, results)

    most = max(1, LEGEND_LETTERS // max(len(label) + 8 for label in labels))
    rows = math.ceil(len(logs) / most)
    figure = Figure((WIDTH, HEIGHT + LEGEND_ROW * rows), layout='constrained')
    left, right = figure.subplots(1, 2, sharex=True)
    styles = itertools.cycle(STYLES)
    for log, values, label in zip(logs, results, labels, strict=True):
        style = dict(next(styles), label=label if values else f'{label}{NO_RESULTS}')
        _draw_line(left, _to_percent(values) if percent else values, style)
        _draw_line(right, log.rates, style)
    for axis in (left, right):
        axis.set_xlabel('epoch' if logs[0].by_epoch else 'iteration')
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axis.grid(alpha=0.3)
    right.set_yscale('log', nonpositive='mask')
    right.set_ylabel('learning rate')
    if metric is None:
        left.set_yticks([])
        left.text(0.5, 0.5, 'no validation', ha='center', transform=left.transAxes)
    else:
        left.set_ylabel(f'validation {metric}{" (%)" if percent else ", as logged"}')
    figure.legend(
        *right.get_legend_handles_labels(),
        loc='outside lower center',
        ncols=math.ceil(len(logs) / rows),
    )
    return figure


def _check_runs(logs: Sequence[TrainingLog], labels: Sequence[str]) -> None:
    """Complain about runs that cannot stand in one figure."""
    if not logs or len(labels) != len(logs):
        raise UserError(f'{len(labels)} labels for {len(logs)} runs: give one for each')
    by_epoch = [label for label, log in zip(labels, logs, strict=True) if log.by_epoch]
    if 0 < len(by_epoch) < len(logs):
        raise UserError(
            f'{", ".join(by_epoch)} logged epochs, the others iterations: draw them '
            'apart'
        )


def _collect_results(
    logs: Sequence[TrainingLog], labels: Sequence[str], metric: str | None
) -> list[dict[int, float]]:
    """Collect the values of a metric, or complain about a run with other ones only."""
    for log, label in zip(logs, labels, strict=True):
        if log.metrics and metric not in log.metrics:
            listed = ', '.join(map(repr, log.metrics))
            raise UserError(
                f'{label} did not log {metric!r} but {listed}: draw it apart, or name '
                'a metric that all runs logged'
            )
    return [log.metrics.get(metric, {}) for log in logs]


def _is_fraction(metric: str | None, results: Sequence[dict[int, float]]) -> bool:
    """Return whether a metric is an AP or AR of at most 1, as COCO's are."""
    if not re.search(r'(^|/)A[PR]\b', metric or ''):
        return False
    return not any(value > 1 for values in results for value in values.values())


def _to_percent(values: dict[int, float]) -> dict[int, float]:
    return {
        place: 100 * value if value >= 0 else math.nan
        for place, value in values.items()
    }


def _draw_line(axis: Axes, values: dict[int, float], style: dict[str, Any]) -> None:
    """Draw a line, with its points where they are few."""
    places = sorted(values)
    marker = '.' if len(places) <= MARKED else ''
    axis.plot(
        places,
        [values[place] for place in places],
        marker=marker,
        linewidth=1.2,
        **style,
    )
