"""Logistic regressions of several parts at the same time, against scikit-learn on each."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from srcsel.measures.kernels.logistic import learn


def blobs(n=120, d=12, c=4, seed=0, signal=0.7):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % c
    X = rng.standard_normal((n, d)) * np.arange(1, d + 1)
    return X + signal * rng.standard_normal((c, d))[y], y


def some(n, parts=3, seed=0):
    return np.random.default_rng(seed).random((parts, n)) < 0.7


def reference(X, y, rows, strength, tol=1e-10):
    scaler = StandardScaler().fit(X[rows])
    rule = LogisticRegression(C=strength, tol=tol, max_iter=20_000)
    rule.fit(scaler.transform(X[rows]), y[rows])
    return rule, rule.predict_proba(scaler.transform(X))


def shares(scores):
    P = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return P / P.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(("n", "d", "c"), [(120, 12, 4), (60, 150, 3), (120, 12, 2), (60, 1, 3)])
@pytest.mark.parametrize("strength", [0.1, 1.0])
def test_the_minimum_is_that_of_scikit_learn(n, d, c, strength):
    X, y = blobs(n, d, c)
    parts = some(n)
    found = shares(learn(X, y, parts, strength, slope=1e-8).scores(X))
    for P, rows in zip(found, parts, strict=True):
        np.testing.assert_allclose(P, reference(X, y, rows, strength)[1], atol=1e-5)


@pytest.mark.parametrize("signal", [0.2, 1.0, 4.0])
def test_stopping_early_changes_next_to_no_prediction(signal):
    X, y = blobs(600, 300, 6, signal=signal)
    parts = (np.arange(600) % 5) != np.arange(5)[:, None]
    for digits in (np.float32, np.float64):
        found = learn(X.astype(digits), y, parts, 0.1).scores(X.astype(digits)).argmax(axis=2)
        usual = [reference(X, y, rows, 0.1, 1e-4)[1].argmax(axis=1) for rows in parts]
        least = [reference(X, y, rows, 0.1)[1].argmax(axis=1) for rows in parts]
        held = ~parts
        assert (found == usual)[held].mean() > 0.985
        right = [(np.array(g) == y)[held].mean() for g in (found, usual, least)]
        assert np.ptp(right) <= 0.01


def test_a_class_that_a_part_lacks_is_never_named():
    X, y = blobs()
    parts = np.stack([y != 2, np.ones(len(y), dtype=bool)])
    scores = learn(X, y, parts, 1.0, slope=1e-8).scores(X)
    assert (scores[0][:, 2] == -np.inf).all()
    assert np.isfinite(scores[1]).all()
    others = [0, 1, 3]
    expected = reference(X, y, parts[0], 1.0)[1]
    np.testing.assert_allclose(shares(scores[0])[:, others], expected, atol=1e-5)


@pytest.mark.parametrize("outlier", [-1e9, 1e12])
def test_an_outlier_that_a_part_lacks_costs_it_no_digits(outlier):
    X, y = blobs()
    X[0] = outlier
    parts = np.ones((2, len(y)), dtype=bool)
    parts[0, 0] = False
    found = shares(learn(X, y, parts, 1.0, slope=1e-8).scores(X))
    for P, rows in zip(found, parts, strict=True):
        np.testing.assert_allclose(P[1:], reference(X, y, rows, 1.0)[1][1:], atol=1e-4)


def test_a_dimension_that_is_constant_in_a_part_says_nothing_there():
    X, y = blobs()
    parts = np.ones((2, len(y)), dtype=bool)
    parts[0, :6] = False
    X[6:, 3] = 0.1  # it varies in the first six only
    X[:, 4] = 7.7
    found = shares(learn(X, y, parts, 1.0, slope=1e-8).scores(X))
    for P, rows in zip(found, parts, strict=True):
        clean = X.copy()
        clean[:, 4] = 0
        if not rows[0]:
            clean[:, 3] = 0
        np.testing.assert_allclose(P, reference(clean, y, rows, 1.0)[1], atol=1e-5)


@pytest.mark.parametrize(("scale", "offset"), [(1e150, 0.0), (1e-150, 0.0), (1e3, 1e6)])
def test_scale_and_offset_do_not_matter(scale, offset):
    X, y = blobs()
    parts = some(len(y))
    plain, moved = (learn(Z, y, parts, 1.0).scores(Z) for Z in (X, X * scale + offset))
    np.testing.assert_allclose(moved, plain, atol=1e-3)


def test_parts_shared_over_cores_are_the_same(monkeypatch):
    X, y = blobs()
    parts = some(len(y), 5)
    one = learn(X, y, parts, 1.0).scores(X)
    monkeypatch.setattr("srcsel.base.threads._blas_threads", lambda: 3)
    np.testing.assert_allclose(learn(X, y, parts, 1.0).scores(X), one, atol=1e-9)
