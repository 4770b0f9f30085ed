"""Features minus their mean, over their largest value: kept where small, made by blocks where not,
so that those of very many pictures, mapped from a file, never lie in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from srcsel.measures.kernels.blocks import blocks, edges, over_cores
from srcsel.measures.kernels.class_sums import class_sums

WHOLE_BYTES = 1 << 28
"""Of an array made of features up to which it is made once and kept; larger ones are made a block
at a time, as often as they are asked for.
"""
PART_BYTES = 1_000_000  # of float64 rows worked on at once, in a core's cache
ROUNDING = 8 * float(np.finfo(np.float64).eps)


class Centered:
    """Rows of X (n, d) minus their mean, over the largest absolute value of X, in float64; rounding
    noise of constant columns is 0. X is never changed.
    """

    def __init__(self, X: np.ndarray) -> None:
        """Find the mean: three passes over X."""
        self.shape = n, d = X.shape
        self._X = X
        parts = self._parts(slice(0, n))
        reach = list(over_cores(lambda some: (X[some].max(axis=0), -X[some].min(axis=0)), parts))
        largest = np.max(reach, axis=(0, 1)).astype(np.float64)  # (d,)
        self.scale = float(largest.max()) or 1.0
        self._noise = ROUNDING * (largest / self.scale)  # (d,)
        self._means: list[np.ndarray] = []  # (d,) each; the first is itself rounded
        for _ in range(2):
            sums = over_cores(lambda some: self._moved(some).sum(axis=0), parts)
            self._means.append(np.sum(list(sums), axis=0) / n)
        # there are few pictures where they are not more than their features
        self._whole = self._made(slice(0, n)) if 8 * n * d <= WHOLE_BYTES or d > n else None

    @property
    def mean(self) -> np.ndarray:
        """The mean row over the scale, (d,)."""
        return self._means[0] + self._means[1]

    @property
    def whole(self) -> np.ndarray:
        """All rows, (n, d), in memory."""
        return self._made(slice(0, len(self))) if self._whole is None else self._whole

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        if self._whole is not None:
            return self._whole[rows]
        if isinstance(rows, slice):
            return self._made(rows)
        return self._cleared(self._moved(rows))

    def each(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield all rows, (m, d), a block at a time with its place: one block where they are
        kept.
        """
        if self._whole is not None:
            yield slice(0, len(self)), self._whole
            return
        for some in blocks(*self.shape):
            yield some, self._made(some)

    def gram(self) -> np.ndarray:
        """Return the smaller of W'W, (d, d), and WW', (n, n)."""
        n, d = self.shape
        if d > n:
            return self.whole @ self.whole.T
        return _sum(W.T @ W for _, W in self.each())

    def turned(self, directions: np.ndarray) -> np.ndarray:
        """W times directions (d, k), (n, k): in float32 where it would be too large otherwise."""
        if self._whole is not None:
            return self._whole @ directions
        n, k = len(self), directions.shape[1]
        found = np.empty((n, k), np.float64 if 8 * n * k <= WHOLE_BYTES else np.float32)
        for some, W in self.each():
            found[some] = W @ directions
        return found

    def lengths(self) -> np.ndarray:
        """Squared lengths of the rows, (n,)."""
        return np.concatenate([np.einsum("ij,ij->i", W, W) for _, W in self.each()])

    def class_sums(self, own: np.ndarray, classes: int) -> np.ndarray:
        """Sum the rows by each labelling of own (g, n), (g, classes, d)."""
        return _sum(
            np.stack([class_sums(W, y, classes) for y in own[:, some]]) for some, W in self.each()
        )

    def decomposed(self) -> tuple[np.ndarray, np.ndarray]:
        """Singular values (d,), descending, and right singular vectors (d, d) of no fewer rows than
        columns, the small ones as exact as the rows are, which a Gram matrix does not give.
        """
        R = np.zeros((0, self.shape[1]))
        for _, W in self.each():  # W = QR, and Q'Q = 1: R has the same
            R = np.linalg.qr(np.concatenate([R, W]), mode="r")
        return np.linalg.svd(R, full_matrices=False)[1:]

    def _made(self, rows: slice) -> np.ndarray:
        """Rows (m, d), over all cores."""
        W = np.empty((rows.stop - rows.start, self.shape[1]))

        def fill(some: slice) -> None:
            part = slice(some.start - rows.start, some.stop - rows.start)
            self._cleared(self._moved(some, W[part]))

        for _ in over_cores(fill, self._parts(rows)):
            pass
        return W

    def _parts(self, rows: slice) -> list[slice]:
        step = max(1, PART_BYTES // (8 * self.shape[1]))
        return [
            slice(rows.start + some.start, rows.start + some.stop)
            for some in edges(rows.stop - rows.start, step)
        ]

    def _moved(self, rows: slice | np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Rows over the scale, minus what is known of the mean."""
        W = np.divide(self._X[rows], self.scale, out=out, dtype=np.float64)
        for mean in self._means:
            W -= mean
        return W

    def _cleared(self, W: np.ndarray) -> np.ndarray:
        # a picture that equals the mean has no direction, not that of its rounding
        W[np.abs(W) <= self._noise] = 0
        return W


def _sum(parts: Iterator[np.ndarray]) -> np.ndarray:
    total = next(parts)
    for part in parts:
        total += part
    return total
