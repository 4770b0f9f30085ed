"""How many threads linear algebra uses, one where arrays are small or other programs compute; and
work on several things at the same time.
"""

from __future__ import annotations

import contextlib
import functools
import os
import statistics
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Item = TypeVar("Item")
Made = TypeVar("Made")

SMALL = 2000
"""Pictures up to which one thread is as fast for each call: BLAS and OpenMP threads wait for each
other by spinning, which cost 1.0 s against 8.5 s for the scores of 500 pictures while other
programs used the cores, and nothing while idle.
"""
LOOKS = 3  # at who computes now; the middle one counts
BETWEEN = 0.002  # seconds between them
LOAD = Path("/proc/loadavg")
OWN = Path("/proc/self/task")

_suited: ContextVar[tuple[int, int] | None] = ContextVar("suited", default=None)
"""Cores to share, and threads of linear algebra, inside `suited_threads`."""
_beside: ContextVar[bool] = ContextVar("beside", default=False)
"""Whether this process makes the next item meanwhile, see `behind`."""


@contextlib.contextmanager
def suited_threads(pictures: int) -> Iterator[None]:
    """Keep linear algebra inside on as many threads as cores are free, on one where there are few
    pictures.

    Threads that wait for each other lose whatever another program takes of one of them: beside a
    busy program two threads took 7 s for what one does in 2. Work cut into parts waits for no one,
    see `one_thread_each`.
    """
    import scipy.linalg  # noqa: F401  it brings linear algebra of its own: later it would be missed

    found = _libraries()
    given = _threads_of(found)
    free = min(given, free_cores()) if given > 1 else 1
    each = 1 if pictures <= SMALL else free
    token = _suited.set((free, each))
    try:
        with found.limit(limits=each):
            yield
    finally:
        _suited.reset(token)


@contextlib.contextmanager
def one_thread_each() -> Iterator[int]:
    """Keep each call of linear algebra inside on one thread; yields how many threads may make such
    calls at the same time: as many as linear algebra would use itself, or `suited_threads` found.
    """
    free, each = _suited.get() or (_blas_threads(), 0)
    if each == 1 or free == 1:
        yield free
        return
    with _libraries().limit(limits=1, user_api="blas"):
        yield free


def free_cores() -> int:
    """How many cores nobody else uses right now, 1 at least.

    On Linux by who is about to run; elsewhere by the load of the last minute, where it is known.
    This process's threads of linear algebra count only inside `behind`: elsewhere nobody computes
    with them, but they spin for a tenth of a second before they sleep, and look as if they worked.
    """
    cores = os.cpu_count() or 1
    try:
        others = statistics.median_low([_others() for _ in range(LOOKS)])
    except (OSError, ValueError):
        others = round(os.getloadavg()[0]) if hasattr(os, "getloadavg") else 0
    return max(1, cores - max(0, others))


def is_crowded() -> bool:
    """Whether other programs compute on half of the cores or more; False where that is not
    known.
    """
    try:
        others = statistics.median_low([_others(own=True) for _ in range(LOOKS)])
    except (OSError, ValueError):
        return False
    return 2 * others >= own_cores()


def own_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _others(*, own: bool = False) -> int:
    """How many threads of this computer but this one compute or wait for a core; `own`: but any of
    this process.
    """
    time.sleep(BETWEEN)
    if own:
        return _running() - sum(map(_runs, OWN.iterdir()))
    python = {str(thread.native_id) for thread in threading.enumerate()}
    spinning = (
        0
        if _beside.get()
        else sum(_runs(task) for task in OWN.iterdir() if task.name not in python)
    )
    return _running() - 1 - spinning


def _running() -> int:
    return int(LOAD.read_text().split()[3].split("/")[0])


def _runs(task: Path) -> bool:
    """Whether the thread that /proc tells about computes or waits for a core."""
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0] == "R"
    except OSError:  # it has ended
        return False


def _blas_threads() -> int:
    """How many threads linear algebra uses now."""
    return _threads_of(_libraries())


def _libraries() -> ThreadpoolController:
    """Find the libraries of linear algebra; to look for them takes 3 ms, so only where a module
    was imported since, which may have brought one.
    """
    return _libraries_of(len(sys.modules))


@functools.lru_cache(1)
def _libraries_of(_modules: int) -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _threads_of(found: ThreadpoolController) -> int:
    return max(
        (pool["num_threads"] for pool in found.info() if pool["user_api"] == "blas"), default=1
    )


def one_behind(items: Iterable[Item], work: Callable[[Item], None]) -> None:
    """Do `work` on each item, in order and one at a time, while the next item is being made.

    What either raises stops both; the item in work is finished first.
    """
    behind(items, lambda item: item, work)


def behind(
    items: Iterable[Item],
    make: Callable[[Item], Made],
    take: Callable[[Made], None],
    workers: int = 1,
) -> None:
    """Make something of each item, on `workers` threads while the next items come, and `take` it,
    in order and one at a time.

    What any raises stops all; what was begun is finished first.
    """

    def work(item: Item, before: Future[None] | None) -> None:
        _beside.set(True)  # of this helper's thread alone
        made = make(item)
        if before is not None:
            before.result()
        take(made)

    with ThreadPoolExecutor(workers) as helpers:
        begun: deque[Future[None]] = deque()
        for item in items:
            if len(begun) == workers:
                begun.popleft().result()
            begun.append(helpers.submit(work, item, begun[-1] if begun else None))
        for one in begun:
            one.result()


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
