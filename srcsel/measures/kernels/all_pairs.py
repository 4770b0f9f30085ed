"""One pass over all pairs of pictures, tile by tile, each made once for every measure that reads
it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcsel.measures.kernels.blocks import edges, over_cores
from srcsel.measures.kernels.card import read_on_card, worth
from srcsel.measures.kernels.pairs import Pairs, Reader

EDGE = 1024  # rows and columns of a product: large ones are fast
FINE = 256  # rows of a tile as it is read: 1 MB in float32, small enough for a core's cache
# times EDGE where rows are made anew for each tile: that costs 4 % of its product then, not 15 %
WIDE = 4
STRIP_BYTES = 8_000_000  # of some rows of pairs with every picture
# a matrix of pairs up to this size is kept for a pass that needs whole rows
WHOLE_BYTES = 160_000_000


def read_all(
    readers: Sequence[Reader], tick: Callable[[], None] | None = None, device: str = "auto"
) -> list[float]:
    """Show every reader all of its pairs, making each tile once for all that share it; seconds of
    each reader.

    tick: called now and then; what it raises stops the pass. The time of a tile's product is
    shared. device: where a long pass may be made (see `kernels.card`); "cpu" keeps it on the
    processor.
    """
    seconds = [0.0] * len(readers)
    groups: dict[tuple[int, bool], list[int]] = {}
    for i, reader in enumerate(readers):
        groups.setdefault((id(reader.pairs), reader.whole), []).append(i)
    merged = dict(groups)
    for (
        pairs,
        whole,
    ), members in groups.items():  # who can do with tiles is also content with whole rows
        if whole and (pairs, False) in merged:
            members.extend(merged.pop((pairs, False)))
    for (_, whole), members in merged.items():
        group = [readers[i] for i in members]
        took = read_on_card(group, tick, device) if worth(group[0].pairs) else None
        for i, own in zip(members, took or _read(group, tick, whole=whole), strict=True):
            seconds[i] = own
    return seconds


def _read(
    readers: Sequence[Reader], tick: Callable[[], None] | None, *, whole: bool
) -> list[float]:
    """Show readers of the same pairs all of them, on the processor: seconds of each."""
    pairs = readers[0].pairs
    n = len(pairs.W)
    seconds = [0.0] * len(readers)
    start = time.perf_counter()
    matrix = _matrix(pairs) if whole and n * n * pairs.W.dtype.itemsize <= WHOLE_BYTES else None
    made = time.perf_counter() - start

    def reduced(place: tuple[slice, slice]) -> tuple[list[tuple[int, slice, Any, float]], float]:
        rows, columns = place
        start = time.perf_counter()
        H = pairs.products(rows, columns) if matrix is None else matrix[rows]
        parts, product = [], time.perf_counter() - start
        for some in edges(
            len(H), len(H) if whole else max(1, FINE * EDGE // max(EDGE, H.shape[1]))
        ):
            those = slice(rows.start + some.start, rows.start + some.stop)
            since = time.perf_counter()
            tile = H[some] if matrix is not None else pairs.folded(H[some], those, columns)
            product += time.perf_counter() - since
            for i, reader in enumerate(readers):
                since = time.perf_counter()
                part = reader.take(those, columns, tile)
                parts.append((i, those, part, time.perf_counter() - since))
        return parts, product

    places = _strips(n) if whole else tiles(n, EDGE if pairs.kept else WIDE * EDGE)
    for (_, columns), (parts, product) in zip(places, over_cores(reduced, places), strict=True):
        made += product
        for i, rows, part, took in parts:
            since = time.perf_counter()
            readers[i].add(rows, columns, part)
            seconds[i] += took + time.perf_counter() - since
        if tick is not None:
            tick()
    return [own + made / len(readers) for own in seconds]


def tiles(n: int, edge: int = 0) -> list[tuple[slice, slice]]:
    """Tiles on and above the diagonal; those on it first, because they tell how near the near ones
    are.

    Those on it are small, because half of each is made twice. edge: rows and columns of the others,
    0 = EDGE.
    """
    large = edges(n, edge or EDGE)
    fine = [
        (slice(start, min(start + FINE, a.stop)), a)
        for a in large
        for start in range(a.start, a.stop, FINE)
    ]
    beside = [(part, slice(part.stop, a.stop)) for part, a in fine if part.stop < a.stop]
    above = [(a, b) for i, a in enumerate(large) for b in large[i + 1 :]]
    return [(part, part) for part, _ in fine] + beside + above


def _strips(n: int) -> list[tuple[slice, slice]]:
    """Put a few rows beside everyone."""
    return [(rows, slice(0, n)) for rows in edges(n, max(1, STRIP_BYTES // (8 * n)))]


def _matrix(pairs: Pairs) -> np.ndarray:
    """All of h, (n, n), each tile's product made once."""
    n = len(pairs.W)
    H = np.empty((n, n), dtype=pairs.W.dtype)
    for (rows, columns), tile in over_cores(lambda place: (place, pairs.halves(*place)), tiles(n)):
        H[rows, columns] = tile
        H[columns, rows] = tile.T
    return H
