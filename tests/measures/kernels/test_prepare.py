"""Preparations against scipy, and where they have nothing to hold on to."""

import numpy as np
import pytest
import scipy.linalg

from srcsel.base.errors import InputError
from srcsel.measures.kernels.prepare import components, prepare, unit_rows


def naive_whitening(X, k):
    X = X - X.mean(axis=0)
    values, vectors = scipy.linalg.eigh(np.cov(X, rowvar=False))
    order = np.argsort(values)[::-1][:k]
    Z = X @ vectors[:, order] / np.sqrt(values[order])
    return Z / np.linalg.norm(Z, axis=1, keepdims=True)


@pytest.mark.parametrize(("n", "d", "k"), [(200, 10, 10), (200, 100, 64), (40, 30, 30)])
def test_whitened_equals_principal_components_of_unit_variance(n, d, k):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + 5
    Z = prepare(X, "whitened")
    assert Z.shape == (n, min(k, n - 1))
    expected = naive_whitening(X, k)
    np.testing.assert_allclose(Z @ Z.T, expected @ expected.T, atol=1e-9)


def test_whitened_with_fewer_pictures_than_dimensions():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((30, 200))
    Z = prepare(X, "whitened")
    U = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)[0][:, :29]
    U /= np.linalg.norm(U, axis=1, keepdims=True)
    assert Z.shape == (30, 29)
    np.testing.assert_allclose(Z @ Z.T, U @ U.T, atol=1e-9)


@pytest.mark.parametrize(("n", "d"), [(200, 10), (200, 100), (30, 200)])
def test_whitening_the_components_again_changes_nothing(n, d):
    X = np.random.default_rng(1).standard_normal((n, d)) * np.arange(1, d + 1)
    Z, again = prepare(X, "whitened"), prepare(components(X), "whitened")
    np.testing.assert_allclose(again @ again.T, Z @ Z.T, atol=1e-10)


def test_whitening_keeps_the_rank_and_no_float32_dust():
    rng = np.random.default_rng(2)
    X = rng.standard_normal((100, 5)) @ rng.standard_normal((5, 50))
    assert prepare(X, "whitened").shape == (100, 5)
    assert prepare(X.astype(np.float32).astype(np.float64), "whitened").shape == (100, 5)


def test_whitening_of_badly_scaled_columns():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((300, 6)) * np.array([1e5, 1, 1, 1, 1, 1])
    Z, expected = prepare(X, "whitened"), naive_whitening(X / [1e5, 1, 1, 1, 1, 1], 6)
    np.testing.assert_allclose(Z @ Z.T, expected @ expected.T, atol=1e-8)


@pytest.mark.parametrize("how", ["centred", "whitened"])
def test_offset_and_scale_do_not_matter(how):
    X = np.random.default_rng(4).standard_normal((80, 12))
    plain, moved = prepare(X, how), prepare(1e3 * X + 1e9, how)
    np.testing.assert_allclose(moved @ moved.T, plain @ plain.T, atol=1e-6)
    huge = prepare(X * 1e250, how)
    np.testing.assert_allclose(huge @ huge.T, plain @ plain.T, atol=1e-10)


def test_centred_subtracts_the_mean_and_scales_rows():
    X = np.array([[3.0, 4.0], [-3.0, -4.0], [0.0, 0.0]]) + 7
    np.testing.assert_allclose(
        prepare(X, "centred"), [[0.6, 0.8], [-0.6, -0.8], [0, 0]], atol=1e-14
    )


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9])
def test_constant_features_have_no_direction(value):
    X = np.full((7, 3), value)
    assert not prepare(X, "centred").any()
    np.testing.assert_array_equal(prepare(X, "whitened"), np.zeros((7, 1)))


def test_raw_is_the_input_and_others_are_refused():
    X = np.eye(3)
    np.testing.assert_array_equal(prepare(X), X)
    with pytest.raises(InputError, match="whitened"):
        prepare(X, "white")  # pyright: ignore[reportArgumentType]


def test_unit_rows_survive_extreme_lengths():
    Z = unit_rows(np.array([[3e200, 4e200], [3e-200, 4e-200], [0.0, 0.0]]))
    np.testing.assert_allclose(Z, [[0.6, 0.8], [0.6, 0.8], [0, 0]], rtol=1e-15)
