"""GBC against the textbook Bhattacharyya distance with full matrices, cases worked by hand, null
and re-checks.
"""

import math

import numpy as np
import pytest
from sklearn.decomposition import PCA

from srcsel.base.errors import InputError
from srcsel.measures import MEASURES
from srcsel.measures._base import permutations

gbc = MEASURES["gbc"]


def naive(X, y, covariance="spherical", pca=None):
    """The textbook distance of two Gaussians with k x k matrices, over all ordered pairs."""
    if pca:
        X = PCA(pca).fit_transform(X)
    X = X / math.sqrt(X.var(axis=0).mean())
    total = 0.0
    for i in np.unique(y):
        for j in np.unique(y):
            if i == j:
                continue
            A, B = (_matrix(X[y == c], covariance) for c in (i, j))
            S, d = (A + B) / 2, X[y == i].mean(axis=0) - X[y == j].mean(axis=0)
            logs = [np.linalg.slogdet(M)[1] for M in (S, A, B)]
            distance = d @ np.linalg.inv(S) @ d / 8 + (logs[0] - (logs[1] + logs[2]) / 2) / 2
            total -= math.exp(-distance)
    return total


def _matrix(Z, covariance):
    v = Z.var(axis=0)
    return np.diag(np.maximum(v if covariance == "diagonal" else np.full_like(v, v.mean()), 1e-4))


def blobs(n=120, d=8, c=4, seed=0, signal=1.0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    spread = 1 + rng.random(c)[y, None]
    return spread * rng.standard_normal((n, d)) + signal * rng.standard_normal((c, d))[y], y


@pytest.mark.parametrize("covariance", ["spherical", "diagonal"])
@pytest.mark.parametrize(("d", "pca"), [(8, None), (8, 3), (90, 64), (200, 64)])
def test_equals_the_textbook(covariance, d, pca):
    X, y = blobs(d=d)
    assert gbc(X, y, covariance=covariance, pca=pca) == pytest.approx(
        naive(X, y, covariance, pca), rel=1e-9
    )


def test_the_log_term_counts_every_dimension():
    """Two clouds around one point, variances v and 4 v: exp(-D) = (2 sqrt(4) / 5) ** (k / 2), by
    hand.
    """
    corner = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    X = np.concatenate([corner, 2 * corner])
    assert gbc(X, [0] * 4 + [1] * 4) == pytest.approx(-2 * 0.8 ** (2 / 2), rel=1e-12)


def test_two_clouds_apart_by_hand():
    X = np.array([[0.0], [2.0], [10.0], [12.0]])  # variances 1, means 10 apart: D = 100 / 8
    assert gbc(X, [0, 0, 1, 1]) == pytest.approx(-2 * math.exp(-100 / 8), rel=1e-12)


def test_classes_on_top_of_each_other_score_minus_the_number_of_pairs():
    assert gbc(np.ones((9, 3)), np.arange(9) % 3) == -6
    X, _ = blobs(40)
    assert gbc(np.repeat(X, 3, axis=0), np.arange(120) % 3) == pytest.approx(-6, rel=1e-12)


def test_the_unit_and_a_rotation_change_nothing():
    X, y = blobs()
    X[:, 1] = 0.001 * X[:, 1]
    y[0] = 9  # alone: its variance is the floor
    Q = np.linalg.qr(np.random.default_rng(1).standard_normal((8, 8)))[0]
    assert gbc(1e-6 * X @ Q + 1e-4, y) == pytest.approx(gbc(X, y), rel=1e-8)


def test_fewer_pictures_than_components():
    X, y = blobs(n=20, d=100)
    assert gbc(X, y) == pytest.approx(naive(X, y, pca=20), rel=1e-6)


@pytest.mark.parametrize("covariance", ["spherical", "diagonal"])
def test_null_is_the_mean_over_the_fixed_permutations(covariance):
    X, y = blobs()
    expected = np.mean([naive(X, own, covariance) for own in permutations(y)])
    assert gbc.null(X, y, 0.0, covariance=covariance, pca=None) == pytest.approx(expected, rel=1e-9)


def test_many_pictures_are_sampled_by_class(monkeypatch):
    X, y = blobs(n=900)
    whole = gbc(X, y)
    monkeypatch.setattr("srcsel.measures.gbc.MOST", 300)
    assert gbc(X, y) == pytest.approx(whole, rel=0.15)
    assert gbc(X, y) != whole
    assert gbc.null(X, y, 0.0) < whole
    assert (gbc.rechecks(X, y, np.random.default_rng(5).random((4, 900)) < 0.8) < 0).all()


@pytest.mark.parametrize("covariance", ["spherical", "diagonal"])
def test_rechecks_equal_scoring_each_subset(covariance):
    X, y = blobs()
    kept = np.random.default_rng(5).random((9, len(y))) < 0.8
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    expected = [naive(X[k], y[k], covariance) for k in kept]
    np.testing.assert_allclose(
        gbc.rechecks(X, y, kept, covariance=covariance, pca=None), expected, rtol=1e-9
    )


def test_direction():
    values = [gbc(*blobs(400, signal=s)) for s in (0, 1, 3)]
    assert values == sorted(values)
    assert values[0] < values[2] < 0
    assert gbc.higher_is_better


def test_unknown_covariance_and_no_component_are_refused():
    with pytest.raises(InputError, match="'spherical' or 'diagonal'"):
        gbc(*blobs(), covariance="full")
    with pytest.raises(InputError, match="1 or more"):
        gbc(*blobs(), pca=0)
