"""H-score: how much of the features' spread lies between the classes."""

from __future__ import annotations

import math

import numpy as np

from srcsel.measures._base import measure
from srcsel.measures.kernels.prepare import centered

NOISE = 1e-6  # singular values below this share of the largest are float32 rounding, not content
# down to this share of the largest, the Gram matrix gives directions that need no second pass
EXACT = 1e-4


def _null(X: np.ndarray, y: np.ndarray, _value: float) -> float:
    """Exact expectation over all label permutations: rank (c - 1) / (n - 1)."""
    squares = np.linalg.eigvalsh(_scaled(X)[1])
    return int(_content(squares).sum()) * int(y.max()) / (len(y) - 1)


@measure(
    title="H-score",
    higher_is_better=True,
    bounds=(0.0, math.inf),
    paper="https://doi.org/10.1109/ICIP.2019.8803726",
    wide_bias=True,
    null=_null,
)
def hscore(X: np.ndarray, y: np.ndarray) -> float:
    """How much of the features' spread is explained by the class averages, counted over all
    directions at once.

    H = trace(cov(X)^+ cov(E[X | class])), the sum of the squared canonical correlations between
    features and classes. From 0 to min(rank, c - 1) for c classes and the rank of the centred
    features; higher is better. Blind to the scale of the features and to any invertible linear map
    of them.

    It grows with the feature width: n pictures in n - 1 or more independent dimensions give c - 1
    whatever they show. Compare the value with its null, or read the regularised H-score instead.

    Computed as sum over classes of |U' 1_c|^2 / n_c, with U an orthonormal basis of the centred
    features, so that the bounds hold. The pseudo-inverse of published code (rcond = 1e-15) counts
    rounding noise as directions and exceeds them.

    Edges: rank counts singular values above 1e-6 of the largest, each dimension first scaled to
    unit variance. Constant features score 0. A picture alone in its class counts as a class of one.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: exact, rank (c - 1) / (n - 1), the expectation over all label permutations. No re-checks:
    200 decompositions would take too long, and few directions do not stand for all.

    Bao et al. 2019, https://doi.org/10.1109/ICIP.2019.8803726, definition 2.
    """
    T = (y[:, None] == np.arange(y.max() + 1)).astype(np.float64)  # (n, c)
    coordinates = _coordinates(X, T)  # (r, c)
    value = float((coordinates**2 / T.sum(axis=0)).sum())
    return min(value, float(min(len(coordinates), y.max())))


def _coordinates(X: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Return U'T for T (n, c) and an orthonormal basis U (n, r) of the centred columns of X (n,
    d).
    """
    from scipy.linalg import cholesky, solve_triangular

    W, gram = _scaled(X)
    n, d = W.shape
    squares, vectors = np.linalg.eigh(gram)
    keep = _content(squares)
    squares, vectors = squares[keep], vectors[:, keep]
    if d > n:
        return vectors.T @ T
    if len(squares) == 0 or squares[0] >= EXACT**2 * squares[-1]:
        return vectors.T @ (W.T @ T) / np.sqrt(squares)[:, None]
    # small directions are not quite orthogonal yet, but well scaled
    U = W @ (vectors / np.sqrt(squares))
    return solve_triangular(cholesky(U.T @ U, lower=True), U.T @ T, lower=True)


def _scaled(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """W (n, d'), X centred, every dimension that varies of length 1, and the smaller of W'W and
    WW'.
    """
    W = centered(X)
    lengths = np.linalg.norm(W, axis=0)  # (d,)
    W = W[:, lengths > 0]
    W /= lengths[lengths > 0]
    n, d = W.shape
    return W, W.T @ W if d <= n else W @ W.T


def _content(squares: np.ndarray) -> np.ndarray:
    """Which squared singular values, ascending, are more than rounding: bool."""
    return squares > NOISE**2 * squares[-1:]
