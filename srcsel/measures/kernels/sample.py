"""A stratified sample of pictures, for measures whose cost grows with the pairs."""

from __future__ import annotations

import numpy as np

SEED = 0  # the same pictures for every model
# pictures of a class that the sample keeps where there are as many, unless classes are too many
FEWEST = 2


def stratified(
    y: np.ndarray, most: int, fewest: int = 0, rng: np.random.Generator | None = None
) -> np.ndarray:
    """Return about `most` indices (m,), sorted, the same share of each class of y (n,); all of them
    where n <= most.

    fewest: pictures of a class that are kept where it has as many; 0 = FEWEST, or 1 where classes
    are too many for that. rng: None draws the same pictures for every model.
    """
    if len(y) <= most:
        return np.arange(len(y))
    rng = rng or np.random.default_rng(SEED)
    classes = np.unique(y)
    fewest = fewest or (FEWEST if FEWEST * len(classes) <= most else 1)
    chosen = []
    for c in classes:
        members = np.flatnonzero(y == c)
        size = min(len(members), max(fewest, round(most / len(y) * len(members))))
        chosen.append(rng.choice(members, size, replace=False))
    return np.sort(np.concatenate(chosen))
