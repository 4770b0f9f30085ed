"""Arithmetic over all pairs of pictures, in blocks, so that the n x n matrix never lies in memory.

Squared distances are taken after subtracting the mean row: |x_i - x_j|^2 = q_i + q_j - 2 w_i.w_j with w = x - mean
and q = |w|^2. A common offset, however large, then costs no digits. The cosine distance of unit rows z is half
their squared distance, so it has the same form.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from srcsel.measures._prepare import unit_rows

BLOCK_BYTES = 64_000_000  # of one block of pairs; a pass holds about three
CLOSE = 1e-6  # squared distances below this share of the lengths are taken from the difference itself
TIE = 2.0**-38  # distances that differ by less than this share of the largest are ties
ZERO = 1e-29  # cosine distances below this are rounding noise of rows that point one way


def blocks(n: int, width: int) -> Iterator[slice]:
    """Slices of 0..n such that a block of `width` float64 columns stays within BLOCK_BYTES."""
    rows = max(1, int(BLOCK_BYTES // (8 * max(width, 1))))
    for start in range(0, n, rows):
        yield slice(start, min(start + rows, n))


def cosine_parts(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """W (n, d) and q (n,) with cosine distance (q_i + q_j) / 2 - W_i.W_j.

    A zero row has distance 1 to every other row, as in scikit-learn.
    """
    Z = unit_rows(X)
    empty = ~Z.any(axis=1)
    Z -= Z.mean(axis=0)
    Z -= Z.mean(axis=0)
    return Z, np.einsum("ij,ij->i", Z, Z) + empty


def cosine_distances(W: np.ndarray, q: np.ndarray, rows: slice | np.ndarray) -> np.ndarray:
    """Cosine distances of `rows` to every picture, (r, n)."""
    D = W[rows] @ W.T
    np.negative(D, out=D)
    D += q[rows, None] / 2
    D += q / 2
    return np.maximum(D, 0, out=D)


def euclidean_parts(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """W (n, d), X centred and scaled by its largest value, and q (n,) its squared row lengths."""
    scale = np.abs(X).max() or 1.0
    W = X / scale
    W -= W.mean(axis=0)
    W -= W.mean(axis=0)
    return W, np.einsum("ij,ij->i", W, W)


def euclidean_distances(W: np.ndarray, q: np.ndarray, rows: slice) -> np.ndarray:
    """Euclidean distances of `rows` to every picture, (r, n), in the scale of W."""
    D = W[rows] @ W.T
    lengths = q[rows, None] + q
    D *= -2
    D += lengths
    near_i, near_j = np.nonzero(lengths * CLOSE > D)
    for part in blocks(len(near_i), W.shape[1]):  # cancellation would cost half the digits
        i, j = near_i[part], near_j[part]
        D[i, j] = ((W[rows][i] - W[j]) ** 2).sum(axis=1)
    return np.sqrt(np.maximum(D, 0, out=D), out=D)


def log_sum_exp(Z: np.ndarray, temperature: float, kept: np.ndarray | None = None) -> np.ndarray:
    """Return log sum over j != i of exp(z_i.z_j / temperature) for unit or zero rows Z (n, d): (n,).

    With kept (b, n) bool, the sums run over each subset instead: (n, b). Similarities are at most 1, so shifting
    by 1 / temperature keeps every exponent within -2 / temperature..0; supcon bounds the temperature accordingly.
    """
    n = len(Z)
    totals = np.zeros(n if kept is None else (n, len(kept)))
    members = None if kept is None else kept.T.astype(np.float64)  # (n, b)
    for rows in blocks(n, n):
        right = 0 if members is not None else rows.start  # the matrix is symmetric: half of it is enough for sums
        E = Z[rows] @ Z[right:].T
        E -= 1
        E /= temperature
        np.exp(E, out=E)
        E[np.arange(len(E)), np.arange(rows.start, rows.stop) - right] = 0
        if members is not None:
            totals[rows] = E @ members
        else:
            totals[rows] += E.sum(axis=1)
            totals[rows.stop :] += E[:, len(E) :].sum(axis=0)
    return np.log(totals) + 1 / temperature


def neighbours(X: np.ndarray, k: int) -> np.ndarray:
    """Find the indices of each picture's k nearest others by cosine distance, nearest first, (n, k).

    A picture is excluded from its own list by its index, so copies of it count. Ties go to the lower index.
    """
    W, q = cosine_parts(X)
    n = len(W)
    result = np.empty((n, k), dtype=np.int64)
    for rows in blocks(n, n):
        keys = distance_keys(cosine_distances(W, q, rows), q)
        keys[np.arange(len(keys)), np.arange(rows.start, rows.stop)] = np.iinfo(np.int64).max
        result[rows] = nearest(keys, k)
    return result


def distance_keys(D: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Distances (r, n) as whole numbers that sort by distance, then by index: exact ties, whatever the rounding."""
    step = max(2 * q.max(), ZERO / TIE) * TIE
    keys = np.rint(D / step).astype(np.int64)
    keys <<= _INDEX_BITS
    keys |= np.arange(D.shape[1])
    return keys


def nearest(keys: np.ndarray, k: int) -> np.ndarray:
    """Column indices of the k smallest keys of each row, smallest first, (r, k)."""
    smallest = np.partition(keys, k - 1, axis=1)[:, :k]
    return np.sort(smallest, axis=1) & ((1 << _INDEX_BITS) - 1)


_INDEX_BITS = 24  # up to 16.7 million pictures; the distance has the 39 bits above
