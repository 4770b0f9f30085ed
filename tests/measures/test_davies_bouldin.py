"""Davies-Bouldin against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics import davies_bouldin_score

from srcsel.base.errors import NotAvailable
from srcsel.measures import MEASURES
from srcsel.measures._base import permutations

index = MEASURES["davies_bouldin"]


def blobs(n=60, d=10, c=4, seed=0, signal=0.7):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) + signal * rng.standard_normal((c, d))[y], y


@pytest.mark.parametrize(("n", "d", "c"), [(60, 10, 4), (40, 90, 3), (30, 1, 2), (20, 5, 8)])
def test_equals_scikit_learn(n, d, c):
    X, y = blobs(n, d, c)
    assert index(X, y) == pytest.approx(davies_bouldin_score(X, y), rel=1e-7)


def test_three_classes_by_hand():
    X = [[0.0], [2.0], [5.0], [7.0], [100.0]]  # averages 1, 6, 100; spread 1, 1, 0
    first, last = 2 / 5, 1 / 94
    assert index(X, [0, 0, 1, 1, 2]) == pytest.approx((2 * first + last) / 3)


def test_classes_of_one_point_each_score_zero():
    _, y = blobs()
    assert index(np.eye(4)[y], y) == pytest.approx(0, abs=1e-12)


def test_averages_that_coincide_have_no_value_where_scikit_learn_says_perfect():
    y = np.arange(20) % 2
    constant = np.full((20, 3), 0.5)
    assert davies_bouldin_score(constant, y) == 0
    crossed = np.array([[1.0], [3.0], [-1.0], [-3.0]] * 5)
    for X, own in ((constant, y), (crossed, np.arange(20) // 4 % 2)):
        with pytest.raises(NotAvailable, match="same average"):
            index(X, own)


def test_scale_and_offset_do_not_matter():
    X, y = blobs()
    assert index(X * 1e150, y) == pytest.approx(index(X, y), rel=1e-10)
    assert index(X + 1e5, y) == pytest.approx(index(X, y), rel=1e-8)


def test_null_is_the_mean_over_the_permutations():
    X, y = blobs()
    assert index.null(X, y, 0.0) == pytest.approx(
        np.mean([index(X, own) for own in permutations(y)]), rel=1e-12
    )


@pytest.mark.parametrize(("n", "d"), [(90, 8), (60, 90)])
def test_rechecks_equal_scoring_each_subset(n, d):
    X, y = blobs(n, d)
    kept = np.random.default_rng(5).random((6, n)) < 0.8
    kept[-1] = y != 2
    np.testing.assert_allclose(
        index.rechecks(X, y, kept), [index(X[k], y[k]) for k in kept], rtol=1e-8
    )


def test_rechecks_stay_finite_where_averages_of_a_subset_coincide():
    y = np.array([0, 0, 0, 1, 1, 1])
    X = np.array([0.0, 2.0, 5.0, 1.0, 1.0, 9.0])[:, None]
    kept = np.array([[1, 1, 0, 1, 1, 0], [1, 1, 1, 1, 1, 1]], dtype=bool)
    found = index.rechecks(X, y, kept)
    assert found[1] == pytest.approx(index(X, y))
    assert np.isfinite(found).all()


def test_direction():
    values = [index(*blobs(signal=s)) for s in (3, 0.7, 0)]
    assert values == sorted(values)
    assert not index.higher_is_better
