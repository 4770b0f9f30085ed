"""Principal components at their own scale, for measures that reduce features before they fit
anything.
"""

from __future__ import annotations

import numpy as np

# a spread below this share of the largest value is rounding of features that are all the same
CONSTANT = 1e-14
ROUNDING = 1e-7  # directions this much shorter than the first are rounding of the Gram matrix


def principal(X: np.ndarray, most: int) -> tuple[np.ndarray, float]:
    """Return Z (n, k), X minus its mean in its first k = min(most, n, d) principal directions, over
    a scale.

    The scale (the largest absolute value of X) is returned beside Z: Z times it has the unit of X.
    """
    from scipy.linalg import eigh

    W, scale = centered_over_scale(X)
    n, d = W.shape
    k = min(most, n, d)
    wide = d > n
    gram = W @ W.T if wide else W.T @ W
    last = len(gram) - 1
    # descending
    vectors = np.ascontiguousarray(eigh(gram, subset_by_index=(last + 1 - k, last))[1][:, ::-1])
    return W @ _signed(_lifted(W, vectors) if wide else vectors), scale


def _lifted(W: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Eigenvectors of W W' (n, k) as unit directions of the features, (d, k); those of no length
    are zero.
    """
    V = W.T @ vectors
    length = np.linalg.norm(V, axis=0)
    return np.divide(V, length, out=np.zeros_like(V), where=length > ROUNDING * length.max())


def _signed(V: np.ndarray) -> np.ndarray:
    """Directions (d, k) with their largest entry positive, as in scikit-learn: row correlations see
    the sign.
    """
    return V * np.where(V[np.abs(V).argmax(axis=0), np.arange(V.shape[1])] < 0, -1.0, 1.0)


def centered_over_scale(X: np.ndarray) -> tuple[np.ndarray, float]:
    """Return X (n, d) over its largest absolute value, minus its mean row, and that value (1 where
    X is all 0).
    """
    scale = float(max(X.max(), -X.min())) or 1.0
    W = X / scale
    W -= W.mean(axis=0)
    W -= W.mean(axis=0)  # the first mean of a huge offset is itself rounded
    return W, scale
