"""All pairs of pictures, of which any part can be made; the n x n matrix of a large set never lies
in memory.

Each pair (i, j) is handed on as half its squared distance h_ij = (q_i + q_j) / 2 - w_i.w_j, where w
are the rows minus their mean and q = |w|^2: the cosine distance of unit rows, half the squared
distance of others. A common offset, however large, then costs no digits. Rows lie in the order of
their classes, so that a tile meets few of them.

From FEW pictures on, products are made in float32 (half the time) and sums over tiles in float64;
where digits could be lost, as among near copies, whoever reads a tile goes back to `Pairs.exact`.
Rows that would be large are made from the features anew for each tile.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from srcsel.measures.kernels.blocks import blocks, edges, over_cores
from srcsel.measures.kernels.centered import WHOLE_BYTES
from srcsel.measures.kernels.class_sums import class_sums
from srcsel.measures.kernels.prepare import unit_rows

FEW = 1000  # pictures below which everything is float64
PART_BYTES = 2_000_000  # of some rows in float64
SOME = 1000  # rows whose mean stands for that of all
TINY = 1e-290  # squared lengths from here on are exact
ZERO = 1e-29  # cosine distances below this are rounding noise of rows that point one way


@dataclass(frozen=True, eq=False)
class Made:
    """Rows that are made whenever they are asked for: what an array (n, d) would give."""

    make: Callable[[np.ndarray | slice], np.ndarray]  # (m,) positions -> (m, d) float64
    shape: tuple[int, int]
    dtype: np.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        return self.make(rows).astype(self.dtype, copy=False)

    @property
    def nbytes(self) -> int:
        """Bytes of all rows."""
        return self.shape[0] * self.shape[1] * self.dtype.itemsize


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows to compare with each other; row p is picture order[p]."""

    W: np.ndarray | Made  # (n, d) minus one row that is near the mean, float32 or float64
    q: np.ndarray  # (n,) float64, their squared lengths; 1 more for a row without direction
    empty: np.ndarray  # (n,) bool, rows without direction
    order: np.ndarray  # (n,) pictures, by class where it is known
    # positions (m,) -> their rows, (m, d) float64
    exact: Callable[[np.ndarray | slice], np.ndarray]

    @property
    def single(self) -> bool:
        """Whether the products are made in float32."""
        return self.W.dtype == np.float32

    @property
    def kept(self) -> bool:
        """Whether the rows lie in memory."""
        return not isinstance(self.W, Made)

    def each(self, some: slice | None = None) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield the rows of these positions, None = all, with their place: (m, d) a block at a
        time, one block where they lie in memory.
        """
        some = some or slice(0, len(self.W))
        if self.kept:
            yield some, self.W[some]
            return
        for part in blocks(some.stop - some.start, self.W.shape[1]):
            at = slice(some.start + part.start, some.start + part.stop)
            yield at, self.W[at]

    def class_sums(self, own: np.ndarray, classes: int) -> np.ndarray:
        """Sum the rows by each labelling of own (g, n), in the order of the pairs: (g classes, d),
        in the precision of W.
        """
        total = np.zeros((len(own) * classes, self.W.shape[1]))
        for some, W in self.each():
            total += np.concatenate([class_sums(W, y, classes) for y in own[:, some]])
        return total.astype(self.W.dtype)

    @functools.cached_property
    def _half_q(self) -> np.ndarray:
        return self.q.astype(self.W.dtype) / 2

    @functools.cached_property
    def longest(self) -> float:
        """The largest squared length."""
        return float(self.q.max())

    def halves(
        self, rows: slice | np.ndarray, columns: slice, *, exact: bool = False
    ) -> np.ndarray:
        """Return h of rows and columns, (r, s), at least 0, in the precision of W; with `exact` in
        float64.
        """
        if not exact or not self.single:
            return self.folded(self.products(rows, columns), rows, columns)
        P = self.exact(rows) @ self.exact(columns).T
        return _folded(P, self.q[rows] / 2, self.q[columns] / 2)

    def products(self, rows: slice | np.ndarray, columns: slice) -> np.ndarray:
        """Return w_i.w_j of rows and columns, (r, s)."""
        return self.W[rows] @ self.W[columns].T

    def folded(self, P: np.ndarray, rows: slice | np.ndarray, columns: slice) -> np.ndarray:
        """Turn their products P (r, s) into h, in place: best some rows at a time, in a core's
        cache.
        """
        return _folded(P, self._half_q[rows], self._half_q[columns])


def _folded(P: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return first (r,) + second (s,) - P, at least 0, in place of P (r, s)."""
    np.subtract(first[:, None], P, out=P)
    P += second
    return np.maximum(P, 0, out=P)


class Reader(Protocol):
    """What a measure does with each tile of one `Pairs`."""

    pairs: Pairs
    whole: bool  # needs whole rows: columns are then always everyone
    filled: tuple[np.ndarray, ...]  # all that `add` leaves behind for the result

    def take(self, rows: slice, columns: slice, H: np.ndarray) -> Any:
        """Reduce a tile h (r, s), without changing it. May run beside other calls.

        Unless `whole`, tiles below the diagonal are not shown: columns start at or after rows, and
        a tile off the diagonal stands for its mirror image too.
        """
        ...

    def add(self, rows: slice, columns: slice, part: Any) -> None:
        """Add what `take` returned; calls come one at a time, always in the same order."""
        ...


def cosine_pairs(X: np.ndarray, order: np.ndarray, *, exact: bool = False) -> Pairs:
    """Pairs of X (n, d) by cosine distance; float64 for few pictures or with `exact`.

    A zero row has distance 1 to every other row, as in scikit-learn.
    """
    n = len(X)
    if n < FEW or (exact and 8 * X.size <= WHOLE_BYTES):
        Z = unit_rows(X[order].astype(np.float64, copy=False))
        empty = np.asarray(~Z.any(axis=1))
        Z -= Z.mean(axis=0)
        Z -= Z.mean(axis=0)
        return Pairs(Z, np.einsum("ij,ij->i", Z, Z) + empty, empty, order, lambda rows: Z[rows])
    return _many(X, order, None, exact=exact)


def euclidean_pairs(X: np.ndarray, order: np.ndarray) -> Pairs:
    """Pairs of X (n, d) by Euclidean distance, in the scale of the largest value; float64 for few
    pictures.
    """
    n = len(X)
    scale = max(float(X.max()), -float(X.min())) or 1.0
    if n < FEW:
        W = X[order].astype(np.float64, copy=False) / scale
        W -= W.mean(axis=0)
        W -= W.mean(axis=0)
        return Pairs(
            W, np.einsum("ij,ij->i", W, W), np.zeros(n, dtype=bool), order, lambda rows: W[rows]
        )
    return _many(X, order, scale)


def _many(X: np.ndarray, order: np.ndarray, scale: float | None, *, exact: bool = False) -> Pairs:
    """Rows of X over scale, or over their own length, in float32, or float64 where they are to be
    exact, with their lengths from float64.

    Gone through in blocks that fit a core's cache, over all cores. What is subtracted is the mean
    of some rows only: the distances do not depend on it.
    """
    n, d = X.shape
    # what each row is divided by; infinite for a row without direction
    size = np.full(n, scale or np.inf)

    def scaled(rows: np.ndarray | slice) -> np.ndarray:
        part = X[order[rows]].astype(np.float64, copy=False)
        if scale is None:
            length = _lengths(part)
            size[rows] = np.where(length > 0, length, np.inf)
        part /= size[rows, None]
        return part

    mean = scaled(np.arange(0, n, -(-n // SOME))).mean(axis=0)

    def made(rows: np.ndarray | slice) -> np.ndarray:
        part = X[order[rows]].astype(np.float64, copy=False)
        part /= size[rows, None]
        part -= mean
        return part

    kind = np.dtype(np.float64 if exact else np.float32)
    W, q = Made(made, (n, d), kind), np.empty(n)
    kept = np.empty((n, d), kind) if W.nbytes <= WHOLE_BYTES else None

    def fill(rows: slice) -> None:
        part = scaled(rows)
        part -= mean
        if kept is not None:
            kept[rows] = part
        q[rows] = np.einsum("ij,ij->i", part, part)

    deque(over_cores(fill, edges(n, max(1, PART_BYTES // (8 * d)))), maxlen=0)
    empty = np.isinf(size)
    return Pairs(W if kept is None else kept, q + empty, empty, order, made)


def _lengths(X: np.ndarray) -> np.ndarray:
    """Row lengths (n,), also where squares would overflow or vanish."""
    with np.errstate(over="ignore", under="ignore"):
        squares = np.einsum("ij,ij->i", X, X)
    if np.isfinite(squares).all() and (squares > TINY).all():
        return np.sqrt(squares)
    largest = np.abs(X).max(axis=1)
    parts = np.divide(X, largest[:, None], out=np.zeros_like(X), where=largest[:, None] > 0)
    return largest * np.linalg.norm(parts, axis=1)
