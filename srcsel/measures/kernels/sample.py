"""A stratified sample of pictures, for measures whose cost grows with the pairs."""

from __future__ import annotations

import numpy as np

SEED = 0  # the same pictures for every model
# pictures of a class that the sample keeps where there are as many, unless classes are too many
FEWEST = 2


def stratified(y: np.ndarray, most: int) -> np.ndarray:
    """Return about `most` indices, sorted, the same share of each class of y (n,); all of them
    where n <= most.
    """
    if len(y) <= most:
        return np.arange(len(y))
    rng = np.random.default_rng(SEED)
    classes = np.unique(y)
    fewest = FEWEST if FEWEST * len(classes) <= most else 1
    chosen = []
    for c in classes:
        members = np.flatnonzero(y == c)
        size = min(len(members), max(fewest, round(most / len(y) * len(members))))
        chosen.append(rng.choice(members, size, replace=False))
    return np.sort(np.concatenate(chosen))
