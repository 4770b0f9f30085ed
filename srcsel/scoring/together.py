"""What the measures of one model share: a pass over all pairs of pictures, and subsets prepared
once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from srcsel.base.errors import Cancelled
from srcsel.measures.kernels.all_pairs import read_all
from srcsel.measures.kernels.believed import CHECKED, believed
from srcsel.measures.kernels.shared import Shared
from srcsel.measures.kernels.subsets import on_subsets
from srcsel.scoring.task import Task

TICK = 0.5  # seconds between signs of life during a pass over all pairs

# rows (g, m, d) of g subsets, their labels (m,), which subsets -> scores (g,)
Scorer = Callable[[np.ndarray, np.ndarray, slice], np.ndarray]


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
    """Score each subset by all tasks that read it prepared, which is done once for all of them.

    What a measure can nearly tell without comparing pictures is taken where the first subsets,
    scored either way, differ by no more than a twentieth of how far they lie apart.
    """
    asking = [t for t in tasks if t.reading == "whitened" and t.measure.on_rows and not t.error]
    if not asking or not len(asking[0].plan.kept):
        return
    known, plan = asking[0].shared.take(asking[0].plan.rows), asking[0].plan
    start = time.perf_counter()
    try:
        values, shares = _values(asking, known, plan.kept)
    except Exception as error:  # noqa: BLE001  the other measures go on
        for task in asking:
            task.error = error
        return
    whole = time.perf_counter() - start
    for i, task in enumerate(asking):
        task.prepared = values[:, i]
        task.seconds += whole * float(shares[i] / shares.sum())


def _values(
    asking: Sequence[Task], known: Shared, kept: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores (b, tasks) of the subsets kept (b, n), and the seconds (tasks,) that each
    task's took.
    """
    hooks: list[Scorer] = [_told(task.on_rows()) for task in asking]
    if len(kept) <= CHECKED:
        return _scored(known, kept, hooks)
    nearly = {i: near for i, task in enumerate(asking) if (near := task.nearly(known, kept))}
    if not nearly:
        return _scored(known, kept, hooks)
    first, took = _scored(known, kept[:CHECKED], [*hooks, *nearly.values()])
    for place, (i, near) in enumerate(nearly.items(), len(hooks)):
        if believed(first[:, place], first[:, i]):
            hooks[i], first[:, i] = _later(near), first[:, place]
        took[i] += took[place]
    rest, more = _scored(known, kept[CHECKED:], hooks)
    return np.concatenate([first[:, : len(hooks)], rest]), took[: len(hooks)] + more


def _scored(
    known: Shared, kept: np.ndarray, hooks: Sequence[Scorer]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores (b, hooks) of the subsets kept (b, n), and the seconds (hooks,) they
    took.
    """
    took: list[list[float]] = [[] for _ in hooks]  # appended to by several threads

    def score(Z: np.ndarray, y: np.ndarray, some: slice) -> np.ndarray:
        values = []
        for i, hook in enumerate(hooks):
            start = time.perf_counter()
            values.append(hook(Z, y, some))
            took[i].append(time.perf_counter() - start)
        return np.stack(values, axis=1)  # (g, hooks)

    return on_subsets(known, kept, "whitened", score), np.array([sum(one) for one in took])


def _told(hook: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Scorer:
    """Leave out which subsets they are."""
    return lambda Z, y, _: hook(Z, y)


def _later(near: Scorer) -> Scorer:
    """Count subsets from the first one that was not checked."""
    return lambda Z, y, some: near(Z, y, slice(some.start + CHECKED, some.stop + CHECKED))
