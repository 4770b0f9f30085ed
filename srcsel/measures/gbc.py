"""GBC: how much the classes overlap, each taken for a round or axis-aligned cloud."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from srcsel.base.errors import InputError
from srcsel.measures._base import measure, permutations
from srcsel.measures.kernels.principal import CONSTANT, centered_over_scale, principal
from srcsel.measures.kernels.sample import stratified
from srcsel.measures.kernels.shared import Shared, once

COMPONENTS = 64
MOST = 5000  # pictures used
FLOOR = 1e-4  # least variance of a class, where the mean variance of the components is 1

Covariance = Literal["spherical", "diagonal"]


def _null(
    X: np.ndarray,
    y: np.ndarray,
    _value: float,
    *,
    covariance: Covariance = "spherical",
    pca: int | None = COMPONENTS,
    shared: Shared | None = None,
) -> float:
    """Mean over fixed label permutations, which share the principal components."""
    rows = stratified(y, MOST)
    Z = once(shared, ("gbc", pca), lambda: _reduced(X[rows], pca))
    return float(np.mean([_overlap(*_sums(Z, own), covariance) for own in permutations(y[rows])]))


def _rechecks(
    X: np.ndarray,
    y: np.ndarray,
    kept: np.ndarray,
    *,
    covariance: Covariance = "spherical",
    pca: int | None = COMPONENTS,
    shared: Shared | None = None,
) -> np.ndarray:
    """Score each subset of kept (b, n) within the principal components of all pictures, by sums
    over masks.
    """
    rows = stratified(y, MOST)
    Z = once(shared, ("gbc", pca), lambda: _reduced(X[rows], pca))
    y, kept = y[rows], kept[:, rows]
    masks = [(y == c, kept[:, y == c].astype(np.float64)) for c in np.unique(y)]
    counts = np.stack([K.sum(axis=1) for _, K in masks], axis=1)  # (b, c)
    sums = np.stack([K @ Z[own] for own, K in masks], axis=1)  # (b, c, k)
    squares = np.stack([K @ Z[own] ** 2 for own, K in masks], axis=1)
    return np.array(
        [_overlap(*parts, covariance) for parts in zip(counts, sums, squares, strict=True)]
    )


@measure(
    title="Class overlap (GBC)",
    higher_is_better=True,
    bounds=(-math.inf, 0.0),
    paper="https://arxiv.org/abs/2111.12780",
    wide_bias=False,
    cheap=True,
    null=_null,
    rechecks=_rechecks,
)
def gbc(
    X: np.ndarray,
    y: np.ndarray,
    *,
    covariance: Covariance = "spherical",
    pca: int | None = COMPONENTS,
    shared: Shared | None = None,
) -> float:
    """Gaussian Bhattacharyya coefficient: how much the classes overlap, each taken for a cloud
    around its mean.

    Features are reduced to their first principal components and each class is described by its mean
    and variance. Two classes i and j with means m and covariances S_i, S_j have the Bhattacharyya
    distance D = (m_i - m_j)' S^-1 (m_i - m_j) / 8 + log(|S| / sqrt(|S_i| |S_j|)) / 2 with S = (S_i
    + S_j) / 2. The score is minus the sum of exp(-D) over all ordered pairs of classes.

    From -c (c - 1), where all c classes lie on top of each other, to 0; higher is better.

    covariance: "spherical" (one variance a class, the mean over components) or "diagonal" (one a
    component). pca: components kept, 64 by default, at most the pictures or dimensions there are;
    None takes the features as they are. Above 5,000 pictures a stratified sample of 5,000 is used,
    the same for every model.

    Edges: features are first rescaled so that the mean variance is 1, and no variance counts below
    1e-4; without that, the value would depend on the unit of the features. A picture alone in its
    class has that variance. The more components, the further apart any classes seem: on pure noise
    models with 64 dimensions and more score a little better than narrower ones, and with pca=None
    much better. Compare with the null.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: mean over 20 label permutations, the same for every model. Re-checks stay within the
    principal components of all pictures.

    Pandy et al. 2022, https://arxiv.org/abs/2111.12780, equations 3 to 5. The log term of the
    spherical case is multiplied by the number of components, as the determinants demand; some
    public code forgets it.
    """
    if covariance not in ("spherical", "diagonal"):
        raise InputError(f"covariance is 'spherical' or 'diagonal', not '{covariance}'.")
    if pca is not None and pca < 1:
        raise InputError(f"pca must be at least 1, or None to keep all dimensions, got {pca}.")
    rows = stratified(y, MOST)
    Z = once(shared, ("gbc", pca), lambda: _reduced(X[rows], pca))
    return _overlap(*_sums(Z, y[rows]), covariance)


def _reduced(X: np.ndarray, pca: int | None) -> np.ndarray:
    """X centred, in its principal components, with a mean variance of 1 (or all zero), (n, k)."""
    Z = centered_over_scale(X)[0] if pca is None else principal(X, pca)[0]
    spread = math.sqrt(float(np.mean(Z**2)))
    return Z / spread if spread > CONSTANT else np.zeros_like(Z)


def _sums(Z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each class: pictures (c,), sum (c, k) and sum of squares (c, k) of its rows."""
    order = np.argsort(y, kind="stable")
    _, starts, counts = np.unique(y[order], return_index=True, return_counts=True)
    Q = Z[order]
    return counts, np.add.reduceat(Q, starts, axis=0), np.add.reduceat(Q**2, starts, axis=0)


def _overlap(
    counts: np.ndarray, sums: np.ndarray, squares: np.ndarray, covariance: Covariance
) -> float:
    """Minus the sum of Bhattacharyya coefficients over ordered pairs, from what `_sums` returns."""
    from scipy.spatial.distance import pdist

    means = sums / counts[:, None]  # (c, k)
    variances = squares / counts[:, None] - means**2  # (c, k)
    i, j = np.triu_indices(len(counts), 1)  # in the order of pdist
    if covariance == "spherical":
        v = np.maximum(variances.mean(axis=1), FLOOR)  # (c,)
        both = (v[i] + v[j]) / 2
        D = pdist(means, "sqeuclidean") / both / 8
        D += means.shape[1] / 2 * (np.log(both) - np.log(v)[i] / 2 - np.log(v)[j] / 2)
    else:
        v = np.maximum(variances, FLOOR)
        logs = np.log(v).sum(axis=1)
        rows = [
            _diagonal(means[a] - means[a + 1 :], (v[a] + v[a + 1 :]) / 2) for a in range(len(v) - 1)
        ]
        D = np.concatenate(rows) - (logs[i] + logs[j]) / 4
    return -2 * float(np.exp(-D).sum())


def _diagonal(apart: np.ndarray, both: np.ndarray) -> np.ndarray:
    """Return d' S^-1 d / 8 + log |S| / 2 for each row of differences (m, k) and variances S (m,
    k).
    """
    return (apart**2 / both).sum(axis=1) / 8 + np.log(both).sum(axis=1) / 2
