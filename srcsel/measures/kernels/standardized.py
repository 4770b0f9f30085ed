"""Features standardised once for several parts of the pictures, each of which then has a mean and a
spread of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from srcsel.measures.kernels.blocks import blocks

SEEN = 1000  # rows by which the middle of each dimension is found
NOISE = 10  # times the precision: a spread up to it, of a value's size, is rounding
ROUNDING = NOISE * float(np.finfo(np.float64).eps)
DOUBTFUL = 0.1  # share of the whole spread below which that of a part is found anew


@dataclass(frozen=True, eq=False)
class Usual:
    """What features are less and over, and what each part then has as mean and spread, (p, d)."""

    center: np.ndarray  # (d,)
    size: np.ndarray  # (d,); infinite for a dimension that is constant
    means: np.ndarray
    spreads: np.ndarray  # 1 for a dimension that is constant in the part


def standardized(X: np.ndarray, parts: np.ndarray) -> tuple[np.ndarray, Usual]:
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
    constant = NOISE * np.finfo(X.dtype).eps
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
        reach = np.stack([np.abs(D[rows]).max(axis=0) for rows in parts])
        wide[wide <= constant * reach] = np.inf
        tightest = wide.argmin(axis=0), np.arange(len(doubtful))
        center[doubtful], size[doubtful] = own[tightest], wide[tightest]
        Z[:, doubtful] = (D - center[doubtful]) / size[doubtful]
        means[:, doubtful] = (own - center[doubtful]) / size[doubtful]
        spreads[:, doubtful] = np.where(np.isinf(wide), 1, wide) / np.where(
            np.isinf(wide), 1, size[doubtful]
        )
    spreads[:, np.isinf(size)] = 1
    return Z, Usual(center * largest, size * largest, means, spreads)


def narrowed(X: np.ndarray) -> np.ndarray:
    """Return X (n, d) in float32, moved and scaled by dimension where X is wider, so that no digit
    is lost to an offset and nothing overflows: to what is standardised it is all the same.
    """
    if X.dtype.kind == "f" and X.dtype.itemsize <= np.dtype(np.float32).itemsize:
        return X.astype(np.float32, copy=False)
    middle = np.median(X[:: max(1, len(X) // SEEN)].astype(np.float64), axis=0)
    half = np.float64(0.5)  # of both: their difference cannot overflow
    found = np.empty(X.shape, np.float32)
    largest = np.zeros(X.shape[1])
    for some in blocks(*X.shape):
        np.maximum(largest, np.abs(X[some] * half - middle * half).max(axis=0), out=largest)
    largest[largest <= ROUNDING * np.abs(middle)] = np.inf  # constant
    for some in blocks(*X.shape):
        found[some] = (X[some] * half - middle * half) / largest
    return found
