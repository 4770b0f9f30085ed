"""A stratified sample of pictures, and an order of pictures that is always the same."""

from __future__ import annotations

import numpy as np

from srcsel.base.sampling import stratified

__all__ = ["canonical", "stratified"]

LEADING = 8  # features that put most rows in order


def canonical(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the rows of X (n, d), labels y (n,), in an order that depends on what they hold and
    not on where they stand: by the features of the largest range, then by all, then by label; (n,).

    Neither unit nor zero of the features changes it.
    """
    span = X.max(axis=0) - X.min(axis=0)  # (d,)
    first = X[:, np.argsort(-span, kind="stable")[:LEADING]]  # (n, l)
    order = np.lexsort(first.T[::-1])
    equal = (first[order][1:] == first[order][:-1]).all(axis=1)  # (n - 1,)
    tied = np.flatnonzero(np.r_[equal, False] | np.r_[False, equal])  # places in the order
    if len(tied):
        rows = order[tied]
        columns = (y[rows], *X[rows].T[::-1], *first[rows].T[::-1])
        order[tied] = rows[np.lexsort(columns)]
    return order
