"""Debiased CKA against the n x n matrices of the unbiased estimate."""

import numpy as np
import pytest

from srcsel.base.errors import NotAvailable
from srcsel.measures import MEASURES
from srcsel.measures._base import permutations

cka = MEASURES["cka"]


def blobs(n=60, d=10, c=4, seed=0, signal=0.7):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) + signal * rng.standard_normal((c, d))[y], y


def hsic(K, L):
    """Song et al. 2012, equation 5, with the matrices themselves."""
    n = len(K)
    K, L = K - np.diag(np.diag(K)), L - np.diag(np.diag(L))
    one = np.ones(n)
    chain = one @ K @ L @ one
    return (
        (
            np.trace(K @ L)
            + (one @ K @ one) * (one @ L @ one) / (n - 1) / (n - 2)
            - 2 / (n - 2) * chain
        )
        / n
        / (n - 3)
    )


def definition(X, y):
    K, L = X @ X.T, (y[:, None] == y).astype(float)
    return hsic(K, L) / np.sqrt(hsic(K, K) * hsic(L, L))


@pytest.mark.parametrize(("n", "d"), [(60, 10), (40, 90), (6, 3), (50, 1)])
def test_equals_the_definition(n, d):
    X, y = blobs(n, d, c=2 if n < 9 else 4, seed=1)
    assert cka(X, y) == pytest.approx(definition(X, y), abs=1e-12)


def test_equals_the_correlation_of_similarities_centred_without_the_diagonal():
    """The same by Szekely & Rizzo's U-centring: a plain cosine between two matrices, so never
    beyond -1 and 1.
    """
    X, y = blobs()

    def center(K):
        n = len(K)
        K = K - np.diag(np.diag(K))
        rows = K.sum(axis=0) / (n - 2)
        K = K - rows - rows[:, None] + K.sum() / ((n - 1) * (n - 2))
        return K - np.diag(np.diag(K))

    K, L = center(X @ X.T), center((y[:, None] == y).astype(float))
    assert cka(X, y) == pytest.approx(
        (K * L).sum() / np.linalg.norm(K) / np.linalg.norm(L), abs=1e-12
    )


def test_the_labels_themselves_score_one():
    _, y = blobs()
    assert cka(np.eye(4)[y], y) == pytest.approx(1, abs=1e-12)
    assert cka(7 - 3 * np.eye(4)[y], y) == pytest.approx(1, abs=1e-12)


def test_offset_scale_and_rotation_do_not_matter():
    X, y = blobs()
    turned = np.linalg.qr(np.random.default_rng(1).standard_normal((10, 10)))[0]
    assert cka(1e4 + 50 * X @ turned, y) == pytest.approx(cka(X, y), abs=1e-9)


def test_noise_scores_zero_at_any_width_where_the_plain_estimate_grows():
    rng = np.random.default_rng(0)
    values, plain = [], []
    for d in (16, 512):
        draws = [(rng.standard_normal((150, d)), rng.integers(0, 6, 150)) for _ in range(8)]
        values.append(np.mean([cka(*draw) for draw in draws]))
        plain.append(np.mean([_plain(*draw) for draw in draws]))
    assert np.abs(values).max() < 0.01
    assert plain[1] > plain[0] + 0.05


def _plain(X, y):
    W, T = X - X.mean(axis=0), np.eye(6)[y] - np.eye(6)[y].mean(axis=0)
    return np.linalg.norm(W.T @ T) ** 2 / np.linalg.norm(W.T @ W) / np.linalg.norm(T.T @ T)


def test_null_is_the_expectation_over_permutations():
    X, y = blobs(signal=2.0)
    found = [cka(X, own) for own in permutations(y, 400)]
    assert cka.null(X, y, 0.0) == 0
    assert np.mean(found) == pytest.approx(0, abs=4 * np.std(found) / 20)


@pytest.mark.parametrize(("n", "d"), [(90, 8), (60, 90)])
def test_rechecks_equal_scoring_each_subset(n, d):
    X, y = blobs(n, d)
    kept = np.random.default_rng(5).random((6, n)) < 0.8
    kept[-1] = y != 2
    np.testing.assert_allclose(cka.rechecks(X, y, kept), [cka(X[k], y[k]) for k in kept], atol=1e-6)


def test_undefined_cases_say_why():
    X, y = blobs(20)
    with pytest.raises(NotAvailable, match="all pictures but one"):
        cka(X, np.arange(20) == 3)
    with pytest.raises(NotAvailable, match="the same features"):
        cka(np.full((20, 3), 0.1), y)
    with pytest.raises(NotAvailable, match="all but one, have the same features"):
        cka(np.arange(20)[:, None] == np.full(3, 5), y)
    with pytest.raises(NotAvailable, match="at least 4"):
        cka(X[:3], [0, 0, 1])


def test_direction():
    values = [cka(*blobs(signal=s)) for s in (0, 0.7, 3)]
    assert values == sorted(values)
    assert cka.higher_is_better
