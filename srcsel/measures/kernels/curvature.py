"""How the loss of a linear classifier bends on given features, near enough to go downhill by."""

from __future__ import annotations

import numpy as np

DIRECTIONS = 64  # in which features spread most; in the rest they count as spread evenly
OVERSAMPLED = 8  # directions more than asked for, so that those asked for are found well
ROUNDS = 2  # of finding them
FAR = 10.0  # standard deviations beyond which a value is an outlier, which bends nothing
SEED = 0


class Curvature:
    """Bends as bend * C + penalty, for the correlations C of features Z (n, d): in their leading
    directions, found by random projection (Halko, Martinsson & Tropp 2011,
    https://doi.org/10.1137/090771806), and on average in all others.
    """

    def __init__(self, Z: np.ndarray, bend: float, penalty: float) -> None:
        """Take Z (n, d), constant dimensions as 0; n d k operations for k = 64."""
        Z = np.clip(Z, -FAR, FAR)
        Z -= Z.mean(axis=0)
        size = Z.std(axis=0)
        Z /= np.where(size > 0, size, 1)
        n, d = Z.shape
        k = min(d, DIRECTIONS + OVERSAMPLED)
        Q = np.random.default_rng(SEED).standard_normal((d, k)).astype(Z.dtype)
        for _ in range(ROUNDS):
            Q = np.linalg.qr(Z.T @ (Z @ Q))[0]
        spread, turn = np.linalg.eigh((Z @ Q).T @ (Z @ Q) / n)  # (k,), (k, k)
        rest = max(0.0, float(np.count_nonzero(size) - spread.sum())) / max(1, d - k)
        self._directions = Q @ turn  # (d, k)
        self._others = 1 / (bend * rest + penalty)
        self._leading = (1 / (bend * spread + penalty) - self._others).astype(Z.dtype)
        self._bias = 1 / bend

    def unbent(self, slopes: np.ndarray) -> np.ndarray:
        """Divide slopes (g, c, d + 1) by it, the last of each class as that of its bias: steps (g,
        c, d + 1).
        """
        G = slopes[..., :-1].reshape(-1, slopes.shape[-1] - 1)  # (m, d)
        steps = ((G @ self._directions) * self._leading) @ self._directions.T
        steps += G * G.dtype.type(self._others)
        found = np.empty_like(slopes)
        found[..., :-1] = steps.reshape(*slopes.shape[:-1], -1)
        found[..., -1] = slopes[..., -1] * slopes.dtype.type(self._bias)
        return found
