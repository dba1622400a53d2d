"""A logarithmic axis whose numbers are read at a glance."""

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter


def set_log_x(axis: Axes) -> None:
    """Scale the x axis logarithmically; 0.1, 0.2, 0.5, 1, 2, 5, … are written out."""
    axis.set_xscale('log')
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f'{x:g}'))
    axis.xaxis.set_minor_formatter(NullFormatter())
