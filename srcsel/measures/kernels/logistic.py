"""Multinomial logistic regressions with an L2 penalty on parts of the same pictures, all of them at
the same time.

The minimum is that of scikit-learn's `LogisticRegression` on standardised features (tests). The
folds of a cross-validation share their pictures, so each step makes one product for all of them:
features are read once, and products of many columns are several times as fast as those of few.
L-BFGS: Liu & Nocedal 1989, https://doi.org/10.1007/BF01589116.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from srcsel.base.threads import one_thread_each
from srcsel.measures.kernels.blocks import over_cores

STEPS = 200  # most of them; 15 to 40 usually do
SLOPE = 1e-4  # largest slope of the mean loss where a fit has converged, that of scikit-learn
MEMORY = 8  # steps that a fit remembers
HALVINGS = 12  # of a step that does not go down, at most
DOWN = 1e-4  # share of the slope by which a step must go down (Armijo)
ROUNDING = 1e-6  # of the loss: what float32 may make of two equal ones
DOUBTFUL = 0.1  # share of the whole spread below which that of a part is found anew

Loss = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""(weights (g, m), which problems (g,)) -> their losses (g,) and slopes (g, m)."""


@dataclass(frozen=True, eq=False)
class Rules:
    """What was learned from each part: the class of the largest score."""

    weights: np.ndarray  # (p, d, c) of features less `center`, over `size`
    bias: np.ndarray  # (p, c)
    center: np.ndarray  # (d,)
    size: np.ndarray  # (d,)

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Score rows X (m, d) for every class by every rule, (p, m, c)."""
        return _products((X - self.center) / self.size, self.weights) + self.bias[:, None]


def learn(
    X: np.ndarray, y: np.ndarray, parts: np.ndarray, strength: float, slope: float = SLOPE
) -> Rules:
    """Learn from each part of the pictures: parts (p, n) bool, X (n, d), y (n,) in 0..c-1.

    Each dimension is standardised by the part. Minimised is strength * (sum of the cross-entropies)
    + |W|^2 / 2, the bias free of charge; of two classes the penalty is that of the difference of
    their weights, as in scikit-learn. A class that a part lacks scores -infinity there. Computed in
    the precision of X.
    """
    Z, usual = _standardized(X, parts)
    c = int(y.max()) + 1
    with one_thread_each() as cores:
        some = np.array_split(np.arange(len(parts)), min(cores, len(parts)))
        fits = over_cores(
            lambda own: _learn(
                Z, y, parts[own], usual.means[own], usual.spreads[own], c, strength, slope
            ),
            some,
        )
        weights, bias = (np.concatenate(made) for made in zip(*fits, strict=True))
    return Rules(weights, bias, usual.center, usual.size)


def _learn(
    Z: np.ndarray,
    y: np.ndarray,
    parts: np.ndarray,
    means: np.ndarray,
    spreads: np.ndarray,
    c: int,
    strength: float,
    slope: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights (p, d, c) and biases (p, c) learned from parts (p, n) of Z (n, d), whose
    means and spreads (p, d) are given.
    """
    n, d = Z.shape
    counts = parts.sum(axis=1)
    share = (parts / counts[:, None]).astype(Z.dtype)  # (p, n)
    penalty = (2 if c == 2 else 1) / (strength * counts)  # (p,)
    there = np.stack([np.bincount(y[own], minlength=c) > 0 for own in parts])  # (p, c)
    absent = np.where(there, 0, -np.inf).astype(Z.dtype)
    everyone = np.arange(n)

    def turned(flat: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return weights (g, d, c) and biases (g, c) of Z itself."""
        U = flat.reshape(len(which), d + 1, c)
        V = U[:, :-1] / spreads[which, :, None]
        return V, U[:, -1] - np.einsum("gd,gdc->gc", means[which], V) + absent[which]

    def loss(flat: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        V, bias = turned(flat, which)
        E = _products(Z, V) + bias[:, None]  # (g, n, c)
        E -= E.max(axis=2, keepdims=True)
        value = -E[:, everyone, y]  # (g, n)
        np.exp(E, out=E)
        sums = E.sum(axis=2)
        value += np.log(sums)
        E /= sums[:, :, None]
        E[:, everyone, y] -= 1
        E *= share[which, :, None]
        total = E.sum(axis=1)  # (g, c)
        U, slopes = flat.reshape(len(which), d + 1, c), np.empty_like(flat)
        G = slopes.reshape(U.shape)
        G[:, :-1] = (Z.T @ E.transpose(1, 0, 2).reshape(n, -1)).reshape(d, -1, c).swapaxes(0, 1)
        G[:, :-1] -= means[which, :, None] * total[:, None]
        G[:, :-1] /= spreads[which, :, None]
        G[:, :-1] += penalty[which, None, None].astype(Z.dtype) * U[:, :-1]
        G[:, -1] = total
        ridge = penalty[which] * np.einsum("gdc,gdc->g", U[:, :-1], U[:, :-1], dtype=np.float64)
        value = np.where(parts[which], value, 0) * share[which]
        return value.sum(axis=1, dtype=np.float64) + ridge / 2, slopes

    found = _minimum(loss, np.zeros((len(parts), (d + 1) * c), Z.dtype), slope)
    return turned(found, np.arange(len(parts)))


def _products(Z: np.ndarray, V: np.ndarray) -> np.ndarray:
    """Z (n, d) times each of V (g, d, c), (g, n, c): one product."""
    g, d, c = V.shape
    return (Z @ V.transpose(1, 0, 2).reshape(d, g * c)).reshape(len(Z), g, c).swapaxes(0, 1).copy()


@dataclass(frozen=True, eq=False)
class _Usual:
    """What features are less and over, and what each part then has as mean and spread, (p, d)."""

    center: np.ndarray  # (d,)
    size: np.ndarray  # (d,); infinite for a dimension that is constant
    means: np.ndarray
    spreads: np.ndarray  # 1 for a dimension that is constant in the part


def _standardized(X: np.ndarray, parts: np.ndarray) -> tuple[np.ndarray, _Usual]:
    """Return X (n, d) less its mean and over its spread; nothing overflows or loses digits to an
    offset, nor to an outlier that a part lacks.
    """
    largest = np.abs(X).max(axis=0)
    largest[largest == 0] = 1  # squares of huge values cannot overflow
    Z = X / largest
    center = Z.mean(axis=0)
    Z -= center
    more = Z.mean(axis=0)  # the first mean of a huge offset is itself rounded
    Z -= more
    center, size = center + more, Z.std(axis=0)
    constant = 10 * np.finfo(X.dtype).eps
    size[size < constant] = np.inf
    Z /= size
    share = (parts / parts.sum(axis=1, keepdims=True)).astype(X.dtype)
    means = share @ Z  # (p, d)
    spreads = np.sqrt(np.maximum(share @ (Z * Z) - means**2, 0))
    doubtful = np.flatnonzero((spreads < DOUBTFUL).any(axis=0) & np.isfinite(size))
    if len(doubtful):
        D = X[:, doubtful] / largest[doubtful]
        own = np.stack([D[rows].mean(axis=0) for rows in parts])
        wide = np.stack([D[rows].std(axis=0) for rows in parts])
        wide[wide < constant] = np.inf
        tightest = wide.argmin(axis=0), np.arange(len(doubtful))
        center[doubtful], size[doubtful] = own[tightest], wide[tightest]
        Z[:, doubtful] = (D - center[doubtful]) / size[doubtful]
        means[:, doubtful] = (own - center[doubtful]) / size[doubtful]
        spreads[:, doubtful] = np.where(np.isinf(wide), 1, wide) / np.where(
            np.isinf(wide), 1, size[doubtful]
        )
    spreads[:, np.isinf(size)] = 1
    return Z, _Usual(center * largest, size * largest, means, spreads)


def _minimum(loss: Loss, start: np.ndarray, slope: float) -> np.ndarray:
    """Return the minimum of each problem (p, m) from `start` (p, m), by L-BFGS in lock-step."""
    x = start
    everything = np.arange(len(x))
    values, slopes = loss(x, everything)
    past: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []  # steps, bends (p, m), weights (p,)
    for number in range(STEPS):
        open_ = np.abs(slopes).max(axis=1) > slope
        if not open_.any():
            break
        way = _downhill(slopes, past)
        down = _dot(way, slopes)  # (p,) below 0
        if number == 0:
            way /= np.maximum(1, np.sqrt(-down))[:, None].astype(way.dtype)
            down = _dot(way, slopes)
        new, values, bent, moved = _step(loss, x, values, slopes, way, down, open_)
        if not moved.any():
            break
        s, t = new - x, bent - slopes
        bend = _dot(s, t)
        weight = np.divide(1, bend, out=np.zeros_like(bend), where=moved & (bend > 0))
        past = [*past[-MEMORY + 1 :], (s, t, weight)]
        x, slopes = new, bent
    return x


def _step(
    loss: Loss,
    x: np.ndarray,
    values: np.ndarray,
    slopes: np.ndarray,
    way: np.ndarray,
    down: np.ndarray,
    open_: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Go along `way`, half as far where that does not go down; problems that are not open stay.

    Returns where they are then, values, slopes, and which moved.
    """
    new, found, bent, moved = x.copy(), values.copy(), slopes.copy(), np.zeros_like(open_)
    length, left = 1.0, np.flatnonzero(open_)
    for _ in range(HALVINGS):
        trial = x[left] + way[left] * way.dtype.type(length)
        value, gradient = loss(trial, left)
        good = value <= values[left] + DOWN * length * down[left] + ROUNDING * np.abs(values[left])
        done = left[good]
        new[done], found[done], bent[done], moved[done] = (
            trial[good],
            value[good],
            gradient[good],
            True,
        )
        left, length = left[~good], length / 2
        if not len(left):
            break
    return new, found, bent, moved


def _downhill(
    slopes: np.ndarray, past: list[tuple[np.ndarray, np.ndarray, np.ndarray]]
) -> np.ndarray:
    """Return the direction (p, m) of the next step: the two loops of L-BFGS."""
    way = -slopes
    back = []
    for s, t, weight in reversed(past):
        a = weight * _dot(s, way)
        way -= a[:, None].astype(way.dtype) * t
        back.append(a)
    if past:
        s, t, weight = past[-1]
        size = _dot(t, t) * weight  # 1 / the usual scale
        scale = np.divide(1, size, out=np.ones_like(size), where=size > 0)
        way *= scale[:, None].astype(way.dtype)
    for (s, t, weight), a in zip(past, reversed(back), strict=True):
        way += (a - weight * _dot(t, way))[:, None].astype(way.dtype) * s
    return way


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Products of the rows of a and b (p, m), (p,)."""
    return np.einsum("pm,pm->p", a, b).astype(np.float64)
