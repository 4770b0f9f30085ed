"""Calinski-Harabasz against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics import calinski_harabasz_score

from srcsel.base.errors import NotAvailable
from srcsel.measures import MEASURES
from srcsel.measures._base import permutations

index = MEASURES["calinski_harabasz"]


def blobs(n=60, d=10, c=4, seed=0, signal=0.7):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) + signal * rng.standard_normal((c, d))[y], y


@pytest.mark.parametrize(("n", "d", "c"), [(60, 10, 4), (40, 90, 3), (30, 1, 2), (20, 5, 12)])
def test_equals_scikit_learn(n, d, c):
    X, y = blobs(n, d, c)
    assert index(X, y) == pytest.approx(calinski_harabasz_score(X, y), rel=1e-12)


def test_four_pictures_by_hand():
    X = [[0.0], [2.0], [4.0], [6.0]]  # averages 1 and 5: 16 between on 1 degree, 4 inside on 2
    assert index(X, [0, 0, 1, 1]) == pytest.approx(8)


def test_tight_classes_far_from_the_origin_lose_no_digits():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 4
    X = rng.standard_normal((4, 6))[y] + 1e-7 * rng.standard_normal((40, 6))
    mean = np.stack([X[y == c].mean(axis=0) for c in range(4)])
    expected = (10 * ((mean - mean.mean(axis=0)) ** 2).sum() / 3) / (
        ((X - mean[y]) ** 2).sum() / 36
    )
    assert index(X + 1e3, y) == pytest.approx(expected, rel=1e-4)
    assert index(X, y) == pytest.approx(expected, rel=1e-7)


def test_scale_and_offset_do_not_matter():
    X, y = blobs()
    assert index(X * 1e150, y) == pytest.approx(index(X, y), rel=1e-10)
    assert index(X + 1e5, y) == pytest.approx(index(X, y), rel=1e-8)


def test_classes_that_coincide_have_no_value():
    _, y = blobs()
    for X in (np.eye(4)[y], np.full((60, 3), 0.1)):
        with pytest.raises(NotAvailable, match="same features"):
            index(X, y)


@pytest.mark.parametrize("d", [3, 30, 300])
def test_null_is_what_permutations_score(d):
    X, y = blobs(120, d, signal=2.0)
    found = [index(X, own) for own in permutations(y, 300)]
    assert np.mean(found) == pytest.approx(index.null(X, y, 0.0), abs=0.05)


@pytest.mark.parametrize(("n", "d"), [(90, 8), (60, 90)])
def test_rechecks_equal_scoring_each_subset(n, d):
    X, y = blobs(n, d)
    kept = np.random.default_rng(5).random((6, n)) < 0.8
    kept[-1] = y != 2
    np.testing.assert_allclose(
        index.rechecks(X, y, kept), [index(X[k], y[k]) for k in kept], rtol=1e-9
    )


def test_rechecks_stay_finite_where_a_subset_coincides():
    y = np.array([0, 0, 0, 1, 1, 1])
    X = np.array([0.0, 0.0, 1.0, 5.0, 5.0, 6.0])[:, None]
    kept = np.array([[1, 1, 0, 1, 1, 0], [1, 1, 1, 1, 1, 1]], dtype=bool)
    found = index.rechecks(X, y, kept)
    assert np.isfinite(found).all()
    assert found[0] > found[1]


def test_direction():
    values = [index(*blobs(signal=s)) for s in (0, 0.7, 3)]
    assert values == sorted(values)
    assert index.higher_is_better
