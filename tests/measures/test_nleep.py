"""NLEEP against scikit-learn's mixture and LEEP written as loops, cases worked by hand, its null
and re-checks.
"""

import math

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

from srcsel.base.errors import InputError
from srcsel.measures import MEASURES
from srcsel.measures._base import permutations

nleep = MEASURES["nleep"]


def posterior(X, groups, seed=0):
    """Group probabilities of rows X, whose fit sees them sorted by the feature of widest range."""
    order = np.argsort(X[:, np.ptp(X, axis=0).argmax()])
    Z = PCA(0.8, svd_solver="full").fit_transform(X[order])
    Z /= math.sqrt((Z**2).mean())
    fit = GaussianMixture(groups, random_state=seed).fit(Z)
    return fit.predict_proba(Z)[np.argsort(order)]


def loops(P, y):
    """Mean over pictures of log sum_z p(y_i | z) P_iz."""
    total = 0.0
    for i in range(len(y)):
        total += math.log(
            sum(P[y == y[i], z].sum() / P[:, z].sum() * P[i, z] for z in range(P.shape[1]))
        )
    return total / len(y)


def blobs(n=150, d=6, c=3, seed=0, signal=1.5):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) * np.logspace(0, -1, d) + signal * rng.standard_normal(
        (c, d)
    )[y], y


@pytest.mark.parametrize(("components", "groups"), [(1, 3), (2, 6), (5, 15), (9, 15)])
def test_is_the_mean_over_several_fits(components, groups):
    X, y = blobs()
    expected = np.mean([loops(posterior(X, groups, seed), y) for seed in range(4, 12)])
    assert nleep(X, y, components=components, seed=4) == pytest.approx(expected, rel=1e-6)


def test_more_pictures_take_fewer_fits():
    from srcsel.measures.nleep import _fits

    assert [_fits(n) for n in (20, 250, 400, 1000, 2000)] == [8, 8, 5, 2, 2]


def test_groups_far_apart_give_the_label_away():
    y = np.repeat([0, 1, 2], 30)
    X = 100.0 * np.eye(3)[y] + np.random.default_rng(0).standard_normal((90, 3))
    assert nleep(X, y, components=1) == pytest.approx(0, abs=1e-9)


def test_one_group_says_nothing():
    X, y = blobs(n=19)  # too few pictures for two groups
    shares = np.bincount(y) / 19
    assert nleep(X, y) == pytest.approx(shares @ np.log(shares), rel=1e-12)
    assert nleep(np.full((90, 4), 0.1), np.arange(90) % 3) == pytest.approx(-math.log(3), rel=1e-12)


def test_the_unit_and_a_shift_change_nothing():
    X, y = blobs()
    assert nleep(1e-4 * X + 5, y) == pytest.approx(nleep(X, y), rel=1e-6)


def test_components_are_those_that_hold_four_fifths_of_the_variance(monkeypatch):
    from srcsel.measures.nleep import _reduced

    X, _ = blobs(300, 40, signal=0.0)
    Z = PCA(0.8, svd_solver="full").fit_transform(X)
    found = _reduced(X)
    assert found.shape == Z.shape
    np.testing.assert_allclose(found, Z / math.sqrt((Z**2).mean()), rtol=1e-6, atol=1e-9)
    monkeypatch.setattr("srcsel.measures.nleep.DIRECTIONS", 3)
    assert _reduced(X).shape == (300, 3)


def test_null_is_the_mean_over_the_fixed_permutations_of_one_fit():
    X, y = blobs()
    order = np.argsort(X[:, np.ptp(X, axis=0).argmax()])
    P = posterior(X, 15)[order]
    expected = np.mean([loops(P, own) for own in permutations(y[order], 10)])
    assert nleep.null(X, y, 0.0) == pytest.approx(expected, rel=1e-6)


def test_rechecks_score_each_subset_in_the_groups_of_one_fit():
    X, y = blobs()
    P = posterior(X, 15)
    kept = np.random.default_rng(5).random((9, len(y))) < 0.8
    np.testing.assert_allclose(
        nleep.rechecks(X, y, kept), [loops(P[k], y[k]) for k in kept], rtol=1e-6
    )


def test_many_pictures_are_sampled_by_class(monkeypatch):
    X, y = blobs(n=900)
    whole = nleep(X, y)
    monkeypatch.setattr("srcsel.measures.nleep.MOST", 300)
    assert nleep(X, y) == pytest.approx(whole, abs=0.1)
    kept = np.random.default_rng(5).random((4, 900)) < 0.8
    assert (nleep.rechecks(X, y, kept) < 0).all()


def test_direction():
    values = [nleep(*blobs(300, signal=s)) for s in (0, 1, 4)]
    assert values == sorted(values)
    assert values[0] < values[2] <= 0
    assert nleep.higher_is_better


def test_no_group_is_refused():
    with pytest.raises(InputError, match="components must be"):
        nleep(*blobs(), components=0)


def rounded(n=150, seed=0):
    """Features that many rows share, some under two labels."""
    X, y = blobs(n, d=4, seed=seed)
    return np.round(X), y


@pytest.mark.parametrize("most", [2000, 60])
@pytest.mark.parametrize("make", [blobs, rounded, lambda: (np.maximum(blobs()[0], 0), blobs()[1])])
def test_the_order_of_the_rows_changes_nothing(make, most, monkeypatch):
    monkeypatch.setattr("srcsel.measures.nleep.MOST", most)
    X, y = make()
    value, null = nleep(X, y), nleep.null(X, y, 0.0)
    for seed in range(4):
        turn = np.random.default_rng(seed).permutation(len(y))
        assert nleep(X[turn], y[turn]) == value
        assert nleep.null(X[turn], y[turn], 0.0) == null
        turned = nleep(X[turn].astype(np.float32).astype(np.float64), y[turn])
        assert turned == pytest.approx(value, abs=1e-4)
    assert nleep(X[::-1], y[::-1]) == value


def test_rechecks_follow_their_pictures_through_any_order():
    X, y = blobs()
    rng = np.random.default_rng(3)
    kept, turn = rng.random((5, len(y))) < 0.8, rng.permutation(len(y))
    np.testing.assert_allclose(
        nleep.rechecks(X[turn], y[turn], kept[:, turn]), nleep.rechecks(X, y, kept), rtol=1e-12
    )
