"""The linear probe against scikit-learn on the same folds, and what chance scores."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from srcsel.base.errors import InputError, NotAvailable
from srcsel.measures import MEASURES
from srcsel.measures._base import permutations

probe = MEASURES["linear_probe"]


def blobs(n=120, d=10, c=4, seed=0, signal=0.7):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) * np.arange(1, d + 1) + signal * rng.standard_normal((c, d))[
        y
    ], y


def reference(X, y, folds=5, seed=0):
    """scikit-learn on folds of the same seed, every picture counted once."""
    rule = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    sizes = [len(held) for _, held in split.split(X, y)]
    return np.average(cross_val_score(rule, X, y, cv=split), weights=sizes)


@pytest.mark.parametrize(("n", "d", "c"), [(120, 10, 4), (90, 150, 3), (60, 1, 3), (120, 20, 2)])
def test_equals_scikit_learn(n, d, c):
    X, y = blobs(n, d, c, signal=2.0)
    assert 1 / c < probe(X, y) < 1
    assert probe(X, y) == pytest.approx(reference(X, y))


def test_folds_and_seed():
    X, y = blobs(signal=2.0)
    assert probe(X, y, folds=3, seed=4) == pytest.approx(reference(X, y, 3, 4))
    assert len({probe(X, y, seed=seed) for seed in range(6)}) > 1
    with pytest.raises(InputError, match="2 or more"):
        probe(X, y, folds=1)


def test_the_smallest_class_says_how_many_folds():
    X, y = blobs(signal=2.0)
    keep = np.ones(120, dtype=bool)
    keep[np.flatnonzero(y == 2)[3:]] = False
    assert probe(X[keep], y[keep]) == pytest.approx(reference(X[keep], y[keep], 3))


def test_a_fit_in_float32_predicts_the_same(monkeypatch):
    X, y = blobs(signal=2.0)
    value = probe(X, y)
    monkeypatch.setitem(probe.function.__globals__, "LARGE", 0)
    assert probe(X, y) == pytest.approx(value, abs=1 / 120)


def test_pictures_alone_in_their_class_are_dropped():
    X, y = blobs()
    extra = np.concatenate([X, X[:2] + 100]), np.concatenate([y, [7, 9]])
    assert probe(*extra) == probe(X, y)
    assert probe.null(*extra, 0.0) == probe.null(X, y, 0.0)


def test_one_class_with_partners_is_not_enough():
    X, _ = blobs(8)
    with pytest.raises(NotAvailable, match="two classes"):
        probe(X, [0, 0, 0, 0, 0, 1, 2, 3])


def test_scale_and_offset_do_not_matter():
    X, y = blobs()
    assert probe(X * 1e4 + 1e6, y) == probe(X, y)
    assert probe(X * 1e150, y) == probe(X * 1e-150, y) == probe(X, y)


def spoiled(X):
    """Features that float32 alone would lose: an offset, and a row far away from all others."""
    far = X.copy()
    far[3] = 1e6
    return {"offset": X + 1e6, "far row": far, "huge": X * 1e200}


@pytest.mark.parametrize("how", ["offset", "far row", "huge"])
def test_many_features_lose_nothing_in_float32(how, monkeypatch):
    X, y = blobs(100, 12)
    X = spoiled(X)[how]
    assert X.dtype == np.float64
    exact = probe(X, y)
    monkeypatch.setattr("srcsel.measures.linear_probe.LARGE", 0)
    assert probe(X, y) == pytest.approx(exact, abs=0.011)  # one picture of a hundred


def test_standardised_by_the_pictures_learnt_from_alone():
    """One outlier in the fold predicted must not change what the others are named."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = rng.standard_normal((40, 2)) + 6 * y[:, None]
    X[0] = -1e9
    assert probe(X, y) >= 0.5
    assert probe(X, y) == pytest.approx(reference(X, y))


def test_null_of_classes_of_one_size_is_one_over_their_number():
    X, _ = blobs()
    assert probe.null(X, np.arange(120) % 4, 0.0) == 0.25


def test_null_of_unequal_classes_is_the_mean_over_permutations():
    X, _ = blobs()
    y = (np.arange(120) < 84).astype(int) + (np.arange(120) < 20)
    found = [probe(X, own) for own in permutations(y, 30)]
    assert probe.null(X, y, 0.0) == pytest.approx(np.mean(found), abs=0.05)
    assert np.mean(found) > 0.4


def test_direction():
    values = [probe(*blobs(signal=s)) for s in (0, 2, 9)]
    assert values == sorted(values)
    assert probe.higher_is_better
