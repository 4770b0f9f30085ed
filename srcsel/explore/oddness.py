"""Odd ones out: pictures that are far from everything.

What counts is how far a picture is from its six nearest, compared with its class, in the mean of
all models. Measured by putting single pictures of one of these sets into another: 59 % and 68 % of
them are found, and of a set's own pictures one to four in a thousand are listed. On the features as
they are 6 to 8 % fewer are found.
"""

from __future__ import annotations

import numpy as np

from srcsel.base.records import Suspect
from srcsel.explore.mislabeled import of_models
from srcsel.measures.kernels.blocks import blocks
from srcsel.measures.knn import neighbors

# robust standard deviations by which a picture is farther from its neighbours than its class
ODD = 2.0
NEAREST = 6  # neighbours that this looks at
ENOUGH = 10  # pictures of a class that say how far is usual; of smaller ones, the whole set says it


def oddness(Z: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How much farther each picture is from its neighbours than is usual in its class, (n,), in
    standard deviations.

    Z (n, k) whitened. Robust: log of the mean cosine distance to the six nearest, less its median,
    over 1.4826 times its median deviation, in the picture's class, or among all pictures where the
    class has fewer than 10.
    """
    U = Z / np.sqrt(Z.shape[1])
    near = neighbors(U, min(NEAREST, len(U) - 1))
    away = np.empty(len(U))
    for rows in blocks(len(U), near.shape[1] * U.shape[1]):
        away[rows] = 1 - np.einsum("id,ikd->ik", U[rows], U[near[rows]]).mean(axis=1)
    away = np.log(np.maximum(away, 1e-6))
    z = _robust(away)
    for c in np.flatnonzero(np.bincount(labels) >= ENOUGH):
        z[labels == c] = _robust(away[labels == c])
    return z


def _robust(values: np.ndarray) -> np.ndarray:
    apart = values - np.median(values)
    spread = 1.4826 * np.median(np.abs(apart))
    return apart / spread if spread > 0 else np.zeros_like(values)


def odd_ones(away: np.ndarray) -> tuple[Suspect, ...]:
    """List the pictures that are far from everything in the mean of all models and in half of them;
    away (m, n).
    """
    strength, agree = away.mean(axis=0), (away > ODD).sum(axis=0)
    rows = np.flatnonzero((strength > ODD) & (2 * agree >= len(away)))
    rows = rows[np.argsort(-strength[rows], kind="stable")]
    return tuple(
        Suspect(row, _far(count, len(away)), count, strength=far)
        for row, count, far in zip(
            rows.tolist(), agree[rows].tolist(), strength[rows].tolist(), strict=True
        )
    )


def _far(agree: int, asked: int) -> str:
    return (
        f"{of_models(agree, asked)} find{'s' if agree == 1 or asked == 1 else ''} nothing like it"
    )
