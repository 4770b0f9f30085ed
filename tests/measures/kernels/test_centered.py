"""Centred features made by blocks against numpy, and against those that lie in memory."""

import numpy as np
import pytest

from srcsel.measures.kernels.centered import Centered
from srcsel.measures.kernels.prepare import components, prepare


def features(n=400, d=30, kind=np.float32):
    rng = np.random.default_rng(0)
    X = (rng.standard_normal((n, d)) * np.arange(1, d + 1) + 7).astype(kind)
    X[:, 3] = 0.1  # a column of rounding noise
    return X


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_as_numpy_has_it(kept, kind, request):
    if not kept:
        request.getfixturevalue("by_blocks")
    X = features(kind=kind)
    W, rng = Centered(X), np.random.default_rng(1)
    assert len(list(W.each())) == (1 if kept else -(-400 // 70))
    expected = X.astype(np.float64)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(W.mean * W.scale, expected.mean(axis=0), rtol=1e-12)
    expected = (expected - expected.mean(axis=0)) / scale
    expected[:, 3] = 0
    np.testing.assert_allclose(W.whole, expected, atol=1e-15)
    some = rng.permutation(400)[:50]
    np.testing.assert_array_equal(W[some], W.whole[some])
    np.testing.assert_array_equal(W[90:333], W.whole[90:333])
    np.testing.assert_allclose(W.gram(), expected.T @ expected, atol=1e-12)
    np.testing.assert_allclose(W.lengths(), (expected**2).sum(axis=1), rtol=1e-12)
    turn = rng.standard_normal((30, 4))
    np.testing.assert_allclose(W.turned(turn), expected @ turn, atol=1e-6 if not kept else 1e-12)
    own = rng.integers(0, 5, (2, 400))
    sums = [[expected[y == c].sum(axis=0) for c in range(5)] for y in own]
    np.testing.assert_allclose(W.class_sums(own, 5), sums, atol=1e-12)
    sigma, Vt = W.decomposed()
    truth = np.linalg.svd(expected, compute_uv=False)
    np.testing.assert_allclose(sigma, truth, atol=1e-13 * truth[0])
    np.testing.assert_allclose(np.linalg.norm(expected @ Vt.T, axis=0), sigma, atol=1e-12)


def test_what_is_not_kept_has_few_bytes(by_blocks):
    assert Centered(features()).turned(np.eye(30)).dtype == np.float32
    assert components(features()).dtype == np.float32


def test_more_features_than_pictures_are_kept(by_blocks):
    X = features(40, 90)
    assert len(list(Centered(X).each())) == 1
    np.testing.assert_allclose(Centered(X).gram(), Centered(X).whole @ Centered(X).whole.T)


@pytest.mark.parametrize("spread", [1.0, 1e5])
def test_whitening_by_blocks(spread, request):
    """Also where the Gram matrix holds too few digits of the small directions."""
    X = features(kind=np.float64)
    X[:, 0] *= spread
    Z = prepare(X, "whitened")
    request.getfixturevalue("by_blocks")
    again = prepare(X, "whitened")
    assert again.shape == Z.shape == (400, 29)
    np.testing.assert_allclose(again @ again.T, Z @ Z.T, atol=2e-6)
