"""Silhouette coefficients from summed distances to every class: of all pictures, of subsets of them
and of permuted labels.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Literal

import numpy as np

from srcsel.base.errors import InputError
from srcsel.measures.kernels.blocks import blocks
from srcsel.measures.kernels.class_sums import class_sums
from srcsel.measures.kernels.distance_sums import DistanceSums, root_distances
from srcsel.measures.kernels.pairs import ZERO, Pairs
from srcsel.measures.kernels.prepare import Preparation
from srcsel.measures.kernels.shared import Shared

ROUNDING = 1e-13  # mean distances below this share of the largest squared length count as zero
ROUNDING_SINGLE = 3e-7  # the same where they come from float32 products

Metric = Literal["cosine", "euclidean"]


def pairs_of(shared: Shared, metric: Metric, preparation: Preparation) -> Pairs:
    """All pairs by the metric. Raises InputError for another metric."""
    if metric not in ("cosine", "euclidean"):
        raise InputError(f"metric is 'cosine' or 'euclidean', not '{metric}'.")
    return shared.cosine(preparation) if metric == "cosine" else shared.euclidean(preparation)


def zero_of(pairs: Pairs, metric: Metric) -> float:
    """Mean distance below which there is none."""
    if metric == "euclidean":
        return float(ROUNDING * np.sqrt(2 * pairs.q.max()))
    return max((ROUNDING_SINGLE if pairs.single else ROUNDING) * float(pairs.q.max()), ZERO)


def unit_scores(Z: np.ndarray, y: np.ndarray) -> np.ndarray:
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


def cosine_sums(
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


def sums_by_labelling(
    pairs: Pairs, own: np.ndarray, rows: np.ndarray, classes: int, metric: Metric
) -> Iterator[tuple[np.ndarray | slice, np.ndarray]]:
    """Do the same for either metric: positions (r,) of `rows` and sums (r, g, c)."""
    if metric == "cosine":
        yield from cosine_sums(pairs, own, rows, classes)
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


class Euclidean(DistanceSums):
    """The coefficients from all pairs, by Euclidean distance."""

    def __init__(self, shared: Shared, preparation: Preparation) -> None:
        super().__init__(pairs_of(shared, "euclidean", preparation), shared.y)

    def each(self) -> np.ndarray:
        """Coefficients (n,), in the order of the pictures."""
        counts = np.bincount(self.own)
        s = np.empty(len(self.own))
        for rows in blocks(len(s), len(counts)):
            own = self.own[rows, None]
            found = coefficients(
                self.sums[rows, None],
                np.zeros(len(own)),
                own,
                counts[None],
                zero_of(self.pairs, "euclidean"),
            )
            s[self.pairs.order[rows]] = found[:, 0]
        return s

    def result(self) -> float:
        """Return the score."""
        return float(self.each().mean())


class Subsets:
    """Reads the score of each subset of kept (b, n), from whole rows of distances."""

    whole = True

    def __init__(self, shared: Shared, kept: np.ndarray, metric: Metric) -> None:
        self.pairs = pairs_of(shared, metric, "raw")
        self._metric: Metric = metric
        self._kept = np.ascontiguousarray(kept[:, self.pairs.order].T)  # (n, b)
        y = shared.y[self.pairs.order]
        self._edges = np.flatnonzero(np.diff(y, prepend=-1, append=-1))  # (c + 1,)
        self._counts = np.add.reduceat(self._kept, self._edges[:-1], axis=0, dtype=np.int64)
        shares = np.repeat(1 / np.maximum(self._counts, 1), np.diff(self._edges), axis=0)
        # of a mean distance to the pictures kept of each class
        self._weights = np.multiply(self._kept, shares).astype(self.pairs.W.dtype)  # (n, b)
        self._zero = zero_of(self.pairs, metric)
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


def coefficients(
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
