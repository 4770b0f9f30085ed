"""How many threads linear algebra uses, one where arrays are small; and work on several things at
the same time.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

SMALL = 2000
"""Pictures up to which one thread is as fast: BLAS and OpenMP threads wait for each other by
spinning, which cost 1.0 s against 8.5 s for the scores of 500 pictures while other programs used
the cores, and nothing while idle.
"""


@contextlib.contextmanager
def suited_threads(pictures: int) -> Iterator[None]:
    """Keep linear algebra on one thread inside, where there are few pictures."""
    if pictures > SMALL:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def one_behind(items: Iterable[Item], work: Callable[[Item], None]) -> None:
    """Do `work` on each item, in order and one at a time, while the next item is being made.

    What either raises stops both; the item in work is finished first.
    """
    with ThreadPoolExecutor(1) as helper:
        last: Future[None] | None = None
        for item in items:
            if last is not None:
                last.result()
            last = helper.submit(work, item)
        if last is not None:
            last.result()


def in_order(
    function: Callable[[Item], Made], items: Iterable[Item], workers: int, ahead: int
) -> Iterator[Made]:
    """`map`, in order, on `workers` threads; at most `ahead` results wait while more items are
    taken.

    Items are taken one at a time by the caller's thread. What was not begun is dropped when the
    caller stops.
    """
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()
