"""Regularised H-score against scikit-learn's Ledoit-Wolf covariance and the definition."""

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf

from srcsel.measures import MEASURES
from srcsel.measures._base import permutations
from srcsel.measures.kernels.shared import Shared

regularized = MEASURES["regularized_hscore"]


def blobs(n=80, d=10, c=4, seed=0, signal=0.7):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return (rng.standard_normal((n, d)) + signal * rng.standard_normal((c, d))[y]) / np.sqrt(
        np.arange(1, d + 1)
    ), y


def definition(X, y):
    """Ibrahim et al. 2022, equation 8, with scikit-learn's estimate of the covariance."""
    W = X - X.mean(axis=0)
    found = LedoitWolf(assume_centered=False).fit(W)
    means = np.stack([W[y == c].mean(axis=0) for c in y])
    between = np.atleast_2d(np.cov(means, rowvar=False))
    return (1 - found.shrinkage_) * np.trace(
        np.linalg.pinv(found.covariance_, rcond=1e-15) @ between
    )


@pytest.mark.parametrize(("n", "d"), [(60, 12), (40, 90), (25, 25)])
def test_the_shared_decomposition_changes_nothing(n, d):
    X, y = blobs(n, d)
    assert regularized(X, y, shared=Shared(X, y)) == pytest.approx(regularized(X, y), rel=1e-11)
    same = np.full((20, 3), 0.1)
    assert regularized(same, np.arange(20) % 2, shared=Shared(same, np.arange(20) % 2)) == 0


@pytest.mark.parametrize(("n", "d"), [(80, 10), (300, 100), (50, 50), (40, 130), (60, 1)])
@pytest.mark.parametrize("signal", [0.0, 0.7, 5.0])
def test_equals_scikit_learn(n, d, signal):
    X, y = blobs(n, d, signal=signal)
    assert regularized(X, y) == pytest.approx(definition(X, y), abs=1e-8)


def test_a_huge_offset_and_scale_do_not_matter():
    X, y = blobs()
    assert regularized(X * 1e3 + 1e6, y) == pytest.approx(regularized(X, y), abs=1e-7)
    assert regularized(X * 1e-120, y) == pytest.approx(regularized(X, y), rel=1e-10)


def test_a_covariance_that_asks_for_no_shrinkage_and_has_no_inverse():
    """All pictures are v or -v: every outer product equals the covariance, of rank one."""
    signs = np.array([1, 1, 1, -1, 1, -1, -1, -1.0])
    X = signs[:, None] * np.array([1.0, 2.0, 3.0])
    y = np.arange(8) // 4
    # class means +-v/2 against a spread of v
    assert regularized(X, y) == pytest.approx(8 / 7 * 0.25, abs=1e-9)


def test_constant_features_score_zero_and_so_does_their_null():
    y = np.arange(20) % 2
    assert regularized(np.full((20, 3), 0.1), y) == 0
    assert regularized.null(np.full((20, 3), 0.1), y, 0.0) == 0


@pytest.mark.parametrize(("n", "d"), [(60, 12), (30, 70)])
def test_null_is_the_expectation_over_permutations(n, d):
    X, y = blobs(n, d, signal=2.0)
    found = [regularized(X, own) for own in permutations(y, 400)]
    assert regularized.null(X, y, 0.0) == pytest.approx(np.mean(found), abs=4 * np.std(found) / 20)


def test_noise_scores_near_zero_at_any_width():
    rng = np.random.default_rng(0)
    for d in (16, 128, 512):
        assert 0 <= regularized(rng.standard_normal((300, d)), rng.integers(0, 6, 300)) < 0.05


@pytest.mark.parametrize(("n", "d"), [(90, 8), (60, 90)])
def test_rechecks_equal_scoring_each_subset(n, d):
    X, y = blobs(n, d)
    kept = np.random.default_rng(5).random((6, n)) < 0.8
    np.testing.assert_allclose(
        regularized.rechecks(X, y, kept), [regularized(X[k], y[k]) for k in kept], atol=1e-9
    )


def test_rechecks_without_one_of_the_classes():
    X, y = blobs()
    kept = np.stack([y != 1, y != 3])
    np.testing.assert_allclose(
        regularized.rechecks(X, y, kept), [regularized(X[k], y[k]) for k in kept], atol=1e-9
    )


@pytest.mark.parametrize(("n", "d"), [(500, 300), (260, 300)])
def test_rechecks_of_wide_features_deviate_alike(n, d):
    X, y = blobs(n, d, signal=0.4)
    X /= np.sqrt(np.arange(1, d + 1))  # a spectrum that falls like that of real features
    kept = np.random.default_rng(1).random((25, n)) < 0.8
    exact, fast = (
        np.array([regularized(X[k], y[k]) for k in kept]),
        regularized.rechecks(X, y, kept),
    )
    assert np.corrcoef(exact, fast)[0, 1] > 0.95
    assert np.std(fast) == pytest.approx(np.std(exact), rel=0.15)


def test_direction():
    values = [regularized(*blobs(signal=s)) for s in (0, 0.7, 3)]
    assert values == sorted(values)
    assert regularized.higher_is_better
