"""The greatest log evidence of subsets that keep most of a set, from where that of the whole set is
greatest: none of them is decomposed.

In the principal directions of the whole set the Gram matrix of such a subset is nearly diagonal. So
its determinant is taken to second order in what lies beside the diagonal, and its equations are
solved by a few conjugate gradients. The evidence and its letters are those of `kernels.evidence`.
Where classes can be told apart almost exactly, or few pictures make up a direction, that is not
enough: whoever asks compares some subsets with decomposed ones.
"""

from __future__ import annotations

import math

import numpy as np

from srcsel.measures.kernels.evidence import FLOOR

ROUNDS = 4  # of conjugate gradients: what they leave is a hundredth of how subsets differ
FAR = 0.5  # step in u from which the evidence is looked at again where it leads
LONGEST = 1.5  # such a step
FLAT = 1e-9  # least bend of a summit


def greatest_near(subsets: Subsets, u: np.ndarray, bend: np.ndarray) -> np.ndarray:
    """Return the mean over its classes of the greatest evidence / n of each subset, (b,).

    u, bend: (c,) where the evidence of the whole set is greatest, and its second derivative / n
    there.
    """
    n, there = subsets.n, subsets.counts > 0
    bend = np.maximum(-bend * n, FLAT)  # (b, c)
    u = np.broadcast_to(u, there.shape)
    value, slope = subsets.at(u, slice(None))
    step = np.clip(slope / bend, -LONGEST, LONGEST)
    far = np.flatnonzero((np.abs(step) > FAR).any(axis=0))
    if len(far):
        value[:, far], slope[:, far] = subsets.at((u + step)[:, far], far)
        step = np.clip(slope / bend, -LONGEST, LONGEST)
    value += slope * step / 2  # to the summit of a parabola
    mean = np.where(there, value, 0).sum(axis=1) / there.sum(axis=1)
    return mean / n[:, 0] + np.log(n[:, 0] / (2 * math.pi * math.e)) / 2


class Subsets:
    """What the evidence of b subsets is made of; arguments as in `evidence.greatest`, the
    directions those of the whole set.
    """

    def __init__(
        self,
        grams: np.ndarray,
        sums: np.ndarray,
        means: np.ndarray,
        outside: float,
        counts: np.ndarray,
    ) -> None:
        self.counts, self.n = counts, counts.sum(axis=1)[:, None].astype(np.float64)  # (b, c or 1)
        self._sums, self._means, self._outside = sums.swapaxes(1, 2), means[:, :, None], outside
        diagonal = np.arange(grams.shape[1])
        self._own = grams[:, diagonal, diagonal][..., None]  # (b, k, 1)
        self._beside = grams.copy()  # (b, k, k)
        self._beside[:, diagonal, diagonal] = 0
        self._squared = self._beside**2

    def at(self, u: np.ndarray, which: np.ndarray | slice) -> tuple[np.ndarray, np.ndarray]:
        """Return the evidence of some classes, which (q,), up to a constant, and its slope, at
        their own u (b, q); (b, q) each.
        """
        n, outside = self.n, self._outside
        lam = np.exp(u)[:, None]  # (b, 1, q)
        sums = self._sums[:, :, which]  # (b, k, q)
        means = np.broadcast_to(self._means, sums.shape)
        over = 1 / (self._own + lam)  # (b, k, q)
        fit, lever = self._solved(over, lam, np.concatenate([sums, means], axis=2))
        lam = lam[:, 0]
        log_det, d_log_det = self._log_det(over, lam)
        k = 1 + n * ((means * lever).sum(axis=1) + outside / lam)
        dk = -n * (lam * (lever**2).sum(axis=1) + outside / lam)
        counts = self.counts[:, which]
        r, dr = counts / n - (means * fit).sum(axis=1), lam * (fit * lever).sum(axis=1)
        E = counts * (1 - counts / n) - (sums * fit).sum(axis=1) + n * r**2 / k
        dE = lam * (fit**2).sum(axis=1) + n * (2 * r * dr - r**2 * dk / k) / k
        floor = FLOOR * np.maximum(counts, 1)
        dE, E = np.where(floor < E, dE, 0), np.maximum(E, floor)
        value = -(log_det + np.log(k) + n * np.log(E)) / 2
        return value, -(d_log_det + dk / k + n * dE / E) / 2

    def _log_det(self, over: np.ndarray, lam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log determinant of the Gram matrices / lam + 1, and its slope in u, (b, q) each."""
        mixed = over * (self._squared @ over)  # (b, k, q)
        found = np.log1p(self._own / lam[:, None]).sum(axis=1) - mixed.sum(axis=1) / 2
        slope = lam * (over * (1 + mixed)).sum(axis=1) - self._own.shape[1]
        return found, slope

    def _solved(
        self, over: np.ndarray, lam: np.ndarray, right: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Solve (Gram matrix + lam) x = right (b, k, 2 q), q of either kind: (b, k, q) each."""
        over, lam = np.concatenate([over, over], axis=2), np.concatenate([lam, lam], axis=2)
        diagonal = self._own + lam
        x = right * over
        left = -(self._beside @ x)
        way = over * left
        was = (left * way).sum(axis=1, keepdims=True)
        for turn in range(ROUNDS):
            bent = diagonal * way + self._beside @ way
            bend = (way * bent).sum(axis=1, keepdims=True)
            length = np.divide(was, bend, out=np.zeros_like(was), where=bend > 0)
            x += length * way
            if turn + 1 < ROUNDS:
                left -= length * bent
                next_ = over * left
                now = (left * next_).sum(axis=1, keepdims=True)
                way = next_ + np.divide(now, was, out=np.zeros_like(was), where=was > 0) * way
                was = now
        q = x.shape[2] // 2
        return x[:, :, :q], x[:, :, q:]
