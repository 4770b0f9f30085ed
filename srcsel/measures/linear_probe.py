"""Linear probe: how often a linear classifier trained on the features names pictures it has not
seen.
"""

from __future__ import annotations

import numpy as np

from srcsel.measures._base import measure
from srcsel.measures.kernels import folds as _folds
from srcsel.measures.kernels.logistic import learn
from srcsel.measures.kernels.standardized import narrowed

STRENGTH = 1.0  # C of scikit-learn's logistic regression
LARGE = 500_000  # numbers from which a fit is in float32: half the time
# label permutations behind the null, where it has no closed form: each costs as much as the score
DRAWS = 1


def _null(X: np.ndarray, y: np.ndarray, _value: float, *, folds: int = 5, seed: int = 0) -> float:
    """Accuracy to expect where labels carry no information: 1 / c for classes of one size."""
    return _folds.chance(X, y, folds, seed, _say, DRAWS)


@measure(
    title="Linear probe",
    higher_is_better=True,
    bounds=(0.0, 1.0),
    accuracy=True,
    paper="https://arxiv.org/abs/1610.01644",
    wide_bias=False,
    version=4,  # no digit lost to an offset
    null=_null,
)
def linear_probe(X: np.ndarray, y: np.ndarray, *, folds: int = 5, seed: int = 0) -> float:
    """How often a linear classifier, trained on most of the pictures, names the right class of the
    others.

    Cross-validated accuracy of multinomial logistic regression, each dimension standardised by the
    pictures learnt from. From 0 to 1, higher is better. Of all measures the nearest to using the
    source model as it is, with a new last layer; it says less about fine-tuning all of it.

    folds: 5 by default, stratified, the size of the smallest class at most. seed: of the folds. The
    penalty is scikit-learn's (C = 1). Large sets are fitted in float32.

    Edges: pictures alone in their class are dropped; not available where fewer than two classes
    remain.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: 1 / c for classes of one size; else what the predictions learnt from a label permutation
    reach by chance. No re-checks: 200 cross-validations would take too long.

    Alain & Bengio 2016, https://arxiv.org/abs/1610.01644, section 3.
    """
    X, y, _ = _folds.with_partners(X, y)
    return float((_say(X, y, _folds.assign(y, folds, seed)) == y).mean())


def _say(X: np.ndarray, y: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Name the class of each picture from the other folds, (n,)."""
    X = narrowed(X) if X.size > LARGE else X.astype(np.float64, copy=False)
    scores = learn(X, y, _folds.others(fold), STRENGTH).scores(X)  # (folds, n, c)
    return scores[fold, np.arange(len(y))].argmax(axis=1)
