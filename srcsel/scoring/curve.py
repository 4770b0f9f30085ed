"""How accuracy grows with the pictures learned from: the quick check again on a few of them.

The same folds as the quick check, so copies of a picture stay on one side; only the training side
is thinned, every class alike, in several draws. Nothing is read but stored features.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from srcsel.base.records import Features
from srcsel.base.threads import suited_threads
from srcsel.measures.kernels.folds import others
from srcsel.measures.kernels.sample import stratified
from srcsel.scoring.probe import STRENGTH, classifier
from srcsel.scoring.probe import VERSION as PROBE
from srcsel.store import expected
from srcsel.store.features import FeatureStore
from srcsel.store.memory import Arrays
from srcsel.store.serialize import to_plain

ROUND = (3, 5, 7, 10, 14, 20, 28, 40, 57, 80, 113, 160, 226, 320, 453, 640, 905)
"""Pictures of a class to learn from, each about the root of two times the one before."""
LESS = 0.85  # share of all training pictures beyond which a number adds nothing to all of them
DRAWS = 4  # of the pictures to learn from, for each number and fold
VERSION = 1  # part of what answers are remembered by

Tell = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Learned:
    """Which pictures were named right after learning from how many others."""

    model: str
    each: np.ndarray  # (s,) pictures of a class learned from, in the mean over classes; rising
    right: np.ndarray  # (s, draws, n) bool; of the last, all pictures, every draw is the same


def numbers(labels: np.ndarray, fold: np.ndarray) -> list[float]:
    """Return the numbers of pictures a class to learn from, the last all there are: a mean over
    folds and classes, so that it need not be whole. labels (n,), fold (n,) as of `fold_of`.
    """
    folds, classes = int(fold.max()) + 1, len(np.unique(labels))
    whole = len(labels) * (1 - 1 / folds) / classes
    return [*(float(k) for k in ROUND if k <= LESS * whole), whole]


def learn(
    features: Features,
    labels: np.ndarray,
    fold: np.ndarray,
    *,
    store: FeatureStore | None,
    tell: Tell = lambda *_: None,
) -> Learned:
    """Learn from more and more pictures; each number is remembered in `store` (None = nowhere).

    labels, fold: (n,). `tell` (numbers done, numbers in all) may raise Cancelled: what is done then
    is kept.
    """
    each = numbers(labels, fold)
    found = []

    def unpack(kept: Arrays, _: object) -> np.ndarray:
        return expected.rows(kept["right"], DRAWS, len(labels))

    for done, k in enumerate(each):
        tell(done, len(each))
        all_of_them = done == len(each) - 1
        question = {
            "version": [VERSION, PROBE],
            "features": to_plain(features.key),
            "fold": hashlib.sha256(fold.tobytes()).hexdigest(),
            "strength": STRENGTH,
            "each": None if all_of_them else k,
            "draws": DRAWS,
        }
        right = store.memory.recall("curves", question, unpack) if store else None
        if right is None:
            right = _right(features, labels, fold, None if all_of_them else k)
            if store:
                store.memory.remember("curves", question, {"right": right})
        found.append(right)
    tell(len(each), len(each))
    return Learned(features.key.model, np.array(each), np.stack(found).astype(bool))


def _right(
    features: Features, labels: np.ndarray, fold: np.ndarray, each: float | None
) -> np.ndarray:
    """Whether each picture is named right, (draws, n) uint8, after learning from `each` a class of
    the other folds; None = all of them.
    """
    X = features.values.astype(np.float32, copy=False)  # as in the quick check
    draws = 1 if each is None else DRAWS
    right = np.empty((DRAWS, len(labels)), np.uint8)
    with suited_threads(len(labels)):
        for draw in range(draws):
            right[draw:] = _thinned(X, labels, fold, each, draw) == labels
    return right


def _thinned(
    X: np.ndarray, labels: np.ndarray, fold: np.ndarray, each: float | None, draw: int
) -> np.ndarray:
    """Class given to each picture, (n,)."""
    if each is None:
        scores = classifier(X, labels, others(fold)).scores(X)
        return scores[fold, np.arange(len(labels))].argmax(axis=1)
    guess = np.empty_like(labels)
    for number in range(int(fold.max()) + 1):
        held = np.flatnonzero(fold == number)
        rows = chosen(labels, fold, number, each, draw)
        rule = classifier(X[rows], labels[rows], np.ones((1, len(rows)), dtype=bool))
        guess[held] = rule.scores(X[held])[0].argmax(axis=1)
    return guess


def chosen(labels: np.ndarray, fold: np.ndarray, number: int, each: float, draw: int) -> np.ndarray:
    """Return the pictures (m,) that are learned from for fold `number`, the same for every model;
    labels (n,), fold (n,).
    """
    others = np.flatnonzero(fold != number)
    most = round(each * len(np.unique(labels)))
    rng = np.random.default_rng((draw, number, most))
    return others[stratified(labels[others], most, rng=rng)]
