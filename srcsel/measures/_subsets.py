"""Sums over the pictures of each class in many subsets at once, for re-checks that need nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

BLOCK_BYTES = 64_000_000  # of one block of float64 numbers


def blocks(count: int, width: int) -> Iterator[slice]:
    """Slices of 0..count such that a block of `width` float64 columns stays within BLOCK_BYTES."""
    rows = max(1, BLOCK_BYTES // (8 * max(width, 1)))
    for start in range(0, count, rows):
        yield slice(start, min(start + rows, count))


def class_sums(X: np.ndarray, y: np.ndarray, kept: np.ndarray) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Yield (subsets, counts (b', c), sums (b', c, d) of the rows of X) for kept (b, n) bool, a block at a time."""
    classes = int(y.max()) + 1
    members = [np.flatnonzero(y == c) for c in range(classes)]
    for part in blocks(len(kept), classes * X.shape[1]):
        masks = [kept[part][:, rows].astype(np.float64) for rows in members]
        counts = np.stack([mask.sum(axis=1) for mask in masks], axis=1)
        yield part, counts, np.stack([mask @ X[rows] for mask, rows in zip(masks, members, strict=True)], axis=1)
