"""A learning curve continued: what accuracy to expect with more pictures, and between what it lies.

The share of errors is taken to fall as an inverse power of the pictures learned from, towards a
floor: a + b * x ** -c (C. Cortes et al., NIPS 1993). It is fitted by least squares with weights
that grow with x (R. Figueroa et al., BMC Med. Inform. Decis. Mak. 2012, 12:8), once for each of
many draws of pictures and trainings. An interval is for the gain that would then be measured: the
draws' forecasts, joined with the chance of which pictures it is measured on. No curve is exactly of
that form, so the draws' part is made wider, the farther ahead the more; by how much was chosen with
`benchmarks/learning_curve.py`, which counts measured gains inside (docs/scores.md).
"""

from __future__ import annotations

import numpy as np

from srcsel.base.records import Accuracy, Ahead, Curve, CurvePoint
from srcsel.scoring.curve import Learned
from srcsel.scoring.reached import Reached, accuracies

TIMES = (1.5, 2.0, 3.0, 4.0)  # as many pictures as there are; no farther than was tried
WIDER = 1.2  # times, for each doubling of the pictures
REPEATS = 300  # draws of pictures and trainings
POWERS = np.geomspace(0.05, 0.5, 30)  # of c
FEWEST = 4  # numbers of pictures below which nothing is continued: the form has three unknowns
INSIDE = (0.05, 0.5, 0.95)
SPREAD = 1.645  # standard deviations on either side that hold 90 % of a normal distribution
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
    return Curve(learned.model, points, _ahead(learned, draws, points[-1], groups))


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


def _ahead(
    learned: Learned, draws: np.ndarray, now: CurvePoint, groups: np.ndarray
) -> tuple[Ahead, ...]:
    _, b, c = fit(learned.each, 1 - draws).T
    found = []
    for times in TIMES:
        gains = b * now.each**-c * (1 - times**-c)
        low, gain, high = np.quantile(gains, INSIDE).tolist()
        wider, chance = WIDER ** np.log2(times), _chance(learned, groups, times)
        low = gain - np.hypot(wider * (gain - low), chance)
        high = gain + np.hypot(wider * (high - gain), chance)
        low, gain, high = (float(min(one, 1 - now.value)) for one in (low, gain, high))
        value = now.value + gain
        below = np.hypot(now.value - now.low, gain - low)
        above = np.hypot(now.high - now.value, high - gain)
        span = float(max(0.0, value - below)), float(min(1.0, value + above))
        found.append(Ahead(times, times * now.each, value, *span, gain, low, high))
    return tuple(found)


def _chance(learned: Learned, groups: np.ndarray, times: float) -> float:
    """Return half of a 90 % interval for a gain by the pictures it is measured on, `times` as many:
    as much as learning from all instead of half of them differs from picture to picture.
    """
    half = int(np.abs(learned.each - learned.each[-1] / 2).argmin())
    apart = learned.right[-1, 0].astype(float) - learned.right[half, 0]  # (n,) -1, 0 or 1
    return float(SPREAD * np.sqrt(apart.var() / (times * len(np.unique(groups)))))
