"""Cross-validation: stratified folds, predictions for pictures not learnt from, and what chance
would score.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from srcsel.base.errors import InputError, NotAvailable
from srcsel.measures._base import permutations
from srcsel.measures.kernels.blocks import over_cores

Predict = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""(X, y, new) -> labels of the new pictures; learns from X (n, d), standardised, and y (n,) in
0..c-1.
"""


def with_partners(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return X and y without pictures alone in their class, and the rows (n,) bool that stay.

    Nothing can be learnt about a class that is only in the fold predicted. NotAvailable where one
    class stays.
    """
    counts = np.bincount(y)
    stay = counts[y] > 1
    if (counts > 1).sum() < 2:
        raise NotAvailable("Cross-validation needs at least two classes with two pictures or more.")
    kept = np.unique(y[stay], return_inverse=True)[1]
    return (X, kept, stay) if stay.all() else (X[stay], kept, stay)


def assign(y: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Fold of each picture, (n,), stratified and shuffled: min(folds, size of the smallest class)
    of them.
    """
    from sklearn.model_selection import StratifiedKFold

    if folds < 2:
        raise InputError(f"folds must be at least 2, got {folds}.")
    split = StratifiedKFold(min(folds, int(np.bincount(y).min())), shuffle=True, random_state=seed)
    fold = np.empty(len(y), dtype=np.int64)
    for number, (_, held) in enumerate(split.split(y[:, None], y)):
        fold[held] = number
    return fold


def assign_groups(y: np.ndarray, groups: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Fold of each picture, (n,), stratified by y (n,) and shuffled, equal groups (n,) in one: as
    scikit-learn's StratifiedGroupKFold, to the bit, which takes six times as long and to import.

    One group after the other, those uneven in their classes first, goes where the classes then lie
    most evenly; of folds as good, within what `numpy.isclose` takes for equal, where fewest
    pictures are.
    """
    _, y, sizes = np.unique(y, return_inverse=True, return_counts=True)
    _, group = np.unique(groups, return_inverse=True)
    turns = np.random.RandomState(seed).permutation(group.max() + 1)  # as theirs
    counts = np.zeros((len(turns), len(sizes)))  # (g, c)
    np.add.at(counts, (np.argsort(turns)[group], y), 1)
    held, fold = np.zeros((folds, len(sizes))), np.empty(len(turns), dtype=np.int64)
    own = np.arange(folds)
    for turn in np.argsort(-counts.std(axis=1), kind="stable"):
        tried = np.broadcast_to(held, (folds, *held.shape)).copy()  # where it lay in each of them
        tried[own, own] += counts[turn]
        uneven = (tried / sizes).std(axis=1).mean(axis=1).tolist()  # (folds,)
        fold[turn] = best = _evenest(uneven, held.sum(axis=1).tolist())
        held[best] += counts[turn]
    return fold[np.argsort(turns)[group]]


def _evenest(uneven: list[float], pictures: list[float]) -> int:
    """Return the fold that is least uneven, of those as good the one with fewest pictures."""
    best = 0
    for k in range(1, len(uneven)):
        less = uneven[k] < uneven[best]
        equal = abs(uneven[k] - uneven[best]) <= 1e-8 + 1e-5 * abs(uneven[best])
        if less or (equal and pictures[k] < pictures[best]):
            best = k
    return best


def predictions(X: np.ndarray, y: np.ndarray, fold: np.ndarray, predict: Predict) -> np.ndarray:
    """Label that each picture gets from the other folds, (n,); each dimension is standardised by
    those folds.
    """

    def said(number: int) -> tuple[np.ndarray, np.ndarray]:
        held = np.flatnonzero(fold == number)
        return held, learned(X, y, np.flatnonzero(fold != number), held, predict)

    found = np.empty_like(y)
    for held, labels in over_cores(said, range(int(fold.max()) + 1)):
        found[held] = labels
    return found


def others(fold: np.ndarray) -> np.ndarray:
    """Which pictures each fold's prediction learns from: (folds, n) bool for fold (n,)."""
    return fold != np.arange(int(fold.max()) + 1)[:, None]


def learned(
    X: np.ndarray,
    y: np.ndarray,
    rows: np.ndarray,
    new: np.ndarray,
    predict: Predict,
) -> np.ndarray:
    """Return what `predict` says of the rows `new` (m,) after `rows` (k,); each dimension is
    standardised by these.
    """
    known = X[rows]
    scale = np.abs(known).max(axis=0)
    scale[scale == 0] = 1  # squares of huge values cannot overflow
    known /= scale
    mean, spread = known.mean(axis=0), known.std(axis=0)
    spread[spread < np.finfo(known.dtype).eps * 10] = 1  # a constant dimension says nothing
    known -= mean
    known /= spread
    return predict(known, y[rows], (X[new] / scale - mean) / spread)


def chance(
    X: np.ndarray,
    y: np.ndarray,
    folds: int,
    seed: int,
    say: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    draws: int,
) -> float:
    """Accuracy to expect where labels y (n,) of features X (n, d) carry no information.

    Given the folds and what was learnt, shuffled labels of the fold predicted agree with the
    predictions as often as the shares of classes in both say. Where every fold holds equally many
    pictures of each class that is 1 / c whatever was predicted; else it is the mean over `draws`
    label permutations. say (X, y, fold) -> the labels predicted, (n,).
    """
    _, y, stay = with_partners(X, y)
    shares = _shares(y, assign(y, folds, seed))
    if (shares == shares[:, :1]).all():
        return 1 / shares.shape[1]
    X = X[stay]
    found = []
    for own in permutations(y, draws):
        fold = assign(own, folds, seed)
        truth, said = (
            _shares(own, fold),
            _shares(say(X, own, fold), fold, own.max() + 1),
        )
        found.append((truth * said / truth.sum(axis=1, keepdims=True)).sum() / len(y))
    return float(np.mean(found))


def _shares(labels: np.ndarray, fold: np.ndarray, classes: int | None = None) -> np.ndarray:
    """How many pictures of each fold have each label, (folds, c)."""
    counts = np.zeros((fold.max() + 1, classes or labels.max() + 1))
    np.add.at(counts, (fold, labels), 1)
    return counts
