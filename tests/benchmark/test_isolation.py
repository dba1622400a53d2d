"""A process of its own: what it returns, raises, or dies of."""

import os

import pytest

from mmpose_light.benchmark.isolation import ProcessDiedError, run_apart


class Crash:
    """Ends the process that reads it."""

    def __reduce__(self):
        return os._exit, (3,)


def test_a_result_comes_back():
    assert run_apart(divmod, 7, 3) == (2, 1)
    assert run_apart(os.getpid) != os.getpid()


def test_an_error_is_told():
    with pytest.raises(RuntimeError, match='ZeroDivisionError'):
        run_apart(divmod, 7, 0)


def test_a_crash_is_told():
    with pytest.raises(ProcessDiedError, match='exit code 3'):
        run_apart(repr, Crash())
