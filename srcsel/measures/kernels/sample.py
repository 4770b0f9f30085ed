"""A stratified sample of pictures, and an order of pictures that is always the same."""

from __future__ import annotations

import numpy as np

LEADING = 8  # features that put most rows in order
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


def canonical(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the rows of X (n, d), labels y (n,), in an order that depends on what they hold and
    not on where they stand: by the features of the largest range, then by all, then by label; (n,).

    Neither unit nor zero of the features changes it.
    """
    span = X.max(axis=0) - X.min(axis=0)  # (d,)
    first = X[:, np.argsort(-span, kind="stable")[:LEADING]]  # (n, l)
    order = np.lexsort(first.T[::-1])
    equal = (first[order][1:] == first[order][:-1]).all(axis=1)  # (n - 1,)
    tied = np.flatnonzero(np.r_[equal, False] | np.r_[False, equal])  # places in the order
    if len(tied):
        rows = order[tied]
        columns = (y[rows], *X[rows].T[::-1], *first[rows].T[::-1])
        order[tied] = rows[np.lexsort(columns)]
    return order
