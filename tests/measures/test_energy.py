"""Energy against the definition written as loops, cases worked by hand, and its indifference to
labels.
"""

import math

import numpy as np
import pytest

from srcsel.measures import MEASURES

energy = MEASURES["energy"]


def naive(outputs):
    """Mean over pictures of log sum exp."""
    return sum(math.log(sum(math.exp(v) for v in row)) for row in outputs) / len(outputs)


def outputs(n=40, d=6, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)), np.arange(n) % 3


def test_equals_the_loops_over_features_and_over_logits():
    X, y = outputs()
    L, _ = outputs(d=9, seed=1)
    assert energy(X, y) == pytest.approx(naive(X), rel=1e-13)
    assert energy(X, y, logits=L) == pytest.approx(naive(L), rel=1e-13)


def test_by_hand():
    assert energy(np.zeros((4, 5)), [0, 0, 1, 1]) == pytest.approx(math.log(5), rel=1e-15)
    assert energy([[1e4, 0.0], [1e4, 0.0]] * 2, [0, 0, 1, 1]) == 1e4


def test_a_constant_added_to_every_output_is_added_to_the_score():
    X, y = outputs()
    assert energy(X + 7, y) == pytest.approx(energy(X, y) + 7, rel=1e-13)


def test_labels_play_no_part_so_the_null_is_the_value():
    X, y = outputs()
    value = energy(X, y)
    assert energy(X, y[::-1]) == value
    assert energy.null(X, y, value) == value
    assert energy.null(X, y, value, logits=X) == value


@pytest.mark.parametrize("with_head", [False, True])
def test_rechecks_equal_scoring_each_subset(with_head):
    X, y = outputs()
    L = outputs(d=9, seed=1)[0] if with_head else None
    kept = np.random.default_rng(5).random((9, len(y))) < 0.8
    found = energy.rechecks(X, y, kept, logits=L)
    np.testing.assert_allclose(found, [naive((X if L is None else L)[k]) for k in kept], rtol=1e-12)


def test_direction():
    X, y = outputs()
    assert energy(3 * X, y) > energy(X, y)
    assert energy.higher_is_better
