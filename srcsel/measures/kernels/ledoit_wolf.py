"""How much of a covariance is noise: the Ledoit-Wolf estimate, from sums that a Gram matrix has.

scikit-learn's `ledoit_wolf_shrinkage` takes the features themselves and works in blocks of d x d;
measures here have the smaller of W'W and WW' at hand, or the spectrum. Equal to it (tests).
"""

from __future__ import annotations

import numpy as np


def shrinkage(q: np.ndarray, size: float, d: int) -> tuple[float, float]:
    """Return (a, mean): a, 0..1, how far the covariance S of centred features W (n, d) is drawn
    towards `mean` times the identity.

    q (n,): squared lengths of the rows of W. size: |S|^2, S = W'W / n. Ledoit & Wolf 2004, 3.3,
    https://doi.org/10.1016/S0047-259X(03)00096-4.
    """
    n = len(q)
    mean = float(q.sum()) / (n * d)  # the average variance
    distance = size - d * mean**2  # |S - mean I|^2, d times theirs
    error = (float((q * q).sum()) / n - size) / n
    return (min(max(error, 0.0), distance) / distance if distance > 0 and d > 1 else 0.0), mean
