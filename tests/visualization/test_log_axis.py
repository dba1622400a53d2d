"""The numbers of a logarithmic axis."""

import pytest
from matplotlib.figure import Figure

from mmpose_light.visualization.log_axis import set_log_x


@pytest.mark.parametrize(
    ('low', 'high', 'some'),
    [(0.07, 1.5, {'0.1', '0.2', '0.5', '1'}), (0.38, 0.55, {'0.4', '0.5'})],
)
def test_numbers_are_written_out(low, high, some):
    figure = Figure()
    axis = figure.subplots()
    axis.set_xlim(low, high)
    set_log_x(axis)
    figure.draw_without_rendering()
    labels = [label.get_text() for label in axis.get_xticklabels(which='both')]
    shown = {label for label in labels if label and low <= float(label) <= high}
    assert some <= shown
    assert 4 <= len(shown) <= 12
    assert axis.get_xscale() == 'log'
