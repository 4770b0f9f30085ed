"""Sums over all other pictures of the exponential of their similarity: what a contrastive loss is
made of.
"""

from __future__ import annotations

import numpy as np

from srcsel.measures.kernels.pairs import Pairs

WARM = 0.05  # temperature from which the exponentials of a loss are safe in float32


class ExpSums:
    """Reads log sum over j != i of exp(cosine_ij / temperature) for every i."""

    def __init__(self, pairs: Pairs, temperature: float, kept: np.ndarray | None = None) -> None:
        """With kept (b, n) bool also over each subset of the pictures."""
        self.pairs, self.temperature, self.whole = pairs, temperature, kept is not None
        n = len(pairs.W)
        self._totals = np.zeros((n, 1 if kept is None else 1 + len(kept)))
        self.filled = (self._totals,)
        self.members = None
        if kept is not None:
            self.members = np.ones((n, 1 + len(kept)), dtype=pairs.W.dtype)
            self.members[:, 1:] = kept.T[pairs.order]

    def take(
        self, rows: slice, columns: slice, H: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the sums of the rows of a tile H (r, s), (r, 1 + b), and of its columns, (s, 1 +
        b), where the mirror image counts.
        """
        E = np.multiply(H, H.dtype.type(-1 / self.temperature))
        np.exp(E, out=E)
        mirrored = columns.start >= rows.stop
        if not mirrored:
            E[np.arange(len(E)), np.arange(rows.start, rows.stop) - columns.start] = 0
        if self.members is not None:
            return E @ self.members[columns], E.T @ self.members[rows] if mirrored else None
        return E.sum(axis=1)[:, None], E.sum(axis=0)[:, None] if mirrored else None

    def add(self, rows: slice, columns: slice, part: tuple[np.ndarray, np.ndarray | None]) -> None:
        """Add what `take` gave, (r, 1 + b) and (s, 1 + b), in float64."""
        self._totals[rows] += part[0]
        if part[1] is not None:
            self._totals[columns] += part[1]

    def logs(self) -> np.ndarray:
        """Return the logs for all pictures and then for each subset, (n, 1 + b), in the order of
        the pictures.
        """
        found = np.empty_like(self._totals)
        with np.errstate(divide="ignore"):  # a subset that holds no other picture
            found[self.pairs.order] = np.log(self._totals) + 1 / self.temperature
        return found
