"""NCE: how uncertain the labels are once the source model's guess is known."""

from __future__ import annotations

import math

import numpy as np

from srcsel.measures._base import measure, permutations
from srcsel.measures.kernels.empirical import check_probabilities


def _null(_X: np.ndarray, y: np.ndarray, _value: float, *, probabilities: np.ndarray) -> float:
    """Mean over fixed label permutations."""
    z = _guesses(probabilities)
    return float(np.mean([_negative_entropy(z, own) for own in permutations(y)]))


def _rechecks(
    _X: np.ndarray, y: np.ndarray, kept: np.ndarray, *, probabilities: np.ndarray
) -> np.ndarray:
    """Score each subset of kept (b, n)."""
    z = _guesses(probabilities)
    return np.array([_negative_entropy(z[k], y[k]) for k in kept])


@measure(
    title="Certainty given the guess (NCE)",
    higher_is_better=True,
    bounds=(-math.inf, 0.0),
    needs="probabilities",
    paper="https://arxiv.org/abs/1908.08142",
    wide_bias=False,
    cheap=True,
    null=_null,
    rechecks=_rechecks,
)
def nce(_X: np.ndarray, y: np.ndarray, *, probabilities: np.ndarray) -> float:
    """NCE: how certain your label is once you know which of its old classes the model takes the
    picture for.

    z is the old class of the highest probability. With p(z, y) the share of pictures guessed z that
    belong to class y, the score is the sum over z and y of p(z, y) log p(y | z): the negative
    conditional entropy -H(y | z).

    Up to 0, higher is better. 0 = the guess gives the label away. With c equally large classes,
    guesses that say nothing score -log(c).

    probabilities: (n, c_source), rows that add up to 1, from the source head. The features are not
    used; a model without a source head is n/a.

    Edges: equal highest probabilities go to the first old class. Nothing is added to empty cells.
    With about as many old classes as pictures nearly every guess is alone and the score nears 0
    whatever the labels: compare with the null.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: mean over 20 label permutations, the same for every model.

    Tran et al. 2019, https://arxiv.org/abs/1908.08142, equations 4 to 6.
    """
    return _negative_entropy(_guesses(check_probabilities(probabilities)), y)


def _guesses(P: np.ndarray) -> np.ndarray:
    """Return the old class of each picture, numbered 0.. among those that occur, (n,)."""
    return np.unique(P.argmax(axis=1), return_inverse=True)[1]


def _negative_entropy(z: np.ndarray, y: np.ndarray) -> float:
    """-H(y | z) in nats, of z (n,) and y (n,) in 0.. ."""
    width = int(y.max()) + 1
    # (z, c) counts
    joint = np.bincount(z * width + y, minlength=(int(z.max()) + 1) * width).reshape(-1, width)
    given = joint / np.maximum(joint.sum(axis=1, keepdims=True), 1)
    seen = joint > 0
    return float(joint[seen] @ np.log(given[seen])) / len(y)
