"""MSC, the mean silhouette coefficient: whether whole groups of pictures stand apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np

from srcsel.errors import InputError
from srcsel.measures._base import measure, permutations
from srcsel.measures._pairwise import ZERO, blocks, cosine_parts, euclidean_distances, euclidean_parts
from srcsel.measures._prepare import Preparation, prepare

ROUNDING = 1e-13  # mean distances below this share of the largest squared length count as zero

Metric = Literal["cosine", "euclidean"]
Groups = list[tuple[np.ndarray, np.ndarray]]  # for each class: columns (m,), their membership (m, g) bool


def _null(
    X: np.ndarray, y: np.ndarray, _value: float, *, metric: Metric = "cosine", preparation: Preparation = "raw"
) -> float:
    """Mean over fixed label permutations."""
    own = permutations(y)  # (p, n)
    everyone = np.arange(len(y))
    groups = [(everyone, (own == c).T) for c in range(y.max() + 1)]
    return float(_silhouettes(prepare(X, preparation), own, groups, metric).mean())


def _rechecks(
    X: np.ndarray, y: np.ndarray, kept: np.ndarray, *, metric: Metric = "cosine", preparation: Preparation = "raw"
) -> np.ndarray:
    """Score each subset of kept (b, n); it is prepared anew, so that the spread is that of fresh pictures."""
    if preparation != "raw":
        return np.array([silhouette.function(X[k], y[k], metric=metric, preparation=preparation) for k in kept])
    groups = [(np.flatnonzero(y == c), kept[:, y == c].T) for c in range(y.max() + 1)]
    return _silhouettes(X, np.where(kept, y, -1), groups, metric)


@measure(
    title="Class separation (MSC)",
    higher_is_better=True,
    bounds=(-1.0, 1.0),
    paper="https://doi.org/10.1016/0377-0427(87)90125-7",
    wide_bias=False,
    cheap=True,
    null=_null,
    rechecks=_rechecks,
)
def silhouette(X: np.ndarray, y: np.ndarray, *, metric: Metric = "cosine", preparation: Preparation = "raw") -> float:
    """Mean silhouette coefficient: how much closer pictures are to their own class than to the next one.

    For each picture, a is its mean distance to the others of its class, b its mean distance to the nearest other
    class, and s = (b - a) / max(a, b). The score is the mean of s over all pictures. Range -1 to 1, higher is
    better; 0 = the classes lie on top of each other.

    metric: "cosine" (directions, the default) or "euclidean". preparation: "raw" is the literal reading of the
    papers; "centred" and "whitened" remove what all pictures share first (see `_prepare.prepare`).

    Edges: a picture alone in its class counts s = 0. A zero row has cosine distance 1 to every other. Where all
    pictures coincide, s = 0.

    Null: mean over 20 label permutations, the same for every model.

    Silhouettes: Rousseeuw 1987, https://doi.org/10.1016/0377-0427(87)90125-7. As a selector of source models:
    Meiseles & Rokach 2020, https://doi.org/10.1109/ACCESS.2019.2963742.
    """
    return float(each_silhouette(prepare(X, preparation), y, metric).mean())


def each_silhouette(X: np.ndarray, y: np.ndarray, metric: Metric = "cosine") -> np.ndarray:
    """Each picture's own part of MSC on prepared features X (n, d), (n,), -1..1, higher is better; 0 if alone."""
    groups = [(np.flatnonzero(y == c), np.ones((int((y == c).sum()), 1), dtype=bool)) for c in np.unique(y)]
    return np.concatenate([s[:, 0] for s in _by_blocks(X, y[None], groups, metric)])


def _silhouettes(X: np.ndarray, own: np.ndarray, groups: Groups, metric: Metric) -> np.ndarray:
    """Score of each of g labellings, (g,). own (g, n): each picture's class, -1 = left out of that labelling."""
    totals = np.zeros(len(own))
    for s in _by_blocks(X, own, groups, metric):
        totals += s.sum(axis=0)
    return totals / (own >= 0).sum(axis=1)


def _by_blocks(X: np.ndarray, own: np.ndarray, groups: Groups, metric: Metric) -> Iterator[np.ndarray]:
    """Yield s of each picture in each labelling, (r, g), block after block of pictures."""
    if metric == "cosine":
        sums, itself, zero = _cosine_sums(X, groups)
    elif metric == "euclidean":
        sums, itself, zero = _euclidean_sums(X, groups)
    else:
        raise InputError(f"metric is 'cosine' or 'euclidean', not '{metric}'.")
    counts = np.stack([members.sum(axis=0) for _, members in groups], axis=1)  # (g, c)
    for rows in blocks(len(X), max(counts.size, 1 if metric == "cosine" else len(X))):
        yield _coefficients(sums(rows), itself[rows], own[:, rows].T, counts, zero)  # (r, g)


def _coefficients(sums: np.ndarray, itself: np.ndarray, own: np.ndarray, counts: np.ndarray, zero: float) -> np.ndarray:
    """Return s of each picture in each labelling, (r, g), from its summed distances to every class, sums (r, g, c)."""
    inside = np.maximum(own, 0)[..., None]  # (r, g, 1)
    size = np.take_along_axis(np.broadcast_to(counts, sums.shape), inside, axis=2)[..., 0]  # (r, g)
    a = np.take_along_axis(sums, inside, axis=2)[..., 0] - itself[:, None]
    a /= np.maximum(size - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        sums /= counts
    sums[:, counts == 0] = np.inf
    np.put_along_axis(sums, inside, np.inf, axis=2)
    b = sums.min(axis=2)
    a[a < zero] = 0
    b[b < zero] = 0
    largest = np.maximum(a, b)
    defined = (own >= 0) & (size > 1) & (largest > 0)
    return np.divide(b - a, largest, out=np.zeros_like(a), where=defined)


Sums = Callable[[slice], np.ndarray]  # rows -> (r, g, c) summed distances to each class


def _cosine_sums(X: np.ndarray, groups: Groups) -> tuple[Sums, np.ndarray, float]:
    """Sum without pairs: the distances of i to a class add up to (m q_i + sum q) / 2 - W_i . sum W. O(n c d)."""
    W, q = cosine_parts(X)
    g, d = groups[0][1].shape[1], W.shape[1]
    centres = np.stack([members.T.astype(float) @ W[columns] for columns, members in groups], axis=1).reshape(
        -1, d
    )  # (g c, d)
    constant = np.stack([members.T.astype(float) @ q[columns] for columns, members in groups], axis=1) / 2  # (g, c)
    half = np.stack([members.sum(axis=0) for _, members in groups], axis=1) / 2  # (g, c)

    def sums(rows: slice) -> np.ndarray:
        S = (W[rows] @ centres.T).reshape(-1, g, len(groups))
        np.subtract(constant, S, out=S)
        S += half * q[rows, None, None]
        return S

    return sums, q - np.einsum("ij,ij->i", W, W), max(ROUNDING * float(q.max()), ZERO)


def _euclidean_sums(X: np.ndarray, groups: Groups) -> tuple[Sums, np.ndarray, float]:
    """By blocks of pairs. O(n^2 d)."""
    W, q = euclidean_parts(X)

    def sums(rows: slice) -> np.ndarray:
        D = euclidean_distances(W, q, rows)
        return np.stack([D[:, columns] @ members.astype(float) for columns, members in groups], axis=2)

    return sums, np.zeros(len(W)), float(ROUNDING * np.sqrt(q.max()))
