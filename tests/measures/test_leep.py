"""LEEP against the paper's equations written as loops, cases worked by hand, its null and its
re-checks.
"""

import math

import numpy as np
import pytest

from srcsel.base.errors import FeatureError, NotAvailable
from srcsel.measures import MEASURES
from srcsel.measures._base import permutations
from srcsel.measures.kernels import empirical

leep = MEASURES["leep"]


def naive(P, y):
    """Equations 1 and 2, one picture and one old class at a time."""
    total = 0.0
    for i in range(len(y)):
        expected = 0.0
        for z in range(P.shape[1]):
            mass = sum(P[j, z] for j in range(len(y)))
            joint = sum(P[j, z] for j in range(len(y)) if y[j] == y[i])
            if mass > 0:
                expected += joint / mass * P[i, z]
        total += math.log(expected)
    return total / len(y)


def guesses(n=60, c=4, source=7, seed=0, signal=2.0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    logits = rng.standard_normal((n, source)) + signal * rng.standard_normal((c, source))[y]
    P = np.exp(logits)
    return P / P.sum(axis=1, keepdims=True), y


def score(P, y):
    return leep(np.zeros((len(y), 1)), y, probabilities=P)


@pytest.mark.parametrize("signal", [0.0, 2.0])
def test_equals_the_loops(signal):
    P, y = guesses(signal=signal)
    assert score(P, y) == pytest.approx(naive(P, y), rel=1e-12)


def test_by_hand():
    P = np.array([[1.0, 0.0], [1.0, 0.0], [0.5, 0.5]])  # p(a | z) = 0.8, 0; p(b | z) = 0.2, 1
    assert score(P, [0, 0, 1]) == pytest.approx(
        (2 * math.log(0.8) + math.log(0.1 + 0.5)) / 3, rel=1e-14
    )


def test_guesses_that_give_the_label_away_score_zero_and_flat_guesses_minus_log_c():
    y = np.arange(12) % 3
    assert score(np.eye(5)[y], y) == 0
    assert score(np.full((12, 5), 0.2), y) == pytest.approx(-math.log(3), rel=1e-14)


def test_an_old_class_without_any_probability_counts_nothing():
    P, y = guesses()
    assert score(np.insert(P, 2, 0.0, axis=1), y) == pytest.approx(score(P, y), rel=1e-14)


def test_rows_that_are_no_probabilities_are_refused():
    P, y = guesses()
    with pytest.raises(FeatureError, match="softmax"):
        score(np.log(P), y)
    with pytest.raises(FeatureError, match="softmax"):
        score(3 * P, y)


def test_a_model_without_a_source_head_is_not_available():
    with pytest.raises(NotAvailable, match="source head"):
        leep(np.ones((4, 2)), [0, 0, 1, 1])


def test_null_is_the_mean_over_the_fixed_permutations():
    P, y = guesses()
    shuffled = [naive(P, own) for own in permutations(y, 10)]
    assert leep.null(np.zeros((60, 1)), y, 0.0, probabilities=P) == pytest.approx(
        np.mean(shuffled), rel=1e-12
    )


@pytest.mark.parametrize("cells", [1, 4_000_000])
def test_rechecks_equal_scoring_each_subset(cells, monkeypatch):
    monkeypatch.setattr(empirical, "CELLS", cells)  # one subset at a time, or all
    P, y = guesses()
    kept = np.random.default_rng(5).random((9, len(y))) < 0.8
    found = leep.rechecks(np.zeros((60, 1)), y, kept, probabilities=P)
    np.testing.assert_allclose(found, [naive(P[k], y[k]) for k in kept], rtol=1e-12)


def test_direction():
    values = [score(*guesses(300, signal=s)) for s in (0, 1, 3)]
    assert values == sorted(values)
    assert values[0] < values[2] < 0
    assert leep.higher_is_better
