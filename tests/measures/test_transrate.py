"""TransRate against the determinants of its definition."""

import numpy as np
import pytest

from srcsel.base.errors import InputError
from srcsel.measures import MEASURES
from srcsel.measures._base import permutations

transrate = MEASURES["transrate"]


def blobs(n=60, d=10, c=4, seed=0, signal=0.7):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) + signal * rng.standard_normal((c, d))[y], y


def rate(Z, eps):
    return np.linalg.slogdet(np.eye(Z.shape[1]) + Z.T @ Z / (len(Z) * eps))[1] / 2


def definition(X, y, eps=1e-4):
    """Huang et al. 2022, equation 5, on centred features, class terms averaged."""
    Z = X - X.mean(axis=0)
    return rate(Z, eps) - np.mean([rate(Z[y == c], eps) for c in np.unique(y)])


@pytest.mark.parametrize(("n", "d"), [(60, 10), (40, 90), (50, 1)])
@pytest.mark.parametrize("eps", [1e-4, 0.1, 5.0])
def test_equals_the_definition(n, d, eps):
    X, y = blobs(n, d)
    assert transrate(X, y, eps=eps) == pytest.approx(definition(X, y, eps), rel=1e-8)


def test_one_dimension_by_hand():
    X = np.array([[-3.0], [-1.0], [1.0], [3.0]])  # squares: 5 on average, and so in each class
    assert transrate(X, [0, 0, 1, 1], eps=1.0) == pytest.approx(0, abs=1e-12)
    assert transrate(X, [0, 1, 1, 0], eps=1.0) == pytest.approx(
        (np.log(6) - (np.log(10) + np.log(2)) / 2) / 2
    )


def test_equal_classes_never_fall_below_zero():
    y = np.arange(60) % 4
    for seed in range(5):
        assert transrate(np.random.default_rng(seed).standard_normal((60, 200)), y) >= 0


@pytest.mark.parametrize("factor", [1e5, 1e9])
def test_large_features_take_the_way_by_eigenvalues(factor):
    """For these, I adds nothing to directions that are there: each counts log(factor) more, fewer
    in a class.
    """
    X, y = blobs(200, 6)
    assert transrate(X * factor, y) == pytest.approx(definition(X * 1e3, y), abs=1e-4)


def test_huge_features_do_not_overflow_and_tiny_ones_score_zero():
    X, y = blobs(200, 6)
    assert transrate(X * 1e150, y) == pytest.approx(transrate(X * 1e9, y), abs=1e-6)
    assert transrate(X * 1e-150, y) == pytest.approx(0, abs=1e-12)
    assert transrate(np.full((20, 3), 0.1), np.arange(20) % 2) == 0


def test_an_offset_does_not_matter():
    X, y = blobs()
    assert transrate(X + 1e4, y) == pytest.approx(transrate(X, y), rel=1e-8)


def test_it_grows_with_width_on_noise_and_so_does_its_null():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 6, 300)
    draws = [rng.standard_normal((300, d)) for d in (16, 64, 256)]
    values, nulls = zip(
        *((transrate(X, y), transrate.null(X, y, transrate(X, y))) for X in draws), strict=True
    )
    assert values[2] > 100 * values[0]
    np.testing.assert_allclose(nulls, values, rtol=0.05, atol=0.5)


def test_null_is_the_mean_over_the_permutations():
    X, y = blobs()
    expected = np.mean([transrate(X, own, eps=0.01) for own in permutations(y, 5)])
    assert transrate.null(X, y, transrate(X, y, eps=0.01), eps=0.01) == pytest.approx(
        expected, rel=1e-9
    )


@pytest.mark.parametrize("eps", [0.0, -1.0, np.inf])
def test_eps_must_be_above_zero(eps):
    with pytest.raises(InputError, match="above 0"):
        transrate(*blobs(), eps=eps)


def test_direction():
    values = [transrate(*blobs(400, signal=s)) for s in (0, 0.7, 3)]
    assert values == sorted(values)
    assert transrate.higher_is_better
