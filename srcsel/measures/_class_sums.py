"""Sums over the pictures of each class, by a product with their indicators."""

from __future__ import annotations

import numpy as np

SPARSE = 50_000_000  # multiplications from which the indicators are sparse


def class_sums(W: np.ndarray, y: np.ndarray, classes: int) -> np.ndarray:
    """Sum the rows of W (n, d) by their label, (classes, d), in the precision of W; label -1 counts nowhere."""
    n, inside = len(y), y >= 0
    if n * classes * W.shape[1] < SPARSE:
        return (y == np.arange(classes)[:, None]).astype(W.dtype) @ W
    from scipy.sparse import csr_matrix

    rows = np.flatnonzero(inside)
    return csr_matrix((np.ones(len(rows), W.dtype), (y[rows], rows)), shape=(classes, n)) @ W
