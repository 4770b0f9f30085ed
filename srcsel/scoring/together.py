"""What the measures of one model share: a pass over all pairs of pictures, and subsets prepared
once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from srcsel.base.errors import Cancelled
from srcsel.measures.kernels.all_pairs import read_all
from srcsel.measures.kernels.subsets import on_subsets
from srcsel.scoring.task import Task

TICK = 0.5  # seconds between signs of life during a pass over all pairs


def compare(tasks: Sequence[Task], tick: Callable[[], None], device: str) -> None:
    """Show all tasks that ask for pairs of pictures all of them, in one pass over each kind."""
    for task in tasks:
        task.attempt(task.prepare)
    asking = [(task, reader) for task in tasks for reader in task.readers if reader is not None]
    last = time.monotonic()

    def now_and_then() -> None:
        nonlocal last
        if time.monotonic() > last + TICK:
            last = time.monotonic()
            tick()

    try:
        taken = read_all([reader for _, reader in asking], now_and_then, device)
        for (task, _), seconds in zip(asking, taken, strict=True):
            task.seconds += seconds
    except Cancelled:
        raise
    except Exception as error:  # noqa: BLE001  the measures that need no pairs go on
        for task, _ in asking:
            task.error = task.error or error


def recheck_prepared(tasks: Sequence[Task]) -> None:
    """Score each subset by all tasks that read it prepared, which is done once for all of them."""
    asking = [t for t in tasks if t.reading == "whitened" and t.measure.on_rows and not t.error]
    if not asking or not len(asking[0].plan.kept):
        return
    known, plan = asking[0].shared.take(asking[0].plan.rows), asking[0].plan
    hooks = [t.on_rows() for t in asking]

    took: list[list[float]] = [[] for _ in hooks]  # appended to by several threads

    def score(Z: np.ndarray, y: np.ndarray) -> np.ndarray:
        values = []
        for i, hook in enumerate(hooks):
            start = time.perf_counter()
            values.append(hook(Z, y))
            took[i].append(time.perf_counter() - start)
        return np.stack(values, axis=1)  # (g, tasks)

    start = time.perf_counter()
    try:
        values = on_subsets(known, plan.kept, "whitened", score)  # (b, tasks)
    except Exception as error:  # noqa: BLE001  the other measures go on
        for task in asking:
            task.error = error
        return
    whole = time.perf_counter() - start
    shares = np.array([sum(one) for one in took])  # (tasks,)
    for i, task in enumerate(asking):
        task.prepared = values[:, i]
        task.seconds += whole * float(shares[i] / shares.sum())
