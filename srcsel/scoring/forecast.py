"""A learning curve continued: what accuracy to expect with more pictures, and between what it lies.

The share of errors is taken to fall as an inverse power of the pictures learned from, towards a
floor: a + b * x ** -c (C. Cortes et al., NIPS 1993). It is fitted by least squares with weights
that grow with x (R. Figueroa et al., BMC Med. Inform. Decis. Mak. 2012, 12:8), once for each of
many draws of pictures and trainings; the draws' forecasts give the interval. That alone is a little
too narrow, as no curve is exactly of this form: it is widened by WIDER, with which
`benchmarks/learning_curve.py` finds nine of ten measured gains inside.
"""

from __future__ import annotations

import numpy as np

from srcsel.base.records import Accuracy, Ahead, Curve, CurvePoint
from srcsel.scoring.curve import Learned
from srcsel.scoring.reached import Reached, accuracies

TIMES = (1.5, 2.0, 3.0, 4.0)  # as many pictures as there are; no farther than was tried
WIDER = 1.25
REPEATS = 300  # draws of pictures and trainings
POWERS = np.geomspace(0.05, 1.0, 40)  # of c
FEWEST = 4  # numbers of pictures below which nothing is continued: the form has three unknowns
INSIDE = (0.05, 0.5, 0.95)
SEED = 0


def curve(learned: Learned, labels: np.ndarray, fold: np.ndarray, groups: np.ndarray) -> Curve:
    """Return the points, each with the interval that the run's accuracy has, and what lies ahead.

    labels, fold, groups: (n,); copies of a picture share a number of `groups`.
    """
    means = learned.right.mean(axis=1)  # (s, n), share of the draws
    told = [_accuracy(learned.model, right, labels, fold, groups) for right in means]
    points = tuple(
        CurvePoint(float(k), a.mean, a.low, a.high) for k, a in zip(learned.each, told, strict=True)
    )
    if len(points) < FEWEST:
        return Curve(learned.model, points)
    draws = resampled(learned, groups, np.array([a.mean for a in told]))
    return Curve(learned.model, points, _ahead(learned.each, draws, points[-1]))


def resampled(learned: Learned, groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the accuracies (REPEATS, s) that other pictures and trainings could give, around
    `values` (s,): pictures are drawn with replacement, copies together, and so are the trainings.
    """
    rng = np.random.default_rng(SEED)
    names, place = np.unique(groups, return_inverse=True)
    sizes, draws, _ = learned.right.shape
    even = np.full(len(names), 1 / len(names))
    weights = rng.multinomial(len(names), even, size=REPEATS)[:, place]  # (REPEATS, n)
    every = learned.right @ weights.T / weights.sum(axis=1)  # (s, draws, REPEATS)
    taken = rng.integers(0, draws, (sizes, draws, REPEATS))
    found = np.take_along_axis(every, taken, axis=1).mean(axis=1)  # (s, REPEATS)
    return (values[:, None] + found - found.mean(axis=1, keepdims=True)).T


def fit(each: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Return a, b, c of a + b * each ** -c for each row of errors (r, s), (r, 3); a, b >= 0 and c
    one of POWERS. Squares count by the pictures learned from, each (s,).
    """
    weight = each / each.sum()
    best = np.full(len(errors), np.inf)
    found = np.zeros((len(errors), 3))
    middle = errors @ weight
    for c in POWERS:
        falling = each**-c  # (s,)
        mean = falling @ weight
        spread = weight * (falling - mean)
        b = np.maximum(errors @ spread / (falling @ spread), 0)
        a = middle - b * mean
        through = np.maximum(errors @ (weight * falling) / (weight @ falling**2), 0)
        a, b = np.where(a < 0, 0, a), np.where(a < 0, through, b)
        missed = (errors - a[:, None] - b[:, None] * falling) ** 2 @ weight
        better = missed < best
        best[better] = missed[better]
        found[better] = np.stack([a, b, np.full(len(a), c)], axis=1)[better]
    return found


def _accuracy(
    model: str, right: np.ndarray, labels: np.ndarray, fold: np.ndarray, groups: np.ndarray
) -> Accuracy:
    """Say how often it was right, right (n,) in 0..1, as a run says it."""
    splits = tuple(range(int(fold.max()) + 1))
    rows = tuple(np.flatnonzero(fold == s) for s in splits)
    reached = Reached((model,), splits, rows, tuple(right[None, at] for at in rows), groups)
    return accuracies(reached, (), labels)[0]


def _ahead(each: np.ndarray, draws: np.ndarray, now: CurvePoint) -> tuple[Ahead, ...]:
    _, b, c = fit(each, 1 - draws).T

    def left(pictures: float) -> np.ndarray:
        return b * pictures**-c

    found = []
    for times in TIMES:
        there = times * now.each
        low, gain, high = np.quantile(left(now.each) - left(there), INSIDE).tolist()
        low, high = gain - WIDER * (gain - low), gain + WIDER * (high - gain)
        low, gain, high = (min(one, 1 - now.value) for one in (low, gain, high))
        value = now.value + gain
        below = np.hypot(now.value - now.low, gain - low)
        above = np.hypot(now.high - now.value, high - gain)
        found.append(
            Ahead(
                times,
                there,
                value,
                float(max(0.0, value - below)),
                float(min(1.0, value + above)),
                gain,
                low,
                high,
            )
        )
    return tuple(found)
