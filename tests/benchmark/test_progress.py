"""How long a benchmark will take, told from made-up times."""

import pytest

from mmpose_light.benchmark.progress import Forecast, Step


def test_forecast():
    now = iter([0, 10, 14, 18, 22, 22, 24, 30])
    forecast = Forecast(groups=3, rounds=3, clock=lambda: next(now))
    forecast.begin_group()
    forecast.begin_rounds()
    # a group takes 10 s to open and 3 rounds of 4 s
    assert forecast.end_round() == 2 * 4 + 2 * 22
    assert forecast.end_round() == 1 * 4 + 2 * 22
    assert forecast.end_round() == 2 * 22
    forecast.begin_group()
    forecast.begin_rounds()
    # this one 2 s and 3 rounds of 6 s; the last one as those on average
    assert forecast.end_round() == 2 * 6 + (22 + 20) / 2


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [
        (None, ''),
        (0, 'less than a minute left'),
        (61, 'about 1 minute left'),
        (200, 'about 3 minutes left'),
    ],
)
def test_what_is_said(seconds, text):
    assert Step('title', 'what', 1, 2, seconds).left == text
