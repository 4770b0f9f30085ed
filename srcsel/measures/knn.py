"""Nearest neighbours: whether they share a picture's label."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

import numpy as np
from scipy.special import gammaln

from srcsel.errors import InputError
from srcsel.measures._base import measure
from srcsel.measures._pairwise import cosine_distances, cosine_parts, distance_keys, nearest, neighbours

SPARE = 30  # neighbours kept beyond 2 k for the re-checks, so that k of them survive in all but freak subsets


def _null(_X: np.ndarray, y: np.ndarray, _value: float, *, k: int = 5) -> float:
    """Exact expectation over label permutations: k others drawn blindly, whatever the features.

    A picture of class c is right if c gets v of the k votes, every smaller label fewer and every larger at most v.
    The draws that do so are counted by products of polynomials, whose power of x is the number of votes.
    """
    counts = np.bincount(y)
    n, k = len(y), min(k, len(y) - 1)
    draws = [_draws(m, n - 1, k) for m in counts]
    chance = 0.0
    for v in range(1, k + 1):
        smaller = list(accumulate((w[:v] for w in draws), _convolve(k - v), initial=np.ones(1)))
        larger = list(accumulate((w[: v + 1] for w in draws[::-1]), _convolve(k - v), initial=np.ones(1)))[::-1]
        for c, m in enumerate(counts):
            rest = np.convolve(smaller[c], larger[c + 1])  # rest[j]: draws that give j votes to the other labels
            if v < m and k - v < len(rest):
                chance += m / n * _draws(m - 1, n - 1, k)[v] * rest[k - v]
    return float(chance / _draws(n - 1, n - 1, k)[k])


def _rechecks(X: np.ndarray, y: np.ndarray, kept: np.ndarray, *, k: int = 5) -> np.ndarray:
    """Accuracy on each subset of kept (b, n): the first k kept among each picture's stored neighbours."""
    n = len(y)
    stored = min(n - 1, 2 * k + SPARE)
    near = neighbours(X, stored)  # (n, stored)
    return np.array([_on_subset(X, y, near, subset, k) for subset in kept])


@measure(
    title="Nearest neighbours (kNN)",
    higher_is_better=True,
    bounds=(0.0, 1.0),
    paper="https://doi.org/10.1109/TIT.1967.1053964",
    wide_bias=False,
    cheap=True,
    null=_null,
    rechecks=_rechecks,
)
def knn(X: np.ndarray, y: np.ndarray, *, k: int = 5) -> float:
    """Leave-one-out accuracy of a majority vote among the k nearest other pictures, by cosine distance.

    Range 0 to 1, higher is better. k: 5 by default; n - 1 at most.

    Edges: a picture is left out of its own vote by its index, so copies of it vote. Equal votes go to the
    smallest label (in sorted order); equal distances (to 4e-12 of the largest) to the earlier picture. A picture
    alone in its class always counts as wrong. A zero row has distance 1 to every other.

    Null: exact, the expectation over all label permutations; it depends on the class sizes alone.

    Nearest-neighbour classification: Cover & Hart 1967, https://doi.org/10.1109/TIT.1967.1053964.
    """
    if k < 1:
        raise InputError(f"k must be at least 1, got {k}.")
    return float(_right(y[neighbours(X, min(k, len(y) - 1))], y, y.max() + 1).mean())


def _right(votes: np.ndarray, truth: np.ndarray, classes: int) -> np.ndarray:
    """Whether the majority of votes (n, k) names the truth (n,): (n,) bool. Label `classes` stands for no vote."""
    n = len(truth)
    cells = votes + (classes + 1) * np.arange(n)[:, None]
    counts = np.bincount(cells.ravel(), minlength=n * (classes + 1)).reshape(n, classes + 1)
    return counts[:, :classes].argmax(axis=1) == truth


def _on_subset(X: np.ndarray, y: np.ndarray, near: np.ndarray, kept: np.ndarray, k: int) -> float:
    """Accuracy on one subset, kept (n,) bool."""
    members = np.flatnonzero(kept)
    k = min(k, len(members) - 1)
    classes = int(y.max()) + 1
    inside = kept[near[members]]  # (m, stored)
    order = np.cumsum(inside, axis=1)
    votes = np.where(inside & (order <= k), y[near[members]], classes)
    right = _right(votes, y[members], classes)
    short = np.flatnonzero(order[:, -1] < k)
    if len(short):
        right[short] = _exactly(X, y, members, members[short], k)
    return float(right.mean())


def _exactly(X: np.ndarray, y: np.ndarray, members: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    """Do the same for `rows` whose stored neighbours did not suffice, from their distances to everyone."""
    W, q = cosine_parts(X)
    keys = distance_keys(cosine_distances(W, q, rows), q)  # (r, n); each key carries its column
    keys[np.arange(len(rows)), rows] = np.iinfo(np.int64).max
    return _right(y[nearest(keys[:, members], k)], y[rows], int(y.max()) + 1)


def _convolve(degree: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return a product of two polynomials up to `degree`."""
    return lambda a, b: np.convolve(a, b)[: degree + 1]


def _draws(count: int, total: int, k: int) -> np.ndarray:
    """Weights of drawing 0..k of `count` pictures: binomial at rate k / total, as choose(count, j) would overflow."""
    j = np.arange(min(k, count) + 1)
    rate = k / (total + 1)
    log_choose = gammaln(count + 1) - gammaln(j + 1) - gammaln(count - j + 1)
    return np.exp(log_choose + j * np.log(rate) + (count - j) * np.log1p(-rate))
