"""Reading ahead and writing behind: order, errors, and how much is held."""

import threading

import pytest

from mmpose_light.utils.overlap import WriteBehind, read_ahead

COUNT = 50


def test_items_come_in_order_from_another_thread():
    def items():
        for number in range(COUNT):
            yield number, threading.get_ident()

    numbers, threads = zip(*read_ahead(items()), strict=True)
    assert numbers == tuple(range(COUNT))
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


@pytest.mark.parametrize('count', [1, 4])
def test_no_more_is_read_ahead(count):
    read = []

    def items():
        for number in range(COUNT):
            read.append(number)
            yield number

    ahead = read_ahead(items(), count)
    for number in ahead:
        assert len(read) <= number + 1 + count
    assert len(read) == COUNT


def test_an_error_comes_after_the_items_before_it():
    def items():
        yield from 'ab'
        raise OSError('gone')

    got = []
    with pytest.raises(OSError, match='gone'):
        for item in read_ahead(items()):
            got.append(item)
    assert got == ['a', 'b']


def test_who_stops_early_stops_the_reader():
    closed = threading.Event()

    def items():
        try:
            yield from range(COUNT)
        finally:
            closed.set()

    ahead = read_ahead(items())
    assert next(ahead) == 0
    ahead.close()
    del ahead
    assert closed.wait(10)


def test_calls_are_made_in_order_and_all_of_them():
    made = []
    with WriteBehind() as write:
        for number in range(COUNT):
            write(made.append, number)
            assert number + 1 - len(made) <= write.count + 1
    assert made == list(range(COUNT))


def test_what_a_call_raises_is_raised():
    made = []

    def fail():
        raise OSError('full')

    with pytest.raises(OSError, match='full'), WriteBehind() as write:
        write(made.append, 1)
        write(fail)
        write(made.append, 2)
    assert made == [1, 2]


def test_what_waits_is_written_after_an_interruption():
    made, go = [], threading.Event()
    with pytest.raises(KeyboardInterrupt), WriteBehind() as write:
        write(go.wait, 10)
        write(made.pop)  # an error, which does not hide the interruption
        write(made.append, 1)
        go.set()
        raise KeyboardInterrupt
    assert made == [1]
