"""Scores of many subsets of the pictures, each prepared as if it were all: several at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from srcsel.measures.kernels.blocks import over_cores
from srcsel.measures.kernels.prepare import DIRECTIONS, Preparation, prepare
from srcsel.measures.kernels.shared import Shared

STRIP = 96  # rows of pairs at once that a measure may hold of every subset
# pairs so held of subsets that are scored at once: they stay in a core's cache, and are enough that
# threads seldom ask for the interpreter, whose handing over costs as much as a small operation
TOGETHER = 640_000
PARTS = 8  # at least, where there are as many subsets: cores end at the same time
LOST = 1e-12  # of the longest squared length, in float32
# largest condition of a subset's Gram matrix at which no direction can be rounding
SOUND = 1e6


def on_subsets(
    known: Shared,
    kept: np.ndarray,
    preparation: Preparation,
    score: Callable[[np.ndarray, np.ndarray, slice], np.ndarray],
) -> np.ndarray:
    """Return the scores of each subset of kept (b, n) bool, its pictures prepared as if they were
    all, (b, ...).

    `score` gets those of g subsets that keep as many of every class, by class, with their labels
    and which they are: (g, m, d'), (m,) ascending and a slice, and returns (g, ...). Whitened ones
    are right up to a rotation, in float32: what is made of them is compared with each other only.
    """
    X, y = known.X[known.order].astype(np.float64, copy=False), known.y[known.order]
    kept = kept[:, known.order]
    d = X.shape[1]
    quick = preparation == "whitened" and d <= DIRECTIONS
    gram, rows = X.T @ X if quick else None, X.astype(np.float32)

    def scored(some: slice) -> np.ndarray:
        group = kept[some]
        labels = y[group[0]]
        if gram is None or d >= len(labels):
            each = (prepare(X[one], preparation).astype(np.float32)[None] for one in group)
            return np.concatenate(
                [score(Z, labels, slice(i, i + 1)) for i, Z in enumerate(each, some.start)]
            )
        Z, sound = _whitened(X, rows, gram, group)
        for i in np.flatnonzero(~sound):
            slowly = prepare(X[group[i]], preparation)
            Z[i] = 0
            Z[i, :, : slowly.shape[1]] = slowly
        return score(Z, labels, some)

    return np.concatenate(list(over_cores(scored, _alike(kept, y))))


def _alike(kept: np.ndarray, y: np.ndarray) -> list[slice]:
    """Cut kept (b, n) of pictures with labels y (n,) ascending into subsets that follow each other
    and keep as many of every class.
    """
    counts = np.add.reduceat(kept, np.flatnonzero(np.diff(y, prepend=-1)), axis=1, dtype=np.int64)
    size = max(1, int(counts[0].sum()))
    most = max(1, min(TOGETHER // (STRIP * size), -(-len(kept) // PARTS)))
    parts, start = [], 0
    for i in range(1, len(kept) + 1):
        if i == len(kept) or i - start == most or (counts[i] != counts[start]).any():
            parts.append(slice(start, i))
            start = i
    return parts


def _whitened(
    X: np.ndarray, rows: np.ndarray, gram: np.ndarray, kept: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Whiten each subset of kept (g, n), of m pictures each, by what it leaves out of the Gram
    matrix (d, d) of all: unit rows (g, m, d) float32, and which of them hold no rounding, (g,).
    """
    g, m = len(kept), int(kept[0].sum())
    inside, outside = (np.nonzero(some)[1].reshape(g, -1) for some in (kept, ~kept))
    means = kept.astype(np.float64) @ X / m  # (g, d)
    out = X[outside]
    grams = gram - out.transpose(0, 2, 1) @ out - m * means[:, :, None] * means[:, None]
    turns, sound = _whitening(grams)
    Z = rows[inside] @ turns.astype(np.float32)
    Z -= (means[:, None] @ turns).astype(np.float32)
    q = np.einsum("gij,gij->gi", Z, Z)
    # a row this much shorter is the mean feature plus rounding
    present = q > LOST * q.max(axis=1, keepdims=True)
    Z *= np.divide(1, np.sqrt(q), out=np.zeros_like(q), where=present)[..., None]
    return Z, sound


def _whitening(grams: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn and scale rows with each Gram matrix (g, d, d) to equal variance in all directions, (g,
    d, d); and whether no direction holds rounding, (g,).
    """
    try:
        inverse = np.linalg.inv(np.linalg.cholesky(grams))
    except np.linalg.LinAlgError:
        if len(grams) == 1:
            return np.zeros_like(grams), np.zeros(1, dtype=bool)
        turns, sound = zip(*(_whitening(one[None]) for one in grams), strict=True)
        return np.concatenate(turns), np.concatenate(sound)
    # the product of both traces is no less than the condition
    spread = np.trace(grams, axis1=1, axis2=2) * np.einsum("gij,gij->g", inverse, inverse)
    return inverse.transpose(0, 2, 1), spread < SOUND
