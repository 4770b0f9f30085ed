"""The quick check: a linear classifier on the stored features, cross-validated; the same folds for
every model.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from srcsel.base.errors import InputError
from srcsel.base.records import Features, Outcome
from srcsel.base.threads import suited_threads
from srcsel.measures.kernels.folds import assign_groups, others
from srcsel.measures.kernels.logistic import Rules, learn
from srcsel.store import expected
from srcsel.store.features import FeatureStore
from srcsel.store.memory import Arrays
from srcsel.store.serialize import to_plain

# C of the logistic regression: features outnumber pictures, so it is held back more than by default
STRENGTH = 0.1
SEED = 0  # of the folds
VERSION = 5  # part of what outcomes are remembered by


def fold_of(labels: np.ndarray, groups: np.ndarray, folds: int) -> np.ndarray:
    """Give each picture its fold, (n,) int64: stratified by labels (n,), copies (equal groups (n,))
    in one fold.

    As many folds as asked, but no more than the smallest class of two or more different pictures
    has of them; a picture alone in its class is tested without having been learned. Raises
    InputError where there are no two folds.
    """
    different = [len(np.unique(groups[labels == c])) for c in np.unique(labels)]
    usable = [count for count in different if count > 1]
    if len(usable) < 2:
        raise InputError(
            "Accuracy needs two classes of at least two different pictures. Add pictures."
        )
    return assign_groups(labels, groups, min(folds, *usable), SEED)


def probe(
    features: Iterable[Features],
    labels: np.ndarray,
    fold: np.ndarray,
    *,
    store: FeatureStore | None,
    tell: Callable[[str, int, int], None] = lambda *_: None,
) -> Iterator[Outcome]:
    """Yield one outcome for each model and fold; remembered in `store` (None = nowhere) by features
    and folds.

    Standardised inside the fold, then multinomial logistic regression with C = STRENGTH. `tell`
    (model, folds done, folds in all) may raise Cancelled.
    """
    folds = int(fold.max()) + 1

    def unpack(kept: Arrays, seconds: Any) -> tuple[Arrays, float]:
        tensors = {name: expected.rows(kept[name], len(labels)) for name in ("guess", "sure")}
        return tensors, expected.number(seconds)

    for one in features:
        question = {
            "version": VERSION,
            "features": to_plain(one.key),
            "fold": hashlib.sha256(fold.tobytes()).hexdigest(),
            "strength": STRENGTH,
        }
        found = store.memory.recall("probes", question, unpack) if store else None
        if found is None:
            found = _guesses(one, labels, fold, tell)
            if store:
                store.memory.remember("probes", question, *found)
        else:
            tell(one.key.model, folds, folds)
        tensors, seconds = found
        for split in range(folds):
            tested = np.flatnonzero(fold == split)
            guess, sure = tensors["guess"][tested], tensors["sure"][tested]
            yield Outcome(one.key.model, split, tested, guess, seconds / folds, sure=sure)


def _guesses(
    features: Features, labels: np.ndarray, fold: np.ndarray, tell: Callable[[str, int, int], None]
) -> tuple[dict[str, np.ndarray], float]:
    """Class given to each picture by the classifier that has not seen its fold, how sure it was,
    and the seconds that took.
    """
    from scipy.special import softmax

    start = time.perf_counter()
    model, folds = features.key.model, int(fold.max()) + 1
    tell(model, 0, folds)
    X = features.values.astype(np.float32, copy=False)  # exact enough, and twice as fast
    classes, y = np.unique(labels, return_inverse=True)
    with suited_threads(len(y)):
        scores = classifier(X, y, others(fold)).scores(X)[fold, np.arange(len(y))]  # (n, c)
    shares = softmax(scores.astype(np.float64), axis=1)
    tell(model, folds, folds)
    found = {"guess": classes[shares.argmax(axis=1)], "sure": shares.max(axis=1)}
    return found, time.perf_counter() - start


def classifier(X: np.ndarray, y: np.ndarray, parts: np.ndarray) -> Rules:
    """Learn from parts (p, n) bool of features X (n, d) with labels y (n,) in 0..c-1, each on its
    own: the one rule by which it is done.
    """
    return learn(X, y, parts, STRENGTH)
