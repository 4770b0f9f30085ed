"""Davies-Bouldin index: how much each class overlaps with the one most like it."""

from __future__ import annotations

import math

import numpy as np

from srcsel.base.errors import NotAvailable
from srcsel.measures._base import measure, permutations
from srcsel.measures.kernels.class_sums import subset_sums
from srcsel.measures.kernels.prepare import centered

ROUNDING = 1e-13  # averages closer than this share of the largest feature are one


def _null(X: np.ndarray, y: np.ndarray, _value: float) -> float:
    """Mean over fixed label permutations."""
    W = centered(X)
    return float(np.nanmean([_index(W, own) for own in permutations(y)]))


def _rechecks(X: np.ndarray, y: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Score each subset of kept (b, n), from class sums: |x - m|^2 = |x|^2 - 2 x.m + |m|^2."""
    W = centered(X)
    q = np.einsum("ij,ij->i", W, W)
    found = np.empty(len(kept))
    for part, counts, sums in subset_sums(W, y, kept):
        means = sums / np.maximum(counts, 1)[:, :, None]  # (b', c, d)
        lengths = (means**2).sum(axis=2)  # (b', c)
        spread = np.zeros_like(counts)
        for c in range(counts.shape[1]):
            rows = y == c
            squares = q[rows] - 2 * (means[:, c] @ W[rows].T) + lengths[:, c, None]
            spread[:, c] = (kept[part][:, rows] * np.sqrt(np.maximum(squares, 0))).sum(axis=1)
        spread /= np.maximum(counts, 1)
        found[part] = [
            _overlap(m[n > 0], s[n > 0]) for m, s, n in zip(means, spread, counts, strict=True)
        ]
    return np.where(np.isfinite(found), found, np.nanmax(found, initial=0.0))


@measure(
    title="Davies-Bouldin index",
    higher_is_better=False,
    bounds=(0.0, math.inf),
    paper="https://doi.org/10.1109/TPAMI.1979.4766909",
    wide_bias=False,
    null=_null,
    rechecks=_rechecks,
)
def davies_bouldin(X: np.ndarray, y: np.ndarray) -> float:
    """How much each class overlaps with the class most like it, on average.

    For classes i and j, R_ij = (s_i + s_j) / |m_i - m_j|, with m the class average and s the mean
    Euclidean distance of its pictures to it. The score is the mean over classes of their largest R.
    From 0 up, LOWER is better; 0 = every class is a single point. Blind to the scale and to
    rotations of the features.

    Edges: not available where two class averages coincide, as R is then infinite or undefined
    (scikit-learn ignores such a pair, and gives features that see no difference between any
    pictures a perfect 0). A picture alone in its class has s = 0.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: mean over 20 label permutations, the same for every model.

    Davies & Bouldin 1979, https://doi.org/10.1109/TPAMI.1979.4766909, with p = 2, q = 1; as
    scikit-learn's davies_bouldin_score.
    """
    value = _index(centered(X), y)
    if not math.isfinite(value):
        raise NotAvailable(
            "Two classes have the same average feature, so their overlap is not defined."
        )
    return value


def _index(W: np.ndarray, y: np.ndarray) -> float:
    """Score centred features W (n, d); NaN where two averages coincide."""
    groups = [W[y == c] for c in range(y.max() + 1)]
    means = np.stack([members.mean(axis=0) for members in groups])  # (c, d)
    spread = [
        np.linalg.norm(members - m, axis=1).mean() for members, m in zip(groups, means, strict=True)
    ]
    return _overlap(means, np.array(spread))


def _overlap(means: np.ndarray, spread: np.ndarray) -> float:
    """Mean over classes of the largest R, from class averages (c, d) and their spread (c,)."""
    worst = []
    for i, mean in enumerate(means):
        distance = np.linalg.norm(np.delete(means, i, axis=0) - mean, axis=1)
        if distance.min(initial=math.inf) <= ROUNDING:
            return math.nan
        worst.append(((spread[i] + np.delete(spread, i)) / distance).max(initial=0.0))
    return float(np.mean(worst))
