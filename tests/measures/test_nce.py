"""NCE against the definition written as loops, scikit-learn's mutual information, its null and its
re-checks.
"""

import math
from collections import Counter

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

from srcsel.base.errors import FeatureError, NotAvailable
from srcsel.measures import MEASURES
from srcsel.measures._base import permutations

nce = MEASURES["nce"]


def naive(P, y):
    """Sum over cells of p(z, y) log p(y | z)."""
    z = [max(range(P.shape[1]), key=lambda k: row[k]) for row in P]
    cells, rows = Counter(zip(z, y, strict=True)), Counter(z)
    return sum(m / len(y) * math.log(m / rows[guess]) for (guess, _), m in cells.items())


def guesses(n=80, c=4, source=9, seed=0, signal=2.0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    P = rng.random((n, source)) + signal * rng.random((c, source))[y]
    return P / P.sum(axis=1, keepdims=True), y


def score(P, y):
    return nce(np.zeros((len(y), 1)), y, probabilities=P)


@pytest.mark.parametrize("source", [1, 2, 9, 300])
def test_equals_the_loops(source):
    P, y = guesses(source=source)
    assert score(P, y) == pytest.approx(naive(P, y), rel=1e-12, abs=1e-15)


def test_is_mutual_information_minus_the_entropy_of_the_labels():
    P, y = guesses()
    expected = mutual_info_score(y, P.argmax(axis=1)) - entropy(np.bincount(y))
    assert score(P, y) == pytest.approx(expected, rel=1e-12)


def test_by_hand():
    # guesses 0 0 0 1
    P = np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0], [0.7, 0.3, 0.0], [0.1, 0.9, 0.0]])
    assert score(P, [0, 0, 1, 1]) == pytest.approx(
        0.5 * math.log(2 / 3) + 0.25 * math.log(1 / 3), rel=1e-14
    )
    # ties: the first
    assert score(np.full((4, 3), 1 / 3), [0, 0, 1, 1]) == pytest.approx(-math.log(2), rel=1e-14)


def test_guesses_that_give_the_label_away_score_zero():
    y = np.arange(12) % 3
    assert score(np.eye(5)[y + 1], y) == 0


def test_rows_that_are_no_probabilities_are_refused_and_a_missing_head_is_not_available():
    P, y = guesses()
    with pytest.raises(FeatureError, match="softmax"):
        score(-P, y)
    with pytest.raises(NotAvailable, match="source head"):
        nce(np.ones((4, 2)), [0, 0, 1, 1])


def test_null_is_the_mean_over_the_fixed_permutations():
    P, y = guesses()
    expected = np.mean([naive(P, own) for own in permutations(y)])
    assert nce.null(np.zeros((80, 1)), y, 0.0, probabilities=P) == pytest.approx(
        expected, rel=1e-12
    )


def test_rechecks_equal_scoring_each_subset():
    P, y = guesses()
    kept = np.random.default_rng(5).random((9, len(y))) < 0.8
    found = nce.rechecks(np.zeros((80, 1)), y, kept, probabilities=P)
    np.testing.assert_allclose(found, [naive(P[k], y[k]) for k in kept], rtol=1e-12)


def test_direction():
    values = [score(*guesses(400, signal=s)) for s in (0, 1, 5)]
    assert values == sorted(values)
    assert values[0] < values[2]
    assert nce.higher_is_better
