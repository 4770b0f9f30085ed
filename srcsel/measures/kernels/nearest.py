"""The nearest others of every picture, in an order that does not depend on rounding."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from srcsel.base.errors import FeatureError
from srcsel.measures.kernels.blocks import blocks, edges
from srcsel.measures.kernels.pairs import ZERO, Pairs

SPARE = 8  # neighbours kept beyond those asked for while distances are in float32
FIRST = 1024  # pictures that tell at first how near a neighbour is
DOUBT = 2e-6  # share of the largest distance within which a float32 order is not trusted
TIE = 2.0**-38  # distances that differ by less than this share of the largest are ties
PART_BYTES = 8_000_000  # of some rows in float64
TOGETHER = 512  # pictures whose distances to everyone are looked at in one pass

_PICTURE_BITS = 24  # up to 16.7 million pictures; the distance has the 39 bits above
_PICTURE = (1 << _PICTURE_BITS) - 1
LAST = np.iinfo(np.int64).max  # the key of a picture itself

Hits = tuple[np.ndarray, np.ndarray, np.ndarray]  # local rows, ascending; positions; h


class Nearest:
    """Reads the k nearest others of every picture, nearest first; equal distances go to the earlier
    picture.

    A picture is excluded from its own list by its index, so copies of it count.
    """

    whole = False

    def __init__(self, pairs: Pairs, k: int) -> None:
        """Raise FeatureError for more pictures than there are numbers for beside a distance."""
        if len(pairs.W) > _PICTURE + 1:
            raise FeatureError(
                f"Neighbours are found among at most {_PICTURE + 1:,} pictures, and these are"
                f" {len(pairs.W):,}. Let a sample stand for them, which is what happens unless all"
                " pictures are asked for."
            )
        self.pairs, self.k = pairs, k
        n = len(pairs.W)
        self._most = min(k + SPARE, n - 1)
        self._near = np.full((n, self._most), np.inf, dtype=pairs.W.dtype)
        self._who = np.zeros((n, self._most), dtype=np.int64)  # positions
        self.filled = (self._near, self._who)
        self._limit = np.full(n, np.inf, dtype=pairs.W.dtype)
        self._step = tie_step(pairs)
        self._doubt = max(2 * self._step, DOUBT * float(pairs.q.max()) if pairs.single else 0.0)

    def take(self, rows: slice, columns: slice, H: np.ndarray) -> tuple[Hits, Hits | None]:
        """Return pairs of a tile H (r, s) nearer than what the rows, and for a mirror image the
        columns, have so far.
        """
        own = self._hits(H, rows, columns)
        return own, self._hits(H.T, columns, rows) if columns.start >= rows.stop else None

    def add(self, rows: slice, columns: slice, part: tuple[Hits, Hits | None]) -> None:
        """Merge them."""
        self._merge(rows, *part[0])
        if part[1] is not None:
            self._merge(columns, *part[1])

    def _hits(self, H: np.ndarray, rows: slice, columns: slice) -> Hits:
        limit = self._limit[rows]
        new = np.isinf(limit)
        limit = np.nextafter(limit, -np.inf, dtype=H.dtype)
        if new.any():
            some = H[new, :FIRST]
            # one more than asked for: the picture itself may be among them
            at = min(self._most, some.shape[1] - 1)
            limit[new] = (
                np.partition(some, at, axis=1)[:, at] if some.shape[1] > self._most else np.inf
            )
        flat = np.flatnonzero(limit[:, None] >= H)
        i, j = np.divmod(flat, H.shape[1])
        others = i + rows.start != j + columns.start
        i, j = i[others], j[others]
        return i, j + columns.start, H[i, j]

    def _merge(self, rows: slice, i: np.ndarray, who: np.ndarray, near: np.ndarray) -> None:
        """Keep the nearest of those known and those found for local rows i, sorted."""
        if not len(i):
            return
        active, first, counts = np.unique(i, return_index=True, return_counts=True)
        at = active + rows.start
        place = self._most + np.arange(len(i)) - np.repeat(first, counts)
        line = np.repeat(np.arange(len(active)), counts)
        width = self._most + int(counts.max())
        nears, whos = (
            np.full((len(active), width), np.inf, self._near.dtype),
            np.zeros((len(active), width), np.int64),
        )
        nears[:, : self._most], whos[:, : self._most] = self._near[at], self._who[at]
        nears[line, place], whos[line, place] = near, who
        best = np.argpartition(nears, self._most - 1, axis=1)[:, : self._most]
        self._near[at] = np.take_along_axis(nears, best, axis=1)
        self._who[at] = np.take_along_axis(whos, best, axis=1)
        self._limit[at] = self._near[at].max(axis=1)

    def found(self) -> np.ndarray:
        """Return the neighbours as picture numbers (n, k), in the order of the pictures."""
        order, n = self.pairs.order, len(self.pairs.W)
        sorting = np.argsort(self._near, axis=1)
        near, who = (
            np.take_along_axis(self._near, sorting, axis=1),
            np.take_along_axis(self._who, sorting, axis=1),
        )
        chosen = order[who[:, : self.k]]
        doubtful = np.flatnonzero(
            (np.diff(near[:, : self.k + 1], axis=1) < self._doubt).any(axis=1)
        )
        for part in blocks(len(doubtful), self._most * self.pairs.W.shape[1]):
            at = doubtful[part]
            D = self._distances(at, who[at])  # (r, most)
            keys = np.sort(_keys(D, self._step, order[who[at]]), axis=1)[:, : self.k]
            chosen[at] = keys & _PICTURE
            last = (keys[:, -1] >> _PICTURE_BITS) * self._step
            if self._most < n - 1:  # someone not kept might be as near
                self._settle(at[last >= near[at, -1] - self._doubt], chosen)
        found = np.empty_like(chosen)
        found[order] = chosen
        return found

    def _settle(self, at: np.ndarray, chosen: np.ndarray) -> None:
        """Find the neighbours at positions `at` from their float64 distances to everyone."""
        for part in edges(len(at), TOGETHER):
            near = np.full((part.stop - part.start, self.k), LAST)
            for _, keys in _keys_by_part(self.pairs, at[part]):
                near = np.concatenate([near, keys], axis=1)
                near = np.partition(near, self.k - 1, axis=1)[:, : self.k]
            chosen[at[part]] = nearest(near, self.k)

    def _distances(self, at: np.ndarray, who: np.ndarray) -> np.ndarray:
        """Distances of positions at (r,) to their who (r, m), from the differences themselves."""
        rows, others = self.pairs.exact(at), self.pairs.exact(who.ravel()).reshape(*who.shape, -1)
        others -= rows[:, None]
        empty = self.pairs.empty.astype(np.float64)
        return np.einsum("imd,imd->im", others, others) / 2 + (empty[at, None] + empty[who]) / 2


def distance_keys(pairs: Pairs, at: np.ndarray) -> np.ndarray:
    """Float64 distances of positions `at` to everyone as whole numbers that sort by distance, then
    by picture: (r, n).

    Distances closer than TIE of the largest are equal, whatever the rounding. A picture itself
    comes last.
    """
    keys = np.empty((len(at), len(pairs.W)), dtype=np.int64)
    for part, some in _keys_by_part(pairs, at):
        keys[:, part] = some
    return keys


def _keys_by_part(pairs: Pairs, at: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield them some columns (r, m) at a time, with their place."""
    step, rows = tie_step(pairs), pairs.exact(at)
    for part in edges(len(pairs.W), max(1, PART_BYTES // (8 * rows.shape[1]))):
        D = (pairs.q[at, None] + pairs.q[part]) / 2 - rows @ pairs.exact(part).T
        keys = _keys(np.maximum(D, 0), step, pairs.order[part])
        itself = np.flatnonzero((part.start <= at) & (at < part.stop))
        keys[itself, at[itself] - part.start] = LAST
        yield part, keys


def nearest(keys: np.ndarray, k: int) -> np.ndarray:
    """Pictures with the k smallest keys of each row, smallest first, (r, k)."""
    smallest = np.partition(keys, k - 1, axis=1)[:, :k]
    return np.sort(smallest, axis=1) & _PICTURE


def tie_step(pairs: Pairs) -> float:
    """Distances in the same multiple of this are ties."""
    return max(2 * float(pairs.q.max()), ZERO / TIE) * TIE


def _keys(D: np.ndarray, step: float, pictures: np.ndarray) -> np.ndarray:
    return (np.rint(D / step).astype(np.int64) << _PICTURE_BITS) | pictures
