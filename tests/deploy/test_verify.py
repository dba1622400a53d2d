"""Comparing outputs: shapes, values that are none, ranges."""

import numpy as np
import pytest

from mmpose_light.deploy.verify import as_exact, compare


def test_difference_is_relative_to_the_range():
    expected = np.array([[1.0, 3.0, 5.0]])
    found = expected + np.array([0.0, 0.5, -0.25])
    (difference,) = compare(['heatmaps'], [found], [expected])
    assert difference.name == 'heatmaps'
    assert difference.largest == 0.5
    assert difference.relative == pytest.approx(0.1)  # of 0 to 5
    assert difference.mean == pytest.approx(0.25 / 5)


def test_values_that_are_none():
    found = [np.array([1.0, np.nan]), np.array([1.0, np.inf])]
    for difference in compare('ab', found, [np.array([1.0, 1.0])] * 2):
        assert difference.relative > 1e30


def test_other_shapes():
    with pytest.raises(ValueError, match=r'heatmaps has shape \(1, 2\).*\(2, 1\)'):
        compare(['heatmaps'], [np.ones((1, 2))], [np.ones((2, 1))])


def test_alike_to_the_exact_outputs():
    """Off by as much as the network itself, whichever way."""
    exact = [np.array([0.0, 1.0])]
    network = [exact[0] + 0.1]
    assert as_exact('a', [exact[0] - 0.2], network, exact)
    assert not as_exact('a', [exact[0] - 0.4], network, exact)
    assert not as_exact('a', [exact[0] - 0.2], exact, exact)
    assert not as_exact('a', [exact[0]], [exact[0] + np.nan], exact)
