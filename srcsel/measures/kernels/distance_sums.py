"""Euclidean distances between pictures, and their sums over each class."""

from __future__ import annotations

import numpy as np

from srcsel.measures.kernels.blocks import blocks
from srcsel.measures.kernels.pairs import Pairs

CLOSE = 1e-6  # h below this share of the largest length has lost digits
CLOSE_SINGLE = 1e-4  # the same in float32
MANY = 0.05  # share of a tile's pairs from which it is made again in float64


def root_distances(
    pairs: Pairs, rows: slice | np.ndarray, columns: slice, H: np.ndarray | None = None
) -> np.ndarray:
    """Euclidean distances of rows and columns, (r, s), from their h where it is known.

    Those of near copies, whose h has lost its digits, are taken from the differences themselves.
    """
    H = pairs.halves(rows, columns) if H is None else H
    share = CLOSE_SINGLE if H.dtype == np.float32 else CLOSE
    if share * pairs.longest <= H.min(initial=np.inf):
        return _root(H)
    near = np.flatnonzero(share * pairs.longest > H)
    if H.dtype == np.float32 and len(near) > MANY * H.size:  # one product in float64 costs less
        return root_distances(pairs, rows, columns, pairs.halves(rows, columns, exact=True)).astype(
            H.dtype
        )
    D = _root(H)
    i, j = np.divmod(near, H.shape[1])
    first, second = (np.arange(len(pairs.W))[some] for some in (rows, columns))
    itself = first[i] == second[j]
    D[i[itself], j[itself]] = 0
    i, j = i[~itself], j[~itself]
    for part in blocks(len(i), 2 * pairs.W.shape[1]):
        gap = pairs.exact(first[i[part]])
        gap -= pairs.exact(second[j[part]])
        D[i[part], j[part]] = np.sqrt(np.einsum("md,md->m", gap, gap))
    return D


def _root(H: np.ndarray) -> np.ndarray:
    D = np.multiply(H, H.dtype.type(2))
    return np.sqrt(D, out=D)


class DistanceSums:
    """Reads the summed Euclidean distances of every picture to every class."""

    whole = False

    def __init__(self, pairs: Pairs, y: np.ndarray) -> None:
        """With labels y (n,) in 0..c-1, by which the pairs are ordered."""
        self.pairs, self.own = pairs, y[pairs.order]  # ascending
        self.sums = np.zeros((len(y), int(y.max()) + 1))  # in the order of the pairs
        self.filled = (self.sums,)

    def take(
        self, rows: slice, columns: slice, H: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Sum a tile H (r, s) by the c' classes of its columns, (r, c'), and of its rows, (s, c''),
        where the mirror image counts.
        """
        D = root_distances(self.pairs, rows, columns, H)
        return D @ self.members(columns), D.T @ self.members(
            rows
        ) if columns.start >= rows.stop else None

    def add(self, rows: slice, columns: slice, part: tuple[np.ndarray, np.ndarray | None]) -> None:
        """Add what `take` gave, (r, c') and (s, c''), in float64."""
        self.sums[rows, self.classes(columns)] += part[0]
        if part[1] is not None:
            self.sums[columns, self.classes(rows)] += part[1]

    def classes(self, some: slice) -> slice:
        """Return the classes met at some positions."""
        return slice(int(self.own[some.start]), int(self.own[some.stop - 1]) + 1)

    def members(self, some: slice) -> np.ndarray:
        """0-1 indicators (r, classes met) of the classes met, in the precision of the pairs."""
        there = self.classes(some)
        return (self.own[some, None] == np.arange(there.start, there.stop)).astype(
            self.pairs.W.dtype
        )
