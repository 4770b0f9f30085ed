"""PARC against NumPy's correlations and SciPy's Spearman, cases worked by hand, its null and its
re-checks.
"""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.decomposition import PCA

from srcsel.base.errors import InputError
from srcsel.measures import MEASURES
from srcsel.measures.kernels import sample
from srcsel.scoring.plan import plan_rechecks

parc = MEASURES["parc"]


def naive(X, y, pca=None):
    """Both dissimilarity matrices in full, then SciPy."""
    if pca:
        X = PCA(pca).fit_transform(X)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    i, j = np.triu_indices(len(y), 1)
    features, labels = (1 - np.corrcoef(rows) for rows in (X, np.eye(y.max() + 1)[y]))
    return 100 * spearmanr(features[i, j], np.round(labels[i, j], 10)).statistic


def blobs(n=60, d=9, c=4, seed=0, signal=1.0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) + signal * rng.standard_normal((c, d))[y], y


@pytest.mark.parametrize("signal", [0.0, 1.0, 9.0])
@pytest.mark.parametrize("pca", [None, 5])
def test_equals_numpy_and_scipy(signal, pca):
    X, y = blobs(signal=signal)
    assert parc(X, y, pca=pca) == pytest.approx(naive(X, y, pca), rel=1e-9)


def test_copies_are_ties():
    X, y = blobs(30)
    X, y = np.repeat(X, 2, axis=0), np.random.default_rng(1).integers(0, 3, 60)
    i, j = np.triu_indices(60, 1)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    expected = 100 * spearmanr(np.round(1 - np.corrcoef(Z)[i, j], 11), (y[i] != y[j])).statistic
    assert parc(X, y) == pytest.approx(expected, rel=1e-9)


def test_by_hand():
    """Two dimensions: rows correlate +1 or -1.

    Pairs of one class all +1, the rest -1: a perfect match.
    """
    assert parc(
        [[1.0, -1.0], [2.0, -2.0], [-1.0, 1.0], [-2.0, 2.0]], [0, 0, 1, 1]
    ) == pytest.approx(100, rel=1e-12)
    assert parc(
        [[1.0, -1.0], [-2.0, 2.0], [-1.0, 1.0], [2.0, -2.0]], [0, 0, 1, 1]
    ) == pytest.approx(-50, rel=1e-12)


def test_constant_features_and_a_single_dimension_score_zero():
    X, y = blobs()
    assert parc(np.full_like(X, 0.1), y) == 0
    assert parc(X[:, :1], y) == 0


def test_the_unit_of_each_column_changes_nothing():
    X, y = blobs()
    assert parc(X * np.logspace(-4, 4, 9) + 3, y) == pytest.approx(parc(X, y), rel=1e-9)


def test_null_is_what_permutations_average_to():
    X, y = blobs(signal=2.0)
    rng = np.random.default_rng(0)
    values = [parc(X, rng.permutation(y)) for _ in range(400)]
    assert abs(np.mean(values) - parc.null(X, y, 0.0)) < 4 * np.std(values) / math.sqrt(400)


def test_rechecks_with_ranks_among_all_pairs():
    X, y = blobs()
    kept = np.random.default_rng(5).random((9, len(y))) < 0.8
    i, j = np.triu_indices(len(y), 1)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    ranks = np.argsort(np.argsort(1 - np.corrcoef(Z)[i, j]))
    pairs = [k[i] & k[j] for k in kept]
    expected = [100 * np.corrcoef(ranks[p], (y[i] != y[j])[p])[0, 1] for p in pairs]
    found = parc.rechecks(X, y, kept)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_rechecks_move_as_scoring_each_stratified_subset_anew_does():
    X, y = blobs(n=200)
    kept = plan_rechecks(y, 25).kept
    fresh = [naive(X[k], y[k]) for k in kept]
    assert np.corrcoef(parc.rechecks(X, y, kept), fresh)[0, 1] > 0.9


def test_many_pictures_are_sampled_by_class(monkeypatch):
    X, y = blobs(n=600)
    whole = parc(X, y)
    monkeypatch.setattr("srcsel.measures.parc.MOST", 200)
    rows = sample.stratified(y, 200)
    assert len(rows) == pytest.approx(200, abs=2)
    np.testing.assert_allclose(np.bincount(y[rows]), np.bincount(y) / 3, atol=0.5)
    assert parc(X, y) == pytest.approx(naive(X[rows], y[rows]), rel=1e-9)
    assert parc(X, y) == pytest.approx(whole, rel=0.2)
    assert np.isfinite(parc.rechecks(X, y, np.random.default_rng(5).random((4, 600)) < 0.8)).all()


def test_direction():
    values = [parc(*blobs(200, signal=s)) for s in (0, 1, 3)]
    assert values == sorted(values)
    assert values[0] < 5 < values[2]
    assert parc.higher_is_better


def test_no_component_is_refused():
    with pytest.raises(InputError, match="1 or more"):
        parc(*blobs(), pca=0)
