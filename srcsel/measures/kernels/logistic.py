"""Multinomial logistic regressions with an L2 penalty on parts of the same pictures, all of them at
the same time.

The minimum is that of scikit-learn's `LogisticRegression` on standardised features (tests). The
folds of a cross-validation share their pictures, so each step makes one product for all of them:
features are read once, and products of many columns are several times as fast as those of few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from srcsel.base.threads import one_thread_each
from srcsel.measures.kernels.blocks import over_cores
from srcsel.measures.kernels.curvature import Curvature
from srcsel.measures.kernels.lbfgs import minimum
from srcsel.measures.kernels.standardized import standardized

# largest slope of the mean loss where a fit has converged, a third of scikit-learn's: of 15,000
# predictions from the bundled models' features none was another than at the minimum, of 3,186 from
# features that outnumber pictures 6
SLOPE = 3e-5
BEND = 0.2  # over the classes: how much the loss of a classifier that is mostly right bends


@dataclass(frozen=True, eq=False)
class Rules:
    """What was learned from each part: the class of the largest score."""

    weights: np.ndarray  # (p, c, d) of features less `center`, over `size`
    bias: np.ndarray  # (p, c)
    center: np.ndarray  # (d,)
    size: np.ndarray  # (d,)

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Score rows X (m, d) for every class by every rule, (p, m, c)."""
        found = _products((X - self.center) / self.size, self.weights)
        found += self.bias[:, :, None]
        return found.swapaxes(1, 2)


def learn(
    X: np.ndarray, y: np.ndarray, parts: np.ndarray, strength: float, slope: float = SLOPE
) -> Rules:
    """Learn from each part of the pictures: parts (p, n) bool, X (n, d), y (n,) in 0..c-1.

    Each dimension is standardised by the part. Minimised is strength * (sum of the cross-entropies)
    + |W|^2 / 2, the bias free of charge; of two classes the penalty is that of the difference of
    their weights, as in scikit-learn. A class that a part lacks scores -infinity there. Computed in
    the precision of X.
    """
    Z, usual = standardized(X, parts)
    c = int(y.max()) + 1
    penalties = (2 if c == 2 else 1) / (strength * parts.sum(axis=1))  # (p,)
    curvature = Curvature(Z, BEND / c, float(penalties.mean()))

    def some(own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        loss = _Loss(Z, y, parts[own], usual.means[own], usual.spreads[own], penalties[own])
        return loss.turned(minimum(loss, loss.start, slope, curvature.unbent), np.arange(len(own)))

    with one_thread_each() as cores:
        groups = np.array_split(np.arange(len(parts)), min(cores, len(parts)))
        weights, bias = (
            np.concatenate(made) for made in zip(*over_cores(some, groups), strict=True)
        )
    return Rules(weights, bias, usual.center, usual.size)


class _Loss:
    """The losses of parts (p, n) bool of Z (n, d), whose means and spreads (p, d) and penalties
    (p,) are given, and their slopes, by weights (g, c, d + 1) of the standardised part, the last of
    each class its bias.
    """

    def __init__(
        self,
        Z: np.ndarray,
        y: np.ndarray,
        parts: np.ndarray,
        means: np.ndarray,
        spreads: np.ndarray,
        penalties: np.ndarray,
    ) -> None:
        self._Z, self._means, self._spreads, self._penalties = Z, means, spreads, penalties
        self._inside, c = parts, int(y.max()) + 1
        self._own = slice(None), y, np.arange(len(y))  # of (g, c, n), that of each one's class
        self._share = (parts / parts.sum(axis=1)[:, None]).astype(Z.dtype)  # (p, n)
        there = np.stack([np.bincount(y[own], minlength=c) > 0 for own in parts])  # (p, c)
        self._absent = np.where(there, 0, -np.inf).astype(Z.dtype)
        self.start = np.zeros((len(parts), c, Z.shape[1] + 1), Z.dtype)

    def turned(self, U: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return weights (g, c, d) and biases (g, c) of Z itself."""
        V = U[:, :, :-1] / self._spreads[which, None]
        moved = np.einsum("gd,gcd->gc", self._means[which], V)
        return V, U[:, :, -1] - moved + self._absent[which]

    def __call__(self, U: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the losses (g,) and slopes (g, c, d + 1) of some parts, which (g,)."""
        V, bias = self.turned(U, which)
        E = _products(self._Z, V)  # (g, c, n)
        E += bias[:, :, None]
        E -= E.max(axis=1, keepdims=True)
        value = -E[self._own]  # (g, n)
        np.exp(E, out=E)
        sums = E.sum(axis=1)
        value += np.log(sums)
        share, penalty = self._share[which], self._penalties[which]
        E *= (share / sums)[:, None]
        E[self._own] -= share
        total, slopes = E.sum(axis=2), np.empty_like(U)
        G = (E.reshape(-1, E.shape[2]) @ self._Z).reshape(V.shape)
        G -= self._means[which, None] * total[:, :, None]
        G /= self._spreads[which, None]
        G += penalty[:, None, None].astype(G.dtype) * U[:, :, :-1]
        slopes[:, :, :-1], slopes[:, :, -1] = G, total
        ridge = penalty * np.einsum("gcd,gcd->g", U[:, :, :-1], U[:, :, :-1], dtype=np.float64)
        value = np.where(self._inside[which], value, 0) * share
        return value.sum(axis=1, dtype=np.float64) + ridge / 2, slopes


def _products(Z: np.ndarray, V: np.ndarray) -> np.ndarray:
    """Z (n, d) times each of V (g, c, d), (g, c, n): one product."""
    g, c, d = V.shape
    return (V.reshape(g * c, d) @ Z.T).reshape(g, c, len(Z))
