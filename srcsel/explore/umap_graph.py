"""UMAP's fuzzy neighbourhood graph in NumPy (McInnes et al. 2018, arXiv 1802.03426, algorithms 2
and 3).

umap-learn computes the same with functions that it compiles first: 7 s in every new process,
against 5 ms here for 1,000 points. Its layout step is used as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import coo_matrix

STEPS = 64  # of the bisection, as umap-learn
TOLERANCE = 1e-5
SMALLEST = 1e-3  # a bandwidth is at least this share of the mean distance


def fuzzy_graph(indices: np.ndarray, distances: np.ndarray) -> coo_matrix:
    """Join each point's fuzzy set of neighbours into one symmetric graph (n, n) with weights in
    0..1.

    indices, distances: (n, k), nearest first, the point itself in column 0, as `neighbors` returns
    them.
    """
    from scipy.sparse import coo_matrix

    n, k = indices.shape
    width, nearest = bandwidths(distances)
    gap = np.maximum(distances - nearest[:, None], 0.0)  # (n, k)
    weights = np.where(gap > 0, np.exp(-gap / width[:, None]), 1.0)
    weights[indices == np.arange(n)[:, None]] = 0.0
    rows = np.repeat(np.arange(n, dtype=np.int32), k)
    directed = coo_matrix(
        (weights.ravel().astype(np.float32), (rows, indices.ravel())), shape=(n, n)
    ).tocsr()
    back = directed.T.tocsr()
    graph = (
        directed + back - directed.multiply(back)
    ).tocoo()  # probability that either edge exists
    graph.eliminate_zeros()
    return graph


def bandwidths(distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bandwidth (n,) that makes each fuzzy set's size log2(k), and the nearest neighbour's distance
    (n,).

    distances: (n, k) sorted, column 0 the point itself. Points without a neighbour away from them
    have nearest 0.
    """
    distances = distances.astype(np.float64)
    nearest = np.where(distances > 0, distances, np.inf).min(axis=1)
    nearest = np.where(np.isfinite(nearest), nearest, 0.0)
    gap = np.maximum(distances[:, 1:] - nearest[:, None], 0.0)  # (n, k - 1)
    target = np.log2(distances.shape[1])
    low, high, width = np.zeros(len(gap)), np.full(len(gap), np.inf), np.ones(len(gap))
    for _ in range(STEPS):
        size = np.exp(-gap / width[:, None]).sum(axis=1)
        open_ = np.abs(size - target) >= TOLERANCE
        high = np.where(open_ & (size > target), width, high)
        low = np.where(open_ & (size <= target), width, low)
        middle = np.where(
            np.isfinite(high), (low + np.where(np.isfinite(high), high, 0.0)) / 2, width * 2
        )
        width = np.where(open_, middle, width)
    mean = np.where(nearest > 0, distances.mean(axis=1), distances.mean())
    return np.maximum(width, SMALLEST * mean), nearest


def neighbors(points: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Exact Euclidean neighbours: indices (n, k) int32 and distances (n, k) float32, nearest first,
    itself first.
    """
    from sklearn.neighbors import NearestNeighbors

    found = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(points).kneighbors(points)
    distances, indices = found[0].astype(np.float32), found[1].astype(np.int32)
    own = np.arange(len(points), dtype=np.int32)
    for row in np.flatnonzero(
        indices[:, 0] != own
    ):  # a copy of a point must not come before the point itself
        others = indices[row][indices[row] != row][: k - 1]
        gaps = distances[row][indices[row] != row][: k - 1]
        indices[row], distances[row] = np.append(row, others), np.append(0.0, gaps)
    distances[:, 0] = 0.0
    return indices, distances
