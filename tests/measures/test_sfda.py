"""SFDA against its definition written with inverses and loops, scikit-learn's discriminant, and its
null.
"""

import math

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from srcsel.measures import MEASURES
from srcsel.measures._base import permutations

sfda = MEASURES["sfda"]


def naive(X, y):
    """Two discriminants, one picture at a time, with plain inverses."""
    classes = range(y.max() + 1)
    rho = max(math.exp(-5 * np.linalg.eigvalsh(_within(X, y))[-1]), 1e-10)
    P = _posterior(X, y, rho)
    mixed = np.empty_like(X)
    for i, c in enumerate(y):
        q = math.exp(P[i, c]) / sum(math.exp(P[i, k]) for k in classes)
        mixed[i] = q * X[i] + (1 - q) * np.mean(
            [X[y == k].mean(axis=0) for k in classes if k != c], axis=0
        )
    P = _posterior(mixed, y, rho)
    return np.mean([P[i, c] for i, c in enumerate(y)])


def _within(X, y):
    return sum((y == c).mean() * np.cov(X[y == c].T, bias=True) for c in range(y.max() + 1))


def _posterior(X, y, rho):
    S = _within(X, y)
    S = (1 - rho) * S + rho * np.trace(S) / len(S) * np.eye(len(S))
    inverse = np.linalg.inv(S)
    means = [X[y == c].mean(axis=0) for c in range(y.max() + 1)]
    logits = np.array(
        [
            [
                x @ inverse @ m - m @ inverse @ m / 2 + math.log((y == c).mean())
                for c, m in enumerate(means)
            ]
            for x in X
        ]
    )
    E = np.exp(logits - logits.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def blobs(n=80, d=6, c=3, seed=0, signal=1.0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) + signal * rng.standard_normal((c, d))[y], y


@pytest.mark.parametrize("unit", [0.1, 0.4, 1.0, 30.0])
def test_equals_the_definition_at_every_shrinkage(unit):
    X, y = blobs()
    assert sfda(unit * X, y) == pytest.approx(naive(unit * X, y), rel=1e-9)


def test_more_dimensions_than_pictures_are_rotated_away():
    X, y = blobs(n=25, d=60)
    X *= 0.1  # shrinkage well above its floor, so that the plain inverse is exact
    assert sfda(X, y) == pytest.approx(naive(X, y), rel=1e-9)


def test_the_first_discriminant_is_that_of_scikit_learn():
    from srcsel.measures.sfda import _means, _posterior, _within

    X, y = blobs()
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3).fit(X, y)
    means = _means(X, y)
    # scikit-learn shrinks the covariance of each class, ours their mean: the same, as both are
    # linear
    ours = _posterior(X, y, means, _within(X, y, means), 0.3, 6)
    np.testing.assert_allclose(ours, model.predict_proba(X), rtol=1e-4)


def test_the_callers_features_stay_as_they_are():
    X, y = blobs()
    before = X.copy()
    sfda(X, y)
    sfda.null(X, y, 0.0)
    np.testing.assert_array_equal(X, before)


def test_shift_and_rotation_change_nothing_but_the_unit_does():
    X, y = blobs()
    X *= 0.3
    Q = np.linalg.qr(np.random.default_rng(1).standard_normal((6, 6)))[0]
    assert sfda(X @ Q + 5, y) == pytest.approx(sfda(X, y), rel=1e-9)
    assert abs(sfda(3 * X, y) - sfda(X, y)) > 1e-3


def test_constant_features_guess_and_collapsed_classes_are_certain():
    y = np.repeat([0, 1], [6, 3])
    assert sfda(np.full((9, 4), 0.1), y) == pytest.approx((2 / 3) ** 2 + (1 / 3) ** 2, rel=1e-6)
    assert sfda(np.eye(4)[y], y) == pytest.approx(1)


def test_null_is_the_mean_over_the_fixed_permutations():
    X, y = blobs()
    expected = np.mean([naive(X, own) for own in permutations(y, 2)])
    assert sfda.null(X, y, 0.0) == pytest.approx(expected, rel=1e-9)


def test_many_pictures_are_sampled_by_class(monkeypatch):
    X, y = blobs(n=900)
    whole = sfda(X, y)
    monkeypatch.setattr("srcsel.measures.sfda.MOST", 300)
    assert sfda(X, y) == pytest.approx(whole, rel=0.1)
    assert sfda(X, y) != whole
    assert 0 < sfda.null(X, y, 0.0) < whole


def test_direction():
    values = [sfda(*blobs(300, signal=s)) for s in (0, 1, 3)]
    assert values == sorted(values)
    assert 0.3 < values[0] < values[2] < 1
    assert sfda.higher_is_better
