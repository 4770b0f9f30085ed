"""LEEP: how well the source model's own guesses, translated, predict the labels."""

from __future__ import annotations

import math

import numpy as np

from srcsel.measures._base import measure
from srcsel.measures.kernels.empirical import (
    check_probabilities,
    expected_log,
    on_subsets,
    permuted,
)


def _null(_X: np.ndarray, y: np.ndarray, _value: float, *, probabilities: np.ndarray) -> float:
    """Mean over fixed label permutations."""
    return permuted(probabilities, y)


def _rechecks(
    _X: np.ndarray, y: np.ndarray, kept: np.ndarray, *, probabilities: np.ndarray
) -> np.ndarray:
    """Score each subset of kept (b, n)."""
    return on_subsets(probabilities, y, kept)


@measure(
    title="Translated guesses (LEEP)",
    higher_is_better=True,
    bounds=(-math.inf, 0.0),
    needs="probabilities",
    paper="https://arxiv.org/abs/2002.12462",
    wide_bias=False,
    cheap=True,
    null=_null,
    rechecks=_rechecks,
)
def leep(_X: np.ndarray, y: np.ndarray, *, probabilities: np.ndarray) -> float:
    """LEEP: how well the model's guesses in its own old classes, translated, predict the labels of
    your pictures.

    The model was trained to name other things. If whatever it calls a "tabby" is nearly always your
    class "cat", its guesses can be translated. For each old class z, p(y | z) = sum over pictures
    of class y of P_iz / sum over all pictures of P_iz; the score is the mean over pictures of log
    sum_z p(y_i | z) P_iz, with P_iz the probability that the model gives z for picture i.

    Up to 0, higher is better. 0 = every label follows from the guesses. With c equally large
    classes, guesses that say nothing score -log(c).

    probabilities: (n, c_source), rows that add up to 1, from the source head. The features are not
    used; a model without a source head is n/a.

    Edges: an old class without any probability counts 0. With few pictures and many old classes the
    translation learns the pictures by heart, so compare with the null.

    X: features (n, d). y: labels (n,), 0..c-1.

    Null: mean over 10 label permutations, the same for every model.

    Nguyen et al. 2020, https://arxiv.org/abs/2002.12462, equations 1 and 2.
    """
    # rows may add up to a little above 1
    return min(expected_log(check_probabilities(probabilities), y), 0.0)
