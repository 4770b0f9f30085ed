"""Sums over the pictures of each class, by a product with their indicators."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from srcsel.measures.kernels.blocks import blocks

SPARSE = 50_000_000  # multiplications from which the indicators are sparse


def class_sums(W: np.ndarray, y: np.ndarray, classes: int) -> np.ndarray:
    """Sum the rows of W (n, d) by their label, (classes, d), in the precision of W; label -1 counts
    nowhere.
    """
    n, inside = len(y), y >= 0
    if n * classes * W.shape[1] < SPARSE:
        return (y == np.arange(classes)[:, None]).astype(W.dtype) @ W
    from scipy.sparse import csr_matrix

    rows = np.flatnonzero(inside)
    return csr_matrix((np.ones(len(rows), W.dtype), (y[rows], rows)), shape=(classes, n)) @ W


def subset_sums(
    X: np.ndarray, y: np.ndarray, kept: np.ndarray
) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Yield (subsets, counts (b', c), sums (b', c, d) of the rows of X) for kept (b, n) bool, a
    block at a time.
    """
    classes = int(y.max()) + 1
    members = [np.flatnonzero(y == c) for c in range(classes)]
    for part in blocks(len(kept), classes * X.shape[1]):
        masks = [kept[part][:, rows].astype(np.float64) for rows in members]
        counts = np.stack([mask.sum(axis=1) for mask in masks], axis=1)
        yield (
            part,
            counts,
            np.stack([mask @ X[rows] for mask, rows in zip(masks, members, strict=True)], axis=1),
        )
