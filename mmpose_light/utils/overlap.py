"""Work beside other work: items are read ahead, and what came of them written behind.

Each takes one thread, and few items wait, so that memory does not grow with them.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, TypeVar

Item = TypeVar('Item')

WAITING = 4  # items, at most


def read_ahead(items: Iterable[Item], count: int = WAITING) -> Iterator[Item]:
    """Take items in a thread of their own, while those before are worked on.

    What that raises is raised here, after the items before it.

    Args:
        items (Iterable): The items, such as a generator that reads files.
        count (int): The most to take ahead. Defaults to 4

    Yields:
        Item: The items in their order.

    Example:
        >>> list(read_ahead('abc'))
        ['a', 'b', 'c']
    """
    iterator, end = iter(items), object()
    waiting: deque[Future] = deque()
    with ThreadPoolExecutor(1, 'read-ahead') as reader:
        try:
            while True:
                while len(waiting) < count:
                    waiting.append(reader.submit(next, iterator, end))
                item = waiting.popleft().result()
                if item is end:
                    return
                yield item
        finally:
            for one in waiting:
                one.cancel()


class WriteBehind:
    """Makes calls in a thread of its own, in their order, while the caller goes on.

    What a call raises is raised by a later one, or at the end of the ``with``, which
    waits for all of them, also after an error or Ctrl-C.

    Args:
        count (int): The most calls that wait; who makes one more waits for the first.
            Defaults to 4

    Example:
        >>> with WriteBehind() as write:
        ...     write(print, 'a')
        ...     write(print, 'b')
        a
        b
    """

    def __init__(self, count: int = WAITING) -> None:
        self.count = count
        self._waiting: deque[Future] = deque()

    def __enter__(self) -> 'WriteBehind':
        self._writer = ThreadPoolExecutor(1, 'write-behind')
        return self

    def __call__(self, function: Callable, *args: Any) -> None:
        """Make a call later."""
        if len(self._waiting) >= self.count:
            self._waiting.popleft().result()
        self._waiting.append(self._writer.submit(function, *args))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._writer.shutdown()
        if error is None:  # which counts for more
            for one in self._waiting:
                one.result()
