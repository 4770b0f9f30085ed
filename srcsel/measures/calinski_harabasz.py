"""Calinski-Harabasz index: how far apart the class averages lie, against the spread inside the
classes.
"""

from __future__ import annotations

import math

import numpy as np

from srcsel.base.errors import NotAvailable
from srcsel.measures._base import measure
from srcsel.measures.kernels.class_sums import subset_sums
from srcsel.measures.kernels.prepare import centered

COINCIDE = 1e-26  # spread inside the classes below this share of the whole is rounding
CLOSEST = 1e-12  # the least such share that a subset is given


def _null(_X: np.ndarray, _y: np.ndarray, _value: float) -> float:
    """Ratio of the two expectations over all label permutations, each of them exact: 1 at any
    width.
    """
    return 1.0


def _rechecks(X: np.ndarray, y: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Score each subset of kept (b, n), exactly: the spread inside is the whole spread minus that
    between.
    """
    W = centered(X)
    whole = kept @ np.einsum("ij,ij->i", W, W)  # (b,)
    found = np.empty(len(kept))
    for part, counts, sums in subset_sums(W, y, kept):
        m = counts.sum(axis=1)
        offset = (sums.sum(axis=1) ** 2).sum(axis=1) / m
        between = ((sums**2).sum(axis=2) / np.maximum(counts, 1)).sum(axis=1) - offset
        total = whole[part] - offset
        inside = np.maximum(total - between, CLOSEST * total)
        present = (counts > 0).sum(axis=1)
        found[part] = np.divide(between, inside, out=np.zeros_like(m), where=inside > 0)
        found[part] *= (m - present) / np.maximum(present - 1, 1)
    return found


@measure(
    title="Calinski-Harabasz index",
    higher_is_better=True,
    bounds=(0.0, math.inf),
    paper="https://doi.org/10.1080/03610927408827101",
    wide_bias=False,
    null=_null,
    rechecks=_rechecks,
)
def calinski_harabasz(X: np.ndarray, y: np.ndarray) -> float:
    """How far the class averages lie from each other, compared with how far pictures lie from their
    class average.

    [ sum_c n_c |m_c - m|^2 / (c - 1) ] / [ sum_i |x_i - m_(class of i)|^2 / (n - c) ] for class
    averages m_c and the overall average m, Euclidean. From 0 up, higher is better; 1 = chance. It
    grows with the number of pictures, so compare only within one set of pictures. Blind to the
    scale and to rotations of the features.

    Edges: not available where the pictures of every class coincide, as the ratio is then infinite
    or undefined (scikit-learn returns 1). A picture alone in its class counts as a class of one.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: 1, the ratio of the two mean squares expected over all label permutations.

    Calinski & Harabasz 1974, https://doi.org/10.1080/03610927408827101, equation for the variance
    ratio criterion; as scikit-learn's calinski_harabasz_score.
    """
    W = centered(X)
    n, classes = len(y), int(y.max()) + 1
    between = inside = 0.0
    for c in range(classes):
        members = W[y == c]
        center = members.mean(axis=0)
        between += len(members) * float(center @ center)
        inside += float(((members - center) ** 2).sum())
    if inside <= COINCIDE * between:
        raise NotAvailable(
            "The pictures of every class have the same features, so the ratio of spreads is"
            " undefined."
        )
    return between / (classes - 1) / (inside / (n - classes))
