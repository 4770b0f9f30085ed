"""Many pictures in parts, and the parts shared out over the cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from srcsel.base.threads import Item, Made, in_order

BLOCK_BYTES = 64_000_000  # of one block of pairs in float64


def blocks(n: int, width: int) -> Iterator[slice]:
    """Slices of 0..n such that a block of `width` float64 columns stays within BLOCK_BYTES."""
    yield from edges(n, max(1, int(BLOCK_BYTES // (8 * max(width, 1)))))


def edges(n: int, step: int) -> list[slice]:
    """Slices of 0..n, `step` long but for the last."""
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]


def over_cores(function: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """`map`, in order, on as many threads as linear algebra may use, which stays on one thread
    inside each call.
    """
    items = list(items)
    cores = min(_threads(), len(items)) if len(items) > 1 else 1
    if cores == 1:
        yield from map(function, items)
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield from in_order(function, items, cores, ahead=2 * cores)


def _threads() -> int:
    """How many threads linear algebra may use now."""
    from threadpoolctl import threadpool_info

    return max(
        (pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"), default=1
    )
