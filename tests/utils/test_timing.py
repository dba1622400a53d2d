"""The timer, on runs that tell how long they took."""

from collections import Counter

import pytest

from mmpose_light.utils import timing
from mmpose_light.utils.timing import make_timed, measure_latency, take_turns


def test_turns_alternate():
    order = []
    timed = {name: lambda name=name: order.append(name) or 0.1 for name in 'ab'}
    *_, (times, failures) = take_turns(timed, rounds=2, runs=2)
    assert ''.join(order) == 'aaabbb' + 'bbbaaa'
    assert times == {'a': [0.1] * 4, 'b': [0.1] * 4}
    assert failures == {}


def test_long_turns_end_early():
    *_, (times, _) = take_turns({'slow': lambda: 0.6}, rounds=2, runs=5)
    assert times == {'slow': [0.6] * 4}, 'two runs take more than a second'


def test_a_failure_ends_a_models_turns_only():
    calls = Counter()

    def fail():
        calls['fail'] += 1
        if calls['fail'] > 3:
            raise MemoryError('enough')
        return 0.1

    *_, (times, failures) = take_turns({'a': fail, 'b': lambda: 0.2}, rounds=3, runs=2)
    assert calls['fail'] == 4
    assert str(failures['a']) == 'enough'
    assert len(times['b']) == 6


def test_the_time_of_a_run(monkeypatch):
    """Its own, by the clock, warm-ups left out of the median."""
    now = 0.0

    def run():
        nonlocal now
        calls.append(now)
        now += 9 if len(calls) <= timing.WARM_UPS else 0.025

    calls = []
    monkeypatch.setattr(timing.time, 'perf_counter', lambda: now)
    assert measure_latency(run) == pytest.approx(25)
    assert len(calls) == timing.WARM_UPS + timing.RUNS
    assert make_timed(run, 'cpu')() == pytest.approx(0.025)
