"""Regularised H-score: the spread between classes, with the covariance shrunk so that width does
not pay.
"""

from __future__ import annotations

import math

import numpy as np

from srcsel.measures._base import measure
from srcsel.measures.kernels.blocks import over_cores
from srcsel.measures.kernels.ledoit_wolf import shrinkage
from srcsel.measures.kernels.prepare import centered
from srcsel.measures.kernels.shared import Shared

# leading principal directions that the re-checks keep: their deviations then agree to 0.97
DIRECTIONS = 192
RIDGE = 1e-13  # least shrinkage, as a share of the total variance: where the data ask for none


def _null(X: np.ndarray, y: np.ndarray, _value: float, *, shared: Shared | None = None) -> float:
    """Exact expectation over all label permutations, from the eigenvalues of the shrunk
    covariance.
    """
    known = shared or Shared(X, y)
    squares, (n, d) = known.spectrum.squares, X.shape
    if not len(squares):
        return 0.0
    keep, ridge = _shrinkage(known.lengths(), float((squares**2).sum()), n, d)
    return (
        keep
        / (n - 1)
        * int(y.max())
        / (n - 1)
        * float((squares / (keep / n * squares + ridge)).sum())
    )


def _rechecks(
    X: np.ndarray, y: np.ndarray, kept: np.ndarray, *, shared: Shared | None = None
) -> np.ndarray:
    """Score each subset of kept (b, n), within the leading 192 principal directions of all
    pictures.

    Shrinkage is found anew from the lengths of the whole features. Only deviations from the mean
    are used.
    """
    known = shared or Shared(X, y)
    Z, q = known.leading(DIRECTIONS)[0], known.lengths()  # (n, k), (n,)
    gram = Z.T @ Z
    T = (y[:, None] == np.arange(y.max() + 1)).astype(np.float64)  # (n, c)
    return np.array(
        list(over_cores(lambda k: _on_subset(Z, q, gram, T, k, X.shape[1]), list(kept)))
    )


@measure(
    title="Regularised H-score",
    higher_is_better=True,
    bounds=(0.0, math.inf),
    paper="https://arxiv.org/abs/2110.06893",
    wide_bias=False,
    spectrum=True,
    null=_null,
    rechecks=_rechecks,
)
def regularized_hscore(X: np.ndarray, y: np.ndarray, *, shared: Shared | None = None) -> float:
    """How much of the features' spread is explained by the class averages, with small directions
    held down.

    (1 - a) trace(S_a^-1 cov(E[X | class])), where S_a = (1 - a) S + a (trace(S) / d) I is the
    Ledoit-Wolf estimate of the covariance. From 0 to about c - 1 for c classes; higher is better.
    The shrinkage a, between 0 and 1, is found from the features alone: many dimensions and few
    pictures give a near 1, so that pure noise scores near 0 however wide it is. Blind to the scale
    and to rotations of the features.

    Covariances as in the paper's code: S divides by n, that of the class averages by n - 1.

    Edges: constant features score 0. A picture alone in its class counts as a class of one.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: exact, the expectation over all label permutations. Re-checks find the shrinkage of each
    subset anew and keep the leading 192 principal directions of all pictures; only their deviations
    are used.

    Ibrahim, Ponomareva & Mazumder 2022, https://arxiv.org/abs/2110.06893, equation 8; shrinkage:
    Ledoit & Wolf 2004, https://doi.org/10.1016/S0047-259X(03)00096-4.
    """
    from scipy.linalg import cho_factor, cho_solve

    if shared is not None:
        return _from_spectrum(shared, y)
    W = centered(X)
    n, d = W.shape
    gram = _gram(W)
    if not gram.any():
        return 0.0
    keep, ridge = _shrinkage(_lengths(W), float((gram * gram).sum()), n, d)
    T = (y[:, None] == np.arange(y.max() + 1)).astype(np.float64)  # (n, c)
    M = gram @ T if d > n else W.T @ T  # the dual: m' S^-1 m for m = W't is t' K (..K..)^-1 t
    right = T if d > n else M
    solved = cho_solve(cho_factor(keep / n * gram + ridge * np.eye(len(gram))), right)
    return float(keep / (n - 1) * ((M * solved).sum(axis=0) / T.sum(axis=0)).sum())


def _from_spectrum(shared: Shared, y: np.ndarray) -> float:
    """Do the same from the decomposition that other measures use too: the Gram matrix is diagonal
    there.
    """
    squares, (n, d), counts = shared.spectrum.squares, shared.X.shape, np.bincount(y)
    if not len(squares):
        return 0.0
    keep, ridge = _shrinkage(shared.lengths(), float((squares**2).sum()), n, d)
    parts = shared.spectrum.project(y[None], len(counts))[0].T ** 2  # (r, c), each over squares
    return float(keep / (n - 1) * ((squares / (keep / n * squares + ridge)) @ parts / counts).sum())


def _gram(W: np.ndarray) -> np.ndarray:
    """Return the smaller of W'W and WW'."""
    n, d = W.shape
    return W @ W.T if d > n else W.T @ W


def _lengths(W: np.ndarray) -> np.ndarray:
    """Squared row lengths, (n,)."""
    return np.einsum("ij,ij->i", W, W)


def _shrinkage(q: np.ndarray, total: float, n: int, d: int) -> tuple[float, float]:
    """Return 1 - a and a trace(S) / d, from the squared row lengths q (n,) and |W'W|^2."""
    a, mean = shrinkage(q, total / n**2, d)
    return 1 - a, max(a * mean, RIDGE * mean * d)


def _on_subset(
    Z: np.ndarray, q: np.ndarray, gram: np.ndarray, T: np.ndarray, kept: np.ndarray, d: int
) -> float:
    """Score one subset, kept (n,) bool, from what is left out of the Gram matrix of Z (n, k)."""
    from scipy.linalg import cho_factor, cho_solve

    out = ~kept
    m = int(kept.sum())
    sums = Z[kept].T @ T[kept]  # (k, c)
    mean = sums.sum(axis=1) / m  # (k,)
    inner = gram - Z[out].T @ Z[out] - m * np.outer(mean, mean)
    lengths = q[kept] - 2 * (Z[kept] @ mean) + mean @ mean
    keep, ridge = _shrinkage(lengths, float((inner * inner).sum()), m, d)
    counts = T[kept].sum(axis=0)
    M = sums - np.outer(mean, counts)  # (k, c)
    solved = cho_solve(cho_factor(keep / m * inner + ridge * np.eye(len(inner))), M)
    present = counts > 0
    return float(keep / (m - 1) * ((M * solved).sum(axis=0)[present] / counts[present]).sum())
