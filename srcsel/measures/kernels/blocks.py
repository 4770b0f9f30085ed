"""Many pictures in parts, and the parts shared out over the cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from srcsel.base.threads import Item, Made, in_order, one_thread_each

BLOCK_BYTES = 64_000_000  # of one block of pairs in float64


def blocks(n: int, width: int) -> Iterator[slice]:
    """Slices of 0..n such that a block of `width` float64 columns stays within BLOCK_BYTES."""
    yield from edges(n, max(1, int(BLOCK_BYTES // (8 * max(width, 1)))))


def edges(n: int, step: int) -> list[slice]:
    """Slices of 0..n, `step` long but for the last."""
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]


def over_cores(function: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """`map`, in order, on as many threads as there are cores to share, while linear algebra stays
    on one inside each call.
    """
    items = list(items)
    if len(items) < 2:
        yield from map(function, items)
        return
    with one_thread_each() as cores:
        if cores == 1:
            yield from map(function, items)
        else:
            yield from in_order(function, items, min(cores, len(items)), ahead=2 * cores)
