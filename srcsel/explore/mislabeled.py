"""Labels that may be wrong, by what the models together make of each picture.

Each model is asked where it would put a picture it did not learn from (a linear probe on its
whitened features, five folds, copies on one side), and the answers are averaged, each weighted by
how far above chance the model is, squared. A picture is listed where the average prefers another
class to its label by MARGIN. Measured by planting 5 % wrong labels into three real and three demo
sets of 360 to 600 pictures, twice each, with eight small demo models, and with five models trained
on real pictures. Of the pictures listed 67 % and 75 % are planted ones; of those planted 60 % and
78 % are listed; of clean pictures 2 % are. As many pictures as were planted, taken from the top,
hold 62 % and 77 %. The same by votes of nearest neighbours: 59 % and 69 %; by the best single
model: 53 % and 76 %; by cleanlab 2.9's scores for ensembles: 64 % and 75 %. cleanlab's own rule for
how many to list, on the same averages, lists more, 46 % and 64 % of them planted ones. So cleanlab
is not needed.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from srcsel.base.records import Suspect

MARGIN = 0.2  # of the averaged probabilities, 0..1, between another class and the label
FOLDS = 5
FEWEST = 5  # pictures of a class below which its labels are not judged: too few to learn from
SURE = 0.7  # share of pictures placed with their label below which the list is said to be unsure
STRENGTH = 0.03  # C of the logistic regression, small = cautious
# pictures below which C grows with the root of how many are missing: 0.03 would learn nothing from
# few
SMALL = 500


class Opinions:
    """Where the models together would put each picture."""

    def __init__(self, labels: np.ndarray, groups: np.ndarray) -> None:
        self._labels, self._folds = labels, folds(labels, groups)
        self._judged = np.bincount(labels)[labels] >= FEWEST  # (n,)
        self._sum = np.zeros((len(labels), int(labels.max()) + 1), dtype=np.float32)  # (n, c)
        self._weights = 0.0
        self._first: list[np.ndarray] = []  # of each model: the class it prefers, (n,)

    def ask(self, Z: np.ndarray) -> None:
        """Take in one model's whitened features (n, k)."""
        y = self._labels
        P = probabilities(Z, y, self._folds)
        chance = 1 / P.shape[1]
        first = P.argmax(axis=1)
        skill = max(0.0, (float((first == y).mean()) - chance) / (1 - chance))
        self._sum += skill**2 * P
        self._weights += skill**2
        self._first.append(first)

    def suspects(self, classes: Sequence[str]) -> tuple[Suspect, ...]:
        """List the pictures that the models together place with another class, the surest first."""
        if not self._weights:
            return ()
        y, everyone = self._labels, np.arange(len(self._labels))
        P = self._sum / self._weights
        own = P[everyone, y]
        P[everyone, y] = -1
        other = P.argmax(axis=1)  # (n,)
        margin = P[everyone, other] - own
        agree = np.sum([first == other for first in self._first], axis=0)  # (n,)
        rows = np.flatnonzero((margin > MARGIN) & (agree > 0) & self._judged)
        rows = rows[np.argsort(-margin[rows], kind="stable")]
        models = len(self._first)
        return tuple(
            Suspect(
                int(row),
                _placed(int(agree[row]), models, classes[int(other[row])]),
                int(agree[row]),
                int(other[row]),
                strength=float(margin[row]),
            )
            for row in rows
        )

    def notes(self) -> list[str]:
        """Say what was not judged, and why."""
        return [note for note in (self._unjudged(), self._blind(), self._unsure()) if note]

    def _unjudged(self) -> str:
        counts = np.bincount(self._labels)
        few = int((counts < FEWEST).sum())
        if not few:
            return ""
        what = "One class has" if few == 1 else f"{few:,} classes have"
        return (
            f"{what} fewer than {FEWEST} pictures: too few to say whether a label there is wrong."
        )

    def _blind(self) -> str:
        if self._weights:
            return ""
        if not self._first:
            return (
                "No starting model was scored that could be asked about labels; yardsticks are not."
            )
        return (
            "None of the models tells the classes apart, so none can say which label may be wrong."
        )

    def _unsure(self) -> str:
        right = float((self._sum.argmax(axis=1) == self._labels).mean()) if self._weights else 1.0
        if right >= SURE:
            return ""
        return (
            f"Together the models place only {100 * right:.0f} of 100 pictures with their label, so"
            " many of those listed may be right and only hard to tell."
        )


def probabilities(Z: np.ndarray, labels: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Class probabilities of each picture from a linear probe that did not learn from its fold, (n,
    c) float32.

    Z (n, k) whitened (with all pictures, but no labels), labels (n,) in 0..c-1, fold (n,).
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    strength = STRENGTH * max(1.0, np.sqrt(SMALL / len(Z)))
    P = np.zeros((len(Z), int(labels.max()) + 1), dtype=np.float32)
    for number in np.unique(fold):
        held, known = np.flatnonzero(fold == number), fold != number
        if len(np.unique(labels[known])) < 2:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            probe = LogisticRegression(C=strength, max_iter=200).fit(Z[known], labels[known])
        P[held[:, None], probe.classes_] = probe.predict_proba(Z[held])
    return P


def folds(labels: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Fold of each picture, (n,) in 0..4: each class spread evenly, copies in the fold of their
    first.
    """
    order = np.random.default_rng(0).permutation(len(labels))
    fold = np.empty(len(labels), dtype=np.int64)
    by_class = order[np.argsort(labels[order], kind="stable")]
    fold[by_class] = np.arange(len(labels)) % FOLDS
    return fold[groups]


def _placed(agree: int, asked: int, name: str) -> str:
    return f"{of_models(agree, asked)} place{'s' if agree == 1 else ''} this with {name}"


def of_models(some: int, asked: int) -> str:
    """Say how many of the models asked agree."""
    return "The one model asked" if asked == 1 else f"{some} of {asked} models"
