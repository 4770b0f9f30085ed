"""Nearest neighbours: whether they share a picture's label."""

from __future__ import annotations

import functools
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import numpy as np

from srcsel.base.errors import InputError
from srcsel.measures._base import measure
from srcsel.measures.kernels.all_pairs import read_all
from srcsel.measures.kernels.blocks import edges, over_cores
from srcsel.measures.kernels.nearest import Nearest, distance_keys, nearest
from srcsel.measures.kernels.pairs import Pairs, cosine_pairs
from srcsel.measures.kernels.shared import Shared

# neighbours kept beyond 2 k for the re-checks, so that k of them survive in all but freak subsets
SPARE = 30
FIRST = 7  # of them, beyond k, looked at first: enough for nearly every picture
# neighbours so looked at of subsets that are counted at once: in a core's cache
TOGETHER = 200_000
# votes up to which they are compared with each other instead of counted for each class
FEW_VOTES = 16


def _null(_X: np.ndarray, y: np.ndarray, _value: float, *, k: int = 5) -> float:
    """Exact expectation over label permutations: k others drawn blindly, whatever the features.

    A picture of class c is right if c gets v of the k votes, every smaller label fewer and every
    larger at most v. The draws that do so are counted by products of polynomials, whose power of x
    is the number of votes.
    """
    counts = np.bincount(y)
    n, k = len(y), min(k, len(y) - 1)
    draws = [_draws(m, n - 1, k) for m in counts]
    chance = 0.0
    for v in range(1, k + 1):
        smaller = list(accumulate((w[:v] for w in draws), _convolve(k - v), initial=np.ones(1)))
        larger = list(
            accumulate((w[: v + 1] for w in draws[::-1]), _convolve(k - v), initial=np.ones(1))
        )[::-1]
        for c, m in enumerate(counts):
            # rest[j]: draws that give j votes to the other labels
            rest = np.convolve(smaller[c], larger[c + 1])
            if v < m and k - v < len(rest):
                chance += m / n * _draws(m - 1, n - 1, k)[v] * rest[k - v]
    return float(chance / _draws(n - 1, n - 1, k)[k])


def _rechecks(
    X: np.ndarray, y: np.ndarray, kept: np.ndarray, *, k: int = 5, shared: Shared | None = None
) -> np.ndarray:
    """Accuracy on each subset of kept (b, n): the first k kept among each picture's stored
    neighbours.
    """
    reader = _Votes(shared or Shared(X, y), kept, k)
    read_all([reader])
    return reader.result()


class _Votes(Nearest):
    """Accuracy of the vote from all pairs: of all pictures, or with kept (b, n) in each subset."""

    def __init__(self, shared: Shared, kept: np.ndarray | None, k: int) -> None:
        if k < 1:
            raise InputError(f"k must be at least 1, got {k}.")
        n = len(shared.y)
        stored = min(k, n - 1) if kept is None else max(1, min(n - 1, 2 * k + SPARE))
        super().__init__(shared.cosine(), stored)
        self._y, self._kept, self._voters = shared.y, kept, k

    def result(self) -> Any:
        """Share of right votes: a float, or (b,)."""
        near, y = self.found(), self._y
        if self._kept is None:
            return float(_right(y[near], y, y.max() + 1).mean())
        together = max(1, TOGETHER // (len(y) * (self._voters + FIRST)))
        on_subsets = functools.partial(_on_subsets, self.pairs, y, near, k=self._voters)
        groups = [self._kept[some] for some in edges(len(self._kept), together)]
        return np.concatenate([*over_cores(on_subsets, groups)] or [np.empty(0)])


def _reader(shared: Shared, kept: np.ndarray | None, *, k: int = 5) -> _Votes:
    return _Votes(shared, kept, k)


@measure(
    title="Nearest neighbours (kNN)",
    higher_is_better=True,
    bounds=(0.0, 1.0),
    paper="https://doi.org/10.1109/TIT.1967.1053964",
    wide_bias=False,
    accuracy=True,
    cheap=True,
    single=True,
    null=_null,
    rechecks=_rechecks,
    reader=_reader,
)
def knn(X: np.ndarray, y: np.ndarray, *, k: int = 5) -> float:
    """Leave-one-out accuracy of a majority vote among the k nearest other pictures, by cosine
    distance.

    Range 0 to 1, higher is better. k: 5 by default; n - 1 at most.

    Edges: a picture is left out of its own vote by its index, so copies of it vote. Equal votes go
    to the smallest label (in sorted order); equal distances (to 4e-12 of the largest) to the
    earlier picture. A picture alone in its class always counts as wrong. A zero row has distance 1
    to every other.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: exact, the expectation over all label permutations; it depends on the class sizes alone. A
    score's null is the share of the largest class where that is more, as for every accuracy.

    Nearest-neighbour classification: Cover & Hart 1967, https://doi.org/10.1109/TIT.1967.1053964.
    """
    reader = _Votes(Shared(X, y), None, k)
    read_all([reader])
    return reader.result()


def neighbors(X: np.ndarray, k: int) -> np.ndarray:
    """Find the indices of each picture's k nearest others by cosine distance, nearest first, (n,
    k).

    A picture is excluded from its own list by its index, so copies of it count. Ties go to the
    lower index.
    """
    reader = Nearest(cosine_pairs(X, np.arange(len(X))), k)
    read_all([reader])
    return reader.found()


def _right(votes: np.ndarray, truth: np.ndarray, classes: int) -> np.ndarray:
    """Whether the majority of votes (n, k) names the truth (n,): (n,) bool.

    Label `classes` stands for no vote.
    """
    n, k = votes.shape
    if k <= FEW_VOTES:  # the most frequent vote, and of those the smallest label
        counts = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
        counts[votes == classes] = 0
        best = (counts * (classes + 1) - votes).argmax(axis=1)
        return votes[np.arange(n), best] == truth
    cells = votes + (classes + 1) * np.arange(n)[:, None]
    counts = np.bincount(cells.ravel(), minlength=n * (classes + 1)).reshape(n, classes + 1)
    return counts[:, :classes].argmax(axis=1) == truth


def _on_subsets(
    pairs: Pairs, y: np.ndarray, near: np.ndarray, kept: np.ndarray, *, k: int
) -> np.ndarray:
    """Accuracy on each subset of kept (g, n) bool, (g,)."""
    sizes = kept.sum(axis=1)
    if len(kept) > 1 and sizes.min() <= k:  # each has as many voters as there are others
        return np.concatenate([_on_subsets(pairs, y, near, one[None], k=k) for one in kept])
    k, classes = min(k, int(sizes[0]) - 1), int(y.max()) + 1
    subset, member = np.nonzero(kept)  # of every picture kept, (r,)
    right = np.zeros(len(member), dtype=bool)
    open_ = np.arange(len(member))  # whose k neighbours are not found yet
    for width in (k + FIRST, near.shape[1]):
        own = near[member[open_], :width]
        inside = kept[subset[open_, None], own]  # (r, width)
        order = np.cumsum(inside, axis=1, dtype=np.int32)
        enough = order[:, -1] >= k
        chosen = (inside & (order <= k))[enough]
        done = open_[enough]
        right[done] = _right(y[own[enough][chosen].reshape(-1, k)], y[member[done]], classes)
        open_ = open_[~enough]
        if not len(open_):
            break
    for i in np.unique(subset[open_]):
        rows = open_[subset[open_] == i]
        right[rows] = _exactly(pairs, y, np.flatnonzero(kept[i]), member[rows], k)
    return np.bincount(subset, right, len(kept)) / sizes


def _exactly(
    pairs: Pairs, y: np.ndarray, members: np.ndarray, rows: np.ndarray, k: int
) -> np.ndarray:
    """Do the same for `rows` whose stored neighbours did not suffice, from their distances to
    everyone.
    """
    place = np.argsort(pairs.order)  # of each picture
    # (r, m); each key carries its picture
    keys = distance_keys(pairs, place[rows])[:, place[members]]
    return _right(y[nearest(keys, k)], y[rows], int(y.max()) + 1)


def _convolve(degree: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return a product of two polynomials up to `degree`."""
    return lambda a, b: np.convolve(a, b)[: degree + 1]


def _draws(count: int, total: int, k: int) -> np.ndarray:
    """Weights of drawing 0..k of `count` pictures: binomial at rate k / total, as choose(count, j)
    would overflow.
    """
    from scipy.special import gammaln

    j = np.arange(min(k, count) + 1)
    rate = k / (total + 1)
    log_choose = gammaln(count + 1) - gammaln(j + 1) - gammaln(count - j + 1)
    return np.exp(log_choose + j * np.log(rate) + (count - j) * np.log1p(-rate))
