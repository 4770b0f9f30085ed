"""MSC, the mean silhouette coefficient: whether whole groups of pictures stand apart."""

from __future__ import annotations

import numpy as np

from srcsel.measures._base import measure, permutations
from srcsel.measures.kernels.all_pairs import read_all
from srcsel.measures.kernels.coefficients import (
    Euclidean,
    Metric,
    Subsets,
    coefficients,
    cosine_sums,
    pairs_of,
    sums_by_labelling,
    unit_scores,
    zero_of,
)
from srcsel.measures.kernels.pairs import Pairs
from srcsel.measures.kernels.prepare import Preparation
from srcsel.measures.kernels.shared import Shared
from srcsel.measures.kernels.subsets import on_subsets

NULL_PICTURES = 5000  # pictures whose coefficients make up the null, evenly spread over the classes


def _null(
    X: np.ndarray,
    y: np.ndarray,
    _value: float,
    *,
    metric: Metric = "cosine",
    preparation: Preparation = "raw",
    shared: Shared | None = None,
) -> float:
    """Mean over fixed label permutations; above 5,000 pictures, of 5,000 of them among all."""
    pairs = pairs_of(shared or Shared(X, y), metric, preparation)
    own = permutations(y)[:, pairs.order]  # (p, n)
    n, classes = len(y), int(y.max()) + 1
    counts = np.tile(np.bincount(y, minlength=classes), (len(own), 1))
    rows = np.arange(0, n, -(-n // NULL_PICTURES))
    total = 0.0
    for at, sums in sums_by_labelling(pairs, own, rows, classes, metric):
        total += coefficients(
            sums, pairs.empty[at], own[:, at].T, counts, zero_of(pairs, metric)
        ).sum()
    return float(total / (len(rows) * len(own)))


def _rechecks(
    X: np.ndarray,
    y: np.ndarray,
    kept: np.ndarray,
    *,
    metric: Metric = "cosine",
    preparation: Preparation = "raw",
    shared: Shared | None = None,
) -> np.ndarray:
    """Score each subset of kept (b, n): raw features in one pass over all pairs; else each is
    prepared anew.

    A subset that is prepared anew spreads as fresh pictures would.
    """
    known = shared or Shared(X, y)
    if preparation == "raw":
        reader = Subsets(known, kept, metric)
        read_all([reader])
        return reader.result()
    return on_subsets(known, kept, preparation, lambda Z, y, _: _on_rows(Z, y, metric=metric))


def _on_rows(Z: np.ndarray, y: np.ndarray, *, metric: Metric = "cosine") -> np.ndarray:
    """Score g sets of prepared rows Z (g, n, d) of unit length or zero, y (n,) ascending: (g,)."""
    if metric == "cosine":
        return unit_scores(Z, y)
    return np.array([each_silhouette(one, y, metric).mean() for one in Z])


def _reader(
    shared: Shared,
    kept: np.ndarray | None,
    *,
    metric: Metric = "cosine",
    preparation: Preparation = "raw",
) -> Subsets | Euclidean | None:
    """Pairs are needed by Euclidean distance, and by subsets of raw features."""
    if kept is not None:
        return Subsets(shared, kept, metric) if preparation == "raw" else None
    return Euclidean(shared, preparation) if metric == "euclidean" else None


@measure(
    title="Class separation (MSC)",
    higher_is_better=True,
    bounds=(-1.0, 1.0),
    paper="https://doi.org/10.1016/0377-0427(87)90125-7",
    wide_bias=False,
    cheap=True,
    single=True,
    null=_null,
    rechecks=_rechecks,
    on_rows=_on_rows,
    reader=_reader,
)
def silhouette(
    X: np.ndarray,
    y: np.ndarray,
    *,
    metric: Metric = "cosine",
    preparation: Preparation = "raw",
    shared: Shared | None = None,
) -> float:
    """Mean silhouette coefficient: how much closer pictures are to their own class than to the next
    one.

    For each picture, a is its mean distance to the others of its class, b its mean distance to the
    nearest other class, and s = (b - a) / max(a, b). The score is the mean of s over all pictures.
    Range -1 to 1, higher is better; 0 = the classes lie on top of each other.

    metric: "cosine" (directions, the default) or "euclidean". preparation: "raw" is the literal
    reading of the papers; "centred" and "whitened" remove what all pictures share first (see
    `kernels.prepare.prepare`).

    Edges: a picture alone in its class counts s = 0. A zero row has cosine distance 1 to every
    other. Where all pictures coincide, s = 0.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: mean over 20 label permutations, the same for every model.

    Silhouettes: Rousseeuw 1987, https://doi.org/10.1016/0377-0427(87)90125-7. As a selector of
    source models: Meiseles & Rokach 2020, https://doi.org/10.1109/ACCESS.2019.2963742.
    """
    return float(_each(shared or Shared(X, y), metric, preparation).mean())


def each_silhouette(X: np.ndarray, y: np.ndarray, metric: Metric = "cosine") -> np.ndarray:
    """Each picture's own part of MSC on prepared features X (n, d), (n,), -1..1, higher is better;
    0 if alone.
    """
    return _each(Shared(X, y), metric, "raw")


def _each(shared: Shared, metric: Metric, preparation: Preparation) -> np.ndarray:
    if metric == "euclidean":
        reader = Euclidean(shared, preparation)
        read_all([reader])
        return reader.each()
    return _each_cosine(pairs_of(shared, metric, preparation), shared.y)


def _each_cosine(pairs: Pairs, y: np.ndarray) -> np.ndarray:
    """Without pairs, O(n c d): the distances of i to a class add up to (m q_i + sum q) / 2 - w_i .
    sum w.
    """
    own = y[pairs.order]
    classes = int(y.max()) + 1
    counts = np.bincount(y, minlength=classes)
    s = np.empty(len(y))
    for rows, sums in cosine_sums(pairs, own[None], None, classes):
        s[pairs.order[rows]] = coefficients(
            sums, pairs.empty[rows], own[rows, None], counts[None], zero_of(pairs, "cosine")
        )[:, 0]
    return s
