"""LDA: how often a linear rule from class averages and one shared spread names pictures it has not
seen.
"""

from __future__ import annotations

import math

import numpy as np

from srcsel.measures._base import measure
from srcsel.measures.kernels import folds
from srcsel.measures.kernels.ledoit_wolf import shrinkage

FOLDS = 5
SEED = 0  # of the folds
DRAWS = 3  # label permutations behind the null, where it has no closed form
RIDGE = 1e-12  # least shrinkage, where the data ask for none
SOUND = 1e-8  # least ratio of what shrinkage adds at which the smaller system keeps its digits
ROUNDING = 1e-14  # a dimension that varies less than this within a class is constant there


def _null(X: np.ndarray, y: np.ndarray, _value: float) -> float:
    """Accuracy to expect where labels carry no information: 1 / c for classes of one size."""
    return folds.chance(X, y, FOLDS, SEED, _say, DRAWS)


def _rechecks(X: np.ndarray, y: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Accuracy on the pictures of each subset of kept (b, n), each as predicted from all the other
    folds.
    """
    right, stay = _right(X, y)
    inside = kept[:, stay].astype(np.float64)
    return inside @ right / inside.sum(axis=1)


@measure(
    title="Linear discriminant (LDA)",
    higher_is_better=True,
    bounds=(0.0, 1.0),
    accuracy=True,
    paper="https://doi.org/10.1016/S0047-259X(03)00096-4",
    wide_bias=False,
    null=_null,
    rechecks=_rechecks,
)
def lda(X: np.ndarray, y: np.ndarray) -> float:
    """How often linear discriminant analysis names the right class of pictures it has not learnt
    from.

    Five-fold cross-validated accuracy (fewer folds where the smallest class has fewer pictures),
    stratified, the folds drawn with a fixed seed. From 0 to 1, higher is better. The rule assumes
    that all classes spread alike around their averages; that spread is estimated with Ledoit-Wolf
    shrinkage, found for each class, so that more dimensions than pictures are no special case.
    Accuracy on the pictures learnt from would be 1 there.

    Edges: pictures alone in their class are dropped; not available where fewer than two classes
    remain. A larger class is the more probable one, by its share. Equal scores go to the smallest
    label.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: 1 / c for classes of one size; else what the predictions learnt from 3 label permutations
    reach by chance. Re-checks count each subset's pictures as the full cross-validation predicted
    them, so their spread holds the luck of the pictures tested, not that of the pictures learnt
    from.

    Fisher 1936, https://doi.org/10.1111/j.1469-1809.1936.tb02137.x; shrinkage: Ledoit & Wolf 2004,
    https://doi.org/10.1016/S0047-259X(03)00096-4. As scikit-learn's LinearDiscriminantAnalysis,
    solver "lsqr", shrinkage "auto".
    """
    return float(_right(X, y)[0].mean())


def _right(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether each picture with a partner is named right, and which (n,) bool have one."""
    X, y, stay = folds.with_partners(X, y)
    return _say(X, y, folds.assign(y, FOLDS, SEED)) == y, stay


def _say(X: np.ndarray, y: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Name the class of each picture from the other folds, (n,)."""
    return folds.predictions(X, y, fold, _predict)


def _predict(X: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Name the class of each new picture, (m,).

    The spread within classes is A'A + diag(v): what the pictures show, and what shrinkage adds.
    """
    n, d = X.shape
    classes = int(y.max()) + 1
    means, added, A = np.empty((classes, d)), np.full(d, RIDGE), np.empty_like(X)
    for c in range(classes):
        own = y == c
        members = X[own]
        means[c] = members.mean(axis=0)
        W, spread, a, mean = _shrunk(members - means[c])
        A[own] = math.sqrt((1 - a) / n) * spread * W
        added += len(members) / n * a * mean * spread**2
    weights = _solved(A, added, means.T)  # (d, c)
    offsets = np.log(np.bincount(y) / n) - np.einsum("cd,dc->c", means, weights) / 2
    return (new @ weights + offsets).argmax(axis=1)


def _shrunk(W: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Ledoit-Wolf estimate for centred W (n, d), with every dimension in units of its own spread.

    Returns W in these units, them (d,), and how far the covariance of W is drawn towards which
    multiple of the identity.
    """
    n, d = W.shape
    spread = np.sqrt((W**2).mean(axis=0))
    spread[spread < ROUNDING] = 1
    W = W / spread
    S = (W @ W.T if d > n else W.T @ W) / n
    a, mean = shrinkage(np.einsum("ij,ij->i", W, W), float((S * S).sum()), d)
    return W, spread, a, mean


def _solved(A: np.ndarray, added: np.ndarray, B: np.ndarray) -> np.ndarray:
    """(A'A + diag(added))^-1 B, (d, c), for A (n, d), by the smaller of two systems (Woodbury
    1950).
    """
    from scipy.linalg import cho_factor, cho_solve

    n, d = A.shape
    if d <= n or added.min() < SOUND * added.max():
        within = A.T @ A
        within[np.diag_indices(d)] += added
        return cho_solve(cho_factor(within), B)
    Q = A / added  # (n, d)
    small = Q @ A.T
    small[np.diag_indices(n)] += 1
    divided = B / added[:, None]
    return divided - Q.T @ cho_solve(cho_factor(small), A @ divided)
