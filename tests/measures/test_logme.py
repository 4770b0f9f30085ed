"""LogME against direct maximisation of the evidence formula, and the faults of other
implementations.
"""

import numpy as np
import pytest
from scipy.optimize import minimize

from srcsel.measures import MEASURES
from srcsel.measures._base import permutations

logme = MEASURES["logme"]


def evidence(X, t, log_a, log_b):
    """Bishop 2006, equation 3.86, term by term."""
    n, d = X.shape
    a, b = np.exp(log_a), np.exp(log_b)
    A = a * np.eye(d) + b * X.T @ X
    m = b * np.linalg.solve(A, X.T @ t)
    fit = b / 2 * ((X @ m - t) ** 2).sum() + a / 2 * m @ m
    return (
        d / 2 * log_a
        + n / 2 * log_b
        - fit
        - np.linalg.slogdet(A)[1] / 2
        - n / 2 * np.log(2 * np.pi)
    )


def marginal(X, t, log_a, log_b):
    """The same, as the density of t under N(0, I / b + XX' / a): sound where fewer pictures than
    dimensions fit t.
    """
    C = np.eye(len(t)) / np.exp(log_b) + X @ X.T / np.exp(log_a)
    return -(np.linalg.slogdet(C)[1] + t @ np.linalg.solve(C, t) + len(t) * np.log(2 * np.pi)) / 2


def _minus(u, X, t):
    return -marginal(X, t, *np.clip(u, -25, 25))


def direct(X, y):
    """Maximise over both precisions from many starts, class by class."""
    total = 0.0
    for c in np.unique(y):
        t = (y == c).astype(float)
        starts = [(i, j) for i in (-4, 0, 4, 8) for j in (0, 2, 5)]
        found = [minimize(_minus, s, (X, t), method="Nelder-Mead", tol=1e-11) for s in starts]
        total -= min(f.fun for f in found) / len(y)
    return total / len(np.unique(y))


def test_the_two_forms_of_the_evidence_agree():
    X, y = blobs()
    assert evidence(X, y == 1, 0.3, 1.2) == pytest.approx(marginal(X, y == 1, 0.3, 1.2), rel=1e-12)


def blobs(n=60, d=8, c=3, seed=0, signal=0.7):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) + signal * rng.standard_normal((c, d))[y], y


@pytest.mark.parametrize(("n", "d"), [(60, 8), (25, 25), (20, 45)])
def test_equals_direct_maximisation(n, d):
    X, y = blobs(n, d)
    assert logme(X, y) == pytest.approx(direct(X, y), abs=1e-7)


def test_rank_deficient_features():
    X, y = blobs()
    X = np.concatenate([X, X[:, :4], np.zeros((60, 3))], axis=1)
    assert logme(X, y) == pytest.approx(direct(X, y), abs=1e-8)


def test_noise_has_the_evidence_of_no_weights_at_all():
    X, y = blobs(signal=0.0, n=80, d=3, seed=4)
    assert logme(X, y) == pytest.approx(direct(X, y), abs=1e-8)


@pytest.mark.parametrize("factor", [1e-6, 100.0, 1e8])
def test_scale_does_not_matter(factor):
    X, y = blobs()
    assert logme(X * factor, y) == pytest.approx(logme(X, y), abs=1e-11)


def test_order_of_classes_does_not_matter():
    X, y = blobs()
    assert logme(X, np.array([2, 0, 1])[y]) == pytest.approx(logme(X, y), abs=1e-13)


def test_a_huge_offset_is_decomposed_exactly():
    X, y = blobs(200, 10)
    # the same span, well scaled
    intercept = np.concatenate([X - X.mean(axis=0), np.full((200, 1), 1e4)], axis=1)
    turned = np.linalg.qr(np.random.default_rng(0).standard_normal((11, 11)))[0]
    assert logme(intercept @ turned, y) == pytest.approx(logme(intercept, y), abs=1e-8)
    steps = np.diff([logme(X + 10.0**power, y) for power in (4, 5, 6, 7)])
    # each factor of ten costs the prior on one weight
    np.testing.assert_allclose(steps, -np.log(10) / 200, rtol=1e-3)


def test_features_that_give_the_class_away_are_finite_and_best():
    _, y = blobs()
    perfect = np.eye(3)[y]
    assert np.isfinite(logme(perfect, y))
    assert logme(perfect, y) > logme(
        perfect + 0.01 * np.random.default_rng(0).standard_normal((60, 3)), y
    )


def test_more_noise_dimensions_do_not_help():
    """The faulty log-determinant of the reference code jumps here: 18.00 instead of -0.308."""
    values = [
        np.mean([logme(*blobs(100, d, 5, seed, 0.0)) for seed in range(5)])
        for d in (16, 90, 110, 400)
    ]
    assert np.ptp(values) < 0.02


def test_null_is_the_mean_over_the_permutations():
    X, y = blobs()
    expected = np.mean([logme(X, own) for own in permutations(y)])
    assert logme.null(X, y, 0.0) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(("n", "d"), [(90, 8), (60, 90)])
def test_rechecks_equal_scoring_each_subset(n, d):
    X, y = blobs(n, d)
    kept = np.random.default_rng(5).random((6, n)) < 0.8
    np.testing.assert_allclose(
        logme.rechecks(X, y, kept), [logme(X[k], y[k]) for k in kept], atol=1e-8
    )


def test_rechecks_of_wide_features_deviate_alike():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 4, 400)
    X = (rng.standard_normal((400, 200)) + rng.standard_normal((4, 200))[y]) / np.arange(1, 201)
    kept = rng.random((25, 400)) < 0.8
    exact, fast = np.array([logme(X[k], y[k]) for k in kept]), logme.rechecks(X, y, kept)
    assert np.corrcoef(exact, fast)[0, 1] > 0.9
    assert np.std(fast) == pytest.approx(np.std(exact), rel=0.2)


@pytest.mark.parametrize("signal", [0.0, 0.3, 1.0, 4.0])
def test_rechecks_that_are_not_decomposed_deviate_alike(signal, monkeypatch):
    rng = np.random.default_rng(2)
    y = rng.integers(0, 5, 400)
    X = rng.standard_normal((400, 80)) / np.arange(1, 81) ** 0.7
    X = X + signal * rng.standard_normal((5, 80))[y] / np.arange(1, 81) + 0.3
    kept = rng.random((60, 400)) < 0.8
    near = logme.rechecks(X, y, kept)
    monkeypatch.setattr("srcsel.measures.logme.MANY", np.inf)
    exact = logme.rechecks(X, y, kept)
    assert np.corrcoef(exact, near)[0, 1] > 0.998
    assert np.std(near) == pytest.approx(np.std(exact), rel=0.05)
    np.testing.assert_allclose(near, exact, atol=np.std(exact))


def _given_away(X, y):
    X[:, :5] += 1000 * np.eye(5)[y]


def _outliers(X, _):
    X[:3] *= 1e4


@pytest.mark.parametrize("spoil", [_given_away, _outliers])
def test_rechecks_are_decomposed_where_they_must_be(spoil, monkeypatch):
    rng = np.random.default_rng(2)
    y = rng.integers(0, 5, 400)
    X = rng.standard_normal((400, 80)) / np.arange(1, 81) ** 0.7
    spoil(X, y)
    kept = rng.random((60, 400)) < 0.8
    found = logme.rechecks(X, y, kept)
    monkeypatch.setattr("srcsel.measures.logme.MANY", np.inf)
    np.testing.assert_allclose(found, logme.rechecks(X, y, kept), atol=1e-9)


def test_direction():
    values = [logme(*blobs(signal=s)) for s in (0, 0.7, 3)]
    assert values == sorted(values)
    assert logme.higher_is_better
