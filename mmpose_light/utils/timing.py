"""The timer: one thing alone, or several against each other.

On a machine that does other things besides, or slows down as it grows warm, what is
measured later is not measured under the same conditions. So models that are compared
take turns, in alternating order, and median and quartiles are those of all turns. A
turn begins with a run that does not count: the caches hold another model's data.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from statistics import median

#: Does one run.
Run = Callable[[], object]

#: A turn, and all of one measurement, ends early once its measured runs took this long.
TURN_SECONDS = 1.0

WARM_UPS, RUNS = 3, 20


def measure_latency(run: Run, device: str = 'cpu') -> float:
    """Measure the median milliseconds of a run, after some that do not count."""
    timed = make_timed(run, device)
    for _ in range(WARM_UPS):
        timed()
    times = []
    while len(times) < RUNS and (len(times) < 5 or sum(times) < TURN_SECONDS):
        times.append(timed())
    return 1000 * median(times)


def take_turns(
    timed: Mapping[str, Callable[[], float]], rounds: int, runs: int
) -> Iterator[tuple[dict[str, list[float]], dict[str, Exception]]]:
    """Let models run in turn.

    Args:
        timed (Mapping[str, Callable]): By name, a function that does one run and
            returns its seconds.
        rounds (int): Turns that each gets; every second round goes backwards.
        runs (int): Runs that count in a turn, at most; fewer where they take more than
            :data:`TURN_SECONDS`.

    Yields:
        tuple: After each round, the seconds of every run so far by name, and the errors
        of those that failed, which are left out from then on.
    """
    times = {name: [] for name in timed}
    failures = {}
    for number in range(rounds):
        for name in reversed(timed) if number % 2 else timed:
            if name in failures:
                continue
            try:
                times[name] += _take_turn(timed[name], runs)
            except Exception as error:
                failures[name] = error
        yield times, failures


def _take_turn(run: Callable[[], float], runs: int) -> list[float]:
    run()
    times = []
    while len(times) < runs and sum(times) < TURN_SECONDS:
        times.append(run())
    return times


def make_timed(run: Run, device: str) -> Callable[[], float]:
    """Make a function that does one run and returns its seconds.

    On a GPU the time is taken between two events there.
    """
    if not device.startswith('cuda'):

        def timed() -> float:
            start = time.perf_counter()
            run()
            return time.perf_counter() - start

        return timed

    import torch  # the CPU's timer does without

    def timed_on_gpu() -> float:
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize(device)
        start.record()
        run()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) / 1000

    return timed_on_gpu
