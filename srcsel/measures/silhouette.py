"""MSC, the mean silhouette coefficient: whether whole groups of pictures stand apart."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Literal

import numpy as np

from srcsel.base.errors import InputError
from srcsel.measures._base import measure, permutations
from srcsel.measures.kernels.all_pairs import read_all
from srcsel.measures.kernels.blocks import blocks
from srcsel.measures.kernels.class_sums import class_sums
from srcsel.measures.kernels.distance_sums import DistanceSums, root_distances
from srcsel.measures.kernels.pairs import ZERO, Pairs
from srcsel.measures.kernels.prepare import Preparation
from srcsel.measures.kernels.shared import Shared
from srcsel.measures.kernels.subsets import on_subsets

ROUNDING = 1e-13  # mean distances below this share of the largest squared length count as zero
ROUNDING_SINGLE = 3e-7  # the same where they come from float32 products
NULL_PICTURES = 5000  # pictures whose coefficients make up the null, evenly spread over the classes

Metric = Literal["cosine", "euclidean"]


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
    pairs = _pairs(shared or Shared(X, y), metric, preparation)
    own = permutations(y)[:, pairs.order]  # (p, n)
    n, classes = len(y), int(y.max()) + 1
    counts = np.tile(np.bincount(y, minlength=classes), (len(own), 1))
    rows = np.arange(0, n, -(-n // NULL_PICTURES))
    total = 0.0
    for at, sums in _sums_by_labelling(pairs, own, rows, classes, metric):
        total += _coefficients(
            sums, pairs.empty[at], own[:, at].T, counts, _zero(pairs, metric)
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
        reader = _Subsets(known, kept, metric)
        read_all([reader])
        return reader.result()

    score = functools.partial(_on_rows, metric=metric)
    return on_subsets(known, kept, preparation, score)


def _on_rows(Z: np.ndarray, y: np.ndarray, *, metric: Metric = "cosine") -> np.ndarray:
    """Score g sets of prepared rows Z (g, n, d) of unit length or zero, y (n,) ascending: (g,)."""
    if metric == "cosine":
        return _unit_scores(Z, y)
    return np.array([each_silhouette(one, y, metric).mean() for one in Z])


def _reader(
    shared: Shared,
    kept: np.ndarray | None,
    *,
    metric: Metric = "cosine",
    preparation: Preparation = "raw",
) -> _Subsets | _Euclidean | None:
    """Pairs are needed by Euclidean distance, and by subsets of raw features."""
    if kept is not None:
        return _Subsets(shared, kept, metric) if preparation == "raw" else None
    return _Euclidean(shared, preparation) if metric == "euclidean" else None


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
        reader = _Euclidean(shared, preparation)
        read_all([reader])
        return reader.each()
    return _each_cosine(_pairs(shared, metric, preparation), shared.y)


def _pairs(shared: Shared, metric: Metric, preparation: Preparation) -> Pairs:
    if metric not in ("cosine", "euclidean"):
        raise InputError(f"metric is 'cosine' or 'euclidean', not '{metric}'.")
    return shared.cosine(preparation) if metric == "cosine" else shared.euclidean(preparation)


def _zero(pairs: Pairs, metric: Metric) -> float:
    """Mean distance below which there is none."""
    if metric == "euclidean":
        return float(ROUNDING * np.sqrt(2 * pairs.q.max()))
    return max((ROUNDING_SINGLE if pairs.single else ROUNDING) * float(pairs.q.max()), ZERO)


def _each_cosine(pairs: Pairs, y: np.ndarray) -> np.ndarray:
    """Without pairs, O(n c d): the distances of i to a class add up to (m q_i + sum q) / 2 - w_i .
    sum w.
    """
    own = y[pairs.order]
    classes = int(y.max()) + 1
    counts = np.bincount(y, minlength=classes)
    s = np.empty(len(y))
    for rows, sums in _cosine_sums(pairs, own[None], None, classes):
        s[pairs.order[rows]] = _coefficients(
            sums, pairs.empty[rows], own[rows, None], counts[None], _zero(pairs, "cosine")
        )[:, 0]
    return s


def _unit_scores(Z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Score g sets of unit or zero rows Z (g, n, d) by cosine, y ascending, in their precision,
    (g,): distances to a class sum to m - z . sum z.
    """
    starts = np.flatnonzero(np.diff(y, prepend=-1))
    counts = np.diff(starts, append=len(y)).astype(Z.dtype)  # (c,)
    sums = Z @ np.add.reduceat(Z, starts, axis=1).transpose(0, 2, 1)  # (g, n, c)
    np.subtract(counts, sums, out=sums)
    own = np.repeat(np.arange(len(counts)), np.diff(starts, append=len(y)))
    at = slice(None), np.arange(len(y)), own
    a = sums[at] - ~Z.any(axis=2)  # a row without direction is at distance 1 from itself
    size = counts[own]
    a /= np.maximum(size - 1, 1)
    sums /= counts
    sums[at] = np.inf
    b = sums.min(axis=2)
    zero = ROUNDING_SINGLE if Z.dtype == np.float32 else ROUNDING
    a[a < zero] = 0
    b[b < zero] = 0
    largest = np.maximum(a, b)
    s = np.divide(b - a, largest, out=np.zeros_like(a), where=(size > 1) & (largest > 0))
    return s.mean(axis=1, dtype=np.float64)


def _cosine_sums(
    pairs: Pairs, own: np.ndarray, rows: np.ndarray | None, classes: int
) -> Iterator[tuple[np.ndarray | slice, np.ndarray]]:
    """Yield positions among `rows` (m,), None = all, and their summed distances to each class of
    each labelling.

    The sums are (r, g, c).
    """
    W, q = pairs.W, pairs.q
    centers = pairs.class_sums(own, classes)  # (g c, d)
    half = np.concatenate([class_sums(q[:, None], y, classes) for y in own])[:, 0] / 2  # (g c,)
    size = np.concatenate([np.bincount(y, minlength=classes) for y in own]) / 2  # (g c,)
    if len(own) > 1:  # sums over many labellings, each to 1e-7
        half, size = half.astype(W.dtype), size.astype(W.dtype)
    made = 0 if pairs.kept else W.shape[1]  # of a row, beside its sums
    for part in blocks(len(W) if rows is None else len(rows), len(centers) + made):
        at = part if rows is None else rows[part]
        S = (W[at] @ centers.T).astype(half.dtype, copy=False)
        np.subtract(half, S, out=S)
        S += size * q[at, None].astype(half.dtype)
        yield at, S.reshape(len(S), len(own), classes)


def _sums_by_labelling(
    pairs: Pairs, own: np.ndarray, rows: np.ndarray, classes: int, metric: Metric
) -> Iterator[tuple[np.ndarray | slice, np.ndarray]]:
    """Do the same for either metric."""
    if metric == "cosine":
        yield from _cosine_sums(pairs, own, rows, classes)
        return
    for part in blocks(len(rows), len(own) * classes):
        at = rows[part]
        sums = np.zeros((len(at), len(own) * classes))
        for some in blocks(len(pairs.W), len(at) + len(own) * classes):
            members = (own[:, None, some] == np.arange(classes)[:, None]).reshape(
                -1, some.stop - some.start
            )
            sums += root_distances(pairs, at, some) @ members.T.astype(pairs.W.dtype)
        yield at, sums.reshape(len(at), len(own), classes)


class _Euclidean(DistanceSums):
    """The coefficients from all pairs, by Euclidean distance."""

    def __init__(self, shared: Shared, preparation: Preparation) -> None:
        super().__init__(_pairs(shared, "euclidean", preparation), shared.y)

    def each(self) -> np.ndarray:
        """Coefficients (n,), in the order of the pictures."""
        counts = np.bincount(self.own)
        s = np.empty(len(self.own))
        for rows in blocks(len(s), len(counts)):
            own = self.own[rows, None]
            found = _coefficients(
                self.sums[rows, None],
                np.zeros(len(own)),
                own,
                counts[None],
                _zero(self.pairs, "euclidean"),
            )
            s[self.pairs.order[rows]] = found[:, 0]
        return s

    def result(self) -> float:
        """Return the score."""
        return float(self.each().mean())


class _Subsets:
    """Reads the score of each subset of kept (b, n), from whole rows of distances."""

    whole = True

    def __init__(self, shared: Shared, kept: np.ndarray, metric: Metric) -> None:
        self.pairs = _pairs(shared, metric, "raw")
        self._metric: Metric = metric
        self._kept = np.ascontiguousarray(kept[:, self.pairs.order].T)  # (n, b)
        y = shared.y[self.pairs.order]
        self._edges = np.flatnonzero(np.diff(y, prepend=-1, append=-1))  # (c + 1,)
        self._counts = np.add.reduceat(self._kept, self._edges[:-1], axis=0, dtype=np.int64)
        shares = np.repeat(1 / np.maximum(self._counts, 1), np.diff(self._edges), axis=0)
        # of a mean distance to the pictures kept of each class
        self._weights = np.multiply(self._kept, shares).astype(self.pairs.W.dtype)  # (n, b)
        self._zero = _zero(self.pairs, metric)
        self._totals = np.zeros(len(kept))
        self.filled = (self._totals,)

    def take(self, rows: slice, columns: slice, H: np.ndarray) -> np.ndarray:
        """Sum of the coefficients of these rows, (b,)."""
        cosine = self._metric == "cosine"
        D = H if cosine else root_distances(self.pairs, rows, columns, H)
        a = np.zeros((len(D), len(self._totals)), D.dtype)  # (r, b)
        b = np.full_like(a, np.inf)
        for counts, (start, stop) in zip(
            self._counts, itertools.pairwise(self._edges), strict=True
        ):
            means = D[:, start:stop] @ self._weights[start:stop]  # (r, b)
            if not counts.all():
                means[:, counts == 0] = np.inf
            first, last = np.clip((start - rows.start, stop - rows.start), 0, len(D))
            for others in (slice(0, first), slice(last, len(D))):
                np.minimum(b[others], means[others], out=b[others])
            if first < last:
                own = means[first:last] * counts.astype(D.dtype)
                if cosine:  # a row without direction is at distance 1 from itself
                    own -= self.pairs.empty[rows][first:last, None]
                a[first:last] = own / np.maximum(counts - 1, 1).astype(D.dtype)
        a[a < self._zero] = 0
        b[b < self._zero] = 0
        largest = np.maximum(a, b)
        defined = self._defined(rows) & (largest > 0)
        b -= a
        return np.divide(b, largest, out=np.zeros_like(a), where=defined).sum(
            axis=0, dtype=np.float64
        )

    def _defined(self, rows: slice) -> np.ndarray:
        """Whether each of the rows is kept with a partner, (r, b)."""
        own = np.searchsorted(self._edges, np.arange(rows.start, rows.stop), side="right") - 1
        return self._kept[rows] & (self._counts > 1)[own]

    def add(self, rows: slice, columns: slice, part: np.ndarray) -> None:  # noqa: ARG002
        """Add sums (b,) in float64."""
        self._totals += part

    def result(self) -> np.ndarray:
        """Return the scores, (b,)."""
        return self._totals / self._kept.sum(axis=0)


def _coefficients(
    sums: np.ndarray, itself: np.ndarray, own: np.ndarray, counts: np.ndarray, zero: float
) -> np.ndarray:
    """Return s of each picture in each labelling, (r, g), from its summed distances to every class,
    sums (r, g, c).
    """
    inside = np.maximum(own, 0)[..., None]  # (r, g, 1)
    size = np.take_along_axis(np.broadcast_to(counts, sums.shape), inside, axis=2)[..., 0]  # (r, g)
    a = np.take_along_axis(sums, inside, axis=2)[..., 0] - itself[:, None].astype(sums.dtype)
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
