"""How long a network takes for a picture: a robust minimum over its batches, and their spread.

Whatever else a computer does can only make a batch slower, so the fastest ones tell most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

TOGETHER = 4  # batches timed as one: several are under way at once, and come in bursts
FAST = 0.1  # quantile of the batches' times that is the time
BUSY = 1.25  # median over it from which the computer was busy, or the network not yet warm
STEADY = 3  # timed groups of batches that tell it from noise
SHORT = 0.005  # seconds of a batch up to which it is all overhead
AGAIN = 2 * TOGETHER + 1  # batches that are timed again then
PATIENCE = 1.0  # seconds that this may take

Output = TypeVar("Output")
Batch = tuple[float, int]
"""Seconds since the batch before, and pictures in it."""


def seconds_per_picture(batches: Sequence[Batch]) -> tuple[float, float] | None:
    """Return (time, median), seconds for one picture; None where nothing was timed.

    The first batch warms up and does not count if it can.
    """
    times = _grouped(batches)
    if not len(times):
        return None
    fast = np.quantile(times, FAST, method="lower")
    return float(fast), float(np.median(times))


def was_busy(batches: Sequence[Batch]) -> bool:
    """Whether the batches differ so much that they should be timed again: where there are enough
    to tell, each long enough to matter and short enough to wait for.
    """
    found = seconds_per_picture(batches)
    if found is None or len(_grouped(batches)) < STEADY:
        return False
    usual = float(np.median([seconds for seconds, _ in batches]))
    return SHORT < usual < PATIENCE / TOGETHER and found[1] > BUSY * found[0]


def timed(outputs: Iterable[Output], count: Callable[[Output], int]) -> list[Batch]:
    """Time batches as they come, for PATIENCE seconds at most; the first warms up and is left
    out.
    """
    found: list[Batch] = []
    start = last = time.perf_counter()
    for output in outputs:
        now = time.perf_counter()
        found.append((now - last, count(output)))
        last = now
        if now - start > PATIENCE:
            break
    return found[1:]


def _grouped(batches: Sequence[Batch]) -> np.ndarray:
    """Seconds for a picture of every TOGETHER batches in a row, fewer where there are few."""
    kept = np.array(batches[1:] or batches, dtype=np.float64).reshape(-1, 2)  # (b, 2)
    size = max(1, min(TOGETHER, len(kept) // 2))
    if not len(kept):
        return np.empty(0)
    sums = np.lib.stride_tricks.sliding_window_view(kept, size, axis=0).sum(axis=-1)  # (g, 2)
    return sums[:, 0] / sums[:, 1]
