"""LDA against scikit-learn on the same folds, and what chance scores."""

import numpy as np
import pytest
import scipy.linalg
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from srcsel.base.errors import NotAvailable
from srcsel.measures import MEASURES
from srcsel.measures._base import permutations

lda = MEASURES["lda"]


def blobs(n=120, d=10, c=4, seed=0, signal=0.7):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + signal * rng.standard_normal(
        (c, d)
    )[y], y


def reference(X, y, folds=5):
    """scikit-learn on folds of the same seed, every picture counted once."""
    rule = make_pipeline(
        StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    )
    split = StratifiedKFold(folds, shuffle=True, random_state=0)
    sizes = [len(held) for _, held in split.split(X, y)]
    return np.average(cross_val_score(rule, X, y, cv=split), weights=sizes)


@pytest.mark.parametrize(("n", "d", "c"), [(120, 10, 4), (90, 150, 3), (60, 1, 3), (240, 40, 12)])
def test_equals_scikit_learn(n, d, c):
    X, y = blobs(n, d, c, signal=2.0)
    assert 1 / c < lda(X, y) < 1
    assert lda(X, y) == pytest.approx(reference(X, y))


def test_equals_scikit_learn_where_a_dimension_is_constant_in_a_class():
    X, y = blobs(signal=2.0)
    X = np.maximum(X, 0)
    X[y == 1, 3] = 0
    X[:, 4] = 7
    assert lda(X, y) == pytest.approx(reference(X, y))


def test_costs_by_the_fewer_of_pictures_and_dimensions(monkeypatch):
    """No system of d equations where pictures are fewer, and the same answer."""
    X, y = blobs(60, 2000, 4, signal=2.0)
    largest = []
    solve = scipy.linalg.cho_factor
    monkeypatch.setattr("scipy.linalg.cho_factor", lambda S: largest.append(len(S)) or solve(S))
    assert lda(X, y) == pytest.approx(reference(X, y))
    assert max(largest) <= 60


def test_the_smallest_class_says_how_many_folds():
    X, y = blobs(signal=2.0)
    keep = np.ones(120, dtype=bool)
    keep[np.flatnonzero(y == 2)[3:]] = False
    assert lda(X[keep], y[keep]) == pytest.approx(reference(X[keep], y[keep], 3))


def test_pictures_alone_in_their_class_are_dropped():
    X, y = blobs()
    extra = np.concatenate([X, X[:2] + 100]), np.concatenate([y, [7, 9]])
    assert lda(*extra) == lda(X, y)


def test_one_class_with_partners_is_not_enough():
    X, _ = blobs(8)
    with pytest.raises(NotAvailable, match="two classes"):
        lda(X, [0, 0, 0, 0, 0, 1, 2, 3])


def test_never_the_accuracy_on_pictures_learnt_from():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((100, 300)), np.arange(100) % 4
    rule = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(X, y)
    assert rule.score(X, y) == 1
    assert lda(X, y) == pytest.approx(0.25, abs=0.15)


@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_scale_and_offset_do_not_matter(shift):
    X, y = blobs()
    assert lda(X * 1e4 + shift, y) == lda(X, y)
    assert lda(X * 1e150, y) == lda(X * 1e-150, y) == lda(X, y)


def test_null_of_classes_of_one_size_is_one_over_their_number():
    X, _ = blobs()
    y = np.arange(120) % 4
    assert lda.null(X, y, 0.0) == 0.25
    found = [lda(X, own) for own in permutations(y, 60)]
    assert np.mean(found) == pytest.approx(0.25, abs=4 * np.std(found) / np.sqrt(60))


def test_null_of_unequal_classes_is_the_mean_over_permutations():
    X, _ = blobs()
    y = (np.arange(120) < 84).astype(int) + (np.arange(120) < 20)
    found = [lda(X, own) for own in permutations(y, 100)]
    assert lda.null(X, y, 0.0) == pytest.approx(np.mean(found), abs=0.02)
    assert np.mean(found) > 0.4


def test_rechecks_are_the_accuracy_among_the_pictures_kept():
    X, y = blobs()
    X, y = np.concatenate([X, X[:1]]), np.concatenate([y, [9]])
    kept = np.random.default_rng(5).random((400, 121)) < 0.8
    found = lda.rechecks(X, y, kept)
    assert lda.rechecks(X, y, np.ones((1, 121), dtype=bool))[0] == pytest.approx(lda(X, y))
    value = lda(X, y)
    # of a share of 120, drawn without replacement
    expected = np.sqrt(value * (1 - value) / 120 * 0.2 / 0.8)
    assert np.std(found) == pytest.approx(expected, rel=0.15)


def test_direction():
    values = [lda(*blobs(signal=s)) for s in (0, 2, 6)]
    assert values == sorted(values)
    assert lda.higher_is_better
