"""Names beside the points of a figure, none over another where there is room."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from matplotlib.axes import Axes
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

#: Where a name may stand: points away from its mark, to the right and up.
DISTANCES = (7, 12, 22, 34)
SIDES = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)]
MARK = 14  # pixels kept free around a mark


@dataclass(frozen=True)
class NamedPoint:
    """A point and what is written beside it."""

    name: str  # the name
    x: float  # its place, in the units of the axes
    y: float  # likewise
    bold: bool = False  # whether it stands out


def label_points(axis: Axes, points: Sequence[NamedPoint]) -> None:
    """Write each point's name beside it, where it covers least.

    The points' marks are in the axes, whose limits and size are settled: their figure
    was drawn (``Figure.draw_without_rendering``).
    """
    places = [axis.transData.transform((point.x, point.y)) for point in points]
    half = MARK / 2
    taken = [Bbox.from_bounds(x - half, y - half, MARK, MARK) for x, y in places]
    for point in points:
        candidates = []
        for distance, side in product(DISTANCES, SIDES):
            text = _write(axis, point, distance, side)
            box = text.get_window_extent()
            outside = not (axis.bbox.x0 < box.x0 and box.x1 < axis.bbox.x1)
            covered = sum(box.overlaps(other) for other in taken) + outside
            text.remove()
            candidates.append((covered, distance, side, box))
        _, distance, side, box = min(candidates, key=lambda item: item[:2])
        _write(axis, point, distance, side)
        taken.append(box)


def _write(
    axis: Axes, point: NamedPoint, distance: int, side: tuple[int, int]
) -> Annotation:
    right, up = side
    far = distance > DISTANCES[1]
    return axis.annotate(
        point.name,
        (point.x, point.y),
        (right * distance, up * distance),
        textcoords='offset points',
        ha={1: 'left', 0: 'center', -1: 'right'}[right],
        va={1: 'bottom', 0: 'center', -1: 'top'}[up],
        fontsize=8,
        fontweight='bold' if point.bold else 'normal',
        arrowprops=dict(arrowstyle='-', lw=0.5, color='gray') if far else None,
    )
