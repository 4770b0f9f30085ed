"""The supervised contrastive loss of whitened subsets that keep most of a set, without comparing
their pictures with each other.

Of exp(x) = 1 + x + x^2 / 2 + rest, what comes before the rest sums up to moments of a subset's own
rows. The rest, which is small where the temperature is not, is that of the same pairs among all
pictures. What is left out, how whitening anew moves the rest, is 2 % of how far subsets lie apart
(deviation of the difference) at 480 pictures and a temperature of 0.5, and most of it at 0.1:
whoever asks compares some subsets with their own pairs.
"""

from __future__ import annotations

import numpy as np

from srcsel.measures.kernels.blocks import edges, over_cores
from srcsel.measures.kernels.subsets import STRIP


class NearLoss:
    """The loss of each subset of kept (b, n) from unit or zero rows Z (n, k) of all pictures, in
    the same order.
    """

    def __init__(self, Z: np.ndarray, kept: np.ndarray, temperature: float) -> None:
        self._temperature = temperature
        self._kept = kept
        R, members = (Z / np.sqrt(temperature)).astype(np.float32), kept.T.astype(np.float32)

        def to_those_kept(some: slice) -> np.ndarray:
            x = R[some] @ R.T
            rest = np.exp(x)
            rest -= x
            rest -= 1
            x *= x
            x *= np.float32(0.5)
            rest -= x
            rest[np.arange(len(rest)), np.arange(some.start, some.stop)] = 0
            return rest @ members

        # in strips, which stay in a core's cache
        self._rest = np.concatenate([*over_cores(to_those_kept, edges(len(R), STRIP))]).T  # (b, n)

    def __call__(self, Z: np.ndarray, y: np.ndarray, some: slice) -> np.ndarray:
        """Score these subsets from their own rows Z (g, m, k), y (m,) ascending: (g,)."""
        t, (own, anchors) = self._temperature, own_kind(Z, y)
        q = np.einsum("gij,gij->gi", Z, Z)
        across = Z @ (Z.transpose(0, 2, 1) @ Z / np.float32(2 * t * t))
        across += Z.sum(axis=1, keepdims=True) / np.float32(t)
        totals = np.einsum("gij,gij->gi", across, Z)
        totals += len(y) - 1 - q / t - q**2 / (2 * t * t)  # a picture is not among the others
        totals += self._rest[some][self._kept[some]].reshape(totals.shape)
        return np.log(totals[:, anchors]).mean(axis=1, dtype=np.float64) - own / t


def own_kind(Z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean over anchors of their mean similarity to their partners, of g sets of unit or
    zero rows Z (g, n, d) with y (n,) ascending: (g,); and who is an anchor, (n,) bool.
    """
    starts = np.flatnonzero(np.diff(y, prepend=-1))
    counts = np.diff(starts, append=len(y))  # (c,)
    sums = np.add.reduceat(Z, starts, axis=1, dtype=np.float64)  # (g, c, d)
    inside = np.add.reduceat(np.einsum("gij,gij->gi", Z, Z), starts, axis=1)
    partners = counts > 1
    own = ((sums**2).sum(axis=2) - inside)[:, partners] / (counts[partners] - 1)
    anchors = np.repeat(partners, counts)
    return own.sum(axis=1) / anchors.sum(), anchors
