"""Names stand beside their points, and not over each other."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure

from mmpose_light.visualization.point_labels import NamedPoint, label_points


@pytest.mark.parametrize('close', [0.08, 0.3])
def test_names_lie_beside_each_other(close):
    rng = np.random.default_rng(0)
    places = [*rng.uniform(0, close, (6, 2)), (1, 1), (0, 1)]
    points = [
        NamedPoint(f'Network-{i}', *place, bold=i == 0)
        for i, place in enumerate(places)
    ]
    figure = Figure(figsize=(8, 5.5))
    axis = figure.subplots()
    axis.scatter([point.x for point in points], [point.y for point in points])
    figure.draw_without_rendering()
    label_points(axis, points)
    texts = {text.get_text(): text for text in axis.texts}
    assert set(texts) == {point.name for point in points}
    assert [t for t in texts if texts[t].get_fontweight() == 'bold'] == ['Network-0']
    boxes = {name: text.get_window_extent() for name, text in texts.items()}
    for one, other in combinations(boxes, 2):
        assert not boxes[one].overlaps(boxes[other]), f'{one} covers {other}'
    for point in points:
        x, y = axis.transData.transform((point.x, point.y))
        box = boxes[point.name]
        away = np.hypot(max(box.x0 - x, 0, x - box.x1), max(box.y0 - y, 0, y - box.y1))
        assert away < 80
        assert not box.contains(x, y)
