"""H-score against the definition with an exact pseudo-inverse, its bounds, and the faults of other
implementations.
"""

import numpy as np
import pytest

from srcsel.measures import MEASURES
from srcsel.measures._base import permutations

hscore = MEASURES["hscore"]


def blobs(n=80, d=10, c=4, seed=0, signal=0.7):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) + signal * rng.standard_normal((c, d))[y], y


def class_means(X, y):
    return np.stack([X[y == c].mean(axis=0) for c in y])


def definition(X, y):
    """Bao et al. 2019, definition 2, with the rank of numpy's own test."""
    pinv = np.linalg.pinv(np.cov(X, rowvar=False), rcond=1e-10, hermitian=True)
    return np.trace(pinv @ np.cov(class_means(X, y), rowvar=False))


@pytest.mark.parametrize(("n", "d"), [(80, 10), (80, 60), (30, 12)])
def test_equals_the_definition(n, d):
    X, y = blobs(n, d)
    assert hscore(X, y) == pytest.approx(definition(X, y), rel=1e-9)


def test_two_classes_on_a_line_by_hand():
    X = np.array([[0.0], [2.0], [4.0], [6.0]])  # means 1 and 5, variances 5 and 4
    assert hscore(X, [0, 0, 1, 1]) == pytest.approx(4 / 5)


def test_equals_the_sum_of_squared_canonical_correlations():
    X, y = blobs(120, 6, 3)
    A, B = (np.linalg.qr(M - M.mean(axis=0))[0] for M in (X, np.eye(3)[y][:, :2]))
    assert hscore(X, y) == pytest.approx(
        (np.linalg.svd(A.T @ B, compute_uv=False) ** 2).sum(), rel=1e-12
    )


@pytest.mark.parametrize(
    "kind", ["repeated columns", "float32 copies", "more dimensions than pictures", "a constant"]
)
def test_never_exceeds_its_bound_where_the_covariance_is_singular(kind):
    X, y = blobs(60, 12, 4)
    turned = X @ np.random.default_rng(2).standard_normal((12, 40))
    wide = np.random.default_rng(3).standard_normal((60, 200))
    same = {
        "repeated columns": np.concatenate([X, X[:, :5]], axis=1),
        "float32 copies": turned.astype(np.float32),
        "more dimensions than pictures": wide,
        "a constant": np.concatenate([X, np.full((60, 1), 0.1)], axis=1),
    }[kind]
    expected = 3.0 if kind == "more dimensions than pictures" else hscore(X, y)
    assert hscore(same, y) == pytest.approx(expected, abs=1e-6)
    assert hscore(same, y) <= 3


def test_published_code_exceeds_the_bound_where_ours_does_not():
    """rcond = 1e-15 takes the rounding of float32 for directions; the bound is min(rank, c - 1) = 2
    here.
    """
    X, y = blobs(60, 2, 6)
    copies = (8 + X @ np.random.default_rng(2).standard_normal((2, 40))).astype(np.float32)
    pinv = np.linalg.pinv(np.cov(copies, rowvar=False), rcond=1e-15)
    assert np.trace(pinv @ np.cov(class_means(copies, y), rowvar=False)) > 3
    assert hscore(copies, y) == pytest.approx(hscore(X, y), abs=1e-6)


def test_the_product_before_the_trace_is_that_of_matrices():
    """Published code takes it elementwise and leaves the bound of c - 1 = 3 behind."""
    X, y = blobs(200, 100)
    X = X @ np.random.default_rng(2).standard_normal((100, 100))
    total, between = np.cov(X, rowvar=False), np.cov(class_means(X, y), rowvar=False)
    assert np.trace(np.linalg.pinv(total) * between) > 4
    assert hscore(X, y) == pytest.approx(np.trace(np.linalg.pinv(total) @ between), rel=1e-9)
    assert hscore(X, y) <= 3


@pytest.mark.parametrize("decades", [4, 12])
def test_scale_of_single_dimensions_does_not_matter(decades):
    X, y = blobs()
    assert hscore(X * np.logspace(-decades / 2, decades / 2, 10), y) == pytest.approx(
        hscore(X, y), rel=1e-9
    )


def test_nearly_dependent_dimensions_are_still_orthogonal():
    X, y = blobs(200, 8)
    close = X[:, :2] + 1e-5 * np.random.default_rng(4).standard_normal((200, 2))
    U, _, _ = np.linalg.svd(
        np.concatenate([X, close], axis=1) - np.concatenate([X, close], axis=1).mean(axis=0), False
    )
    expected = sum((U[y == c].sum(axis=0) ** 2).sum() / (y == c).sum() for c in range(4))
    assert hscore(np.concatenate([X, close], axis=1), y) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("n", "d"), [(60, 5), (24, 40)])
def test_null_is_the_expectation_over_permutations(n, d):
    X, y = blobs(n, d, signal=2.0)
    found = [hscore(X, own) for own in permutations(y, 400)]
    error = np.std(found) / 20
    assert hscore.null(X, y, 0.0) == pytest.approx(np.mean(found), abs=4 * error + 1e-9)


def test_noise_gains_nothing_over_the_null_at_any_width():
    for d in (16, 128, 512):
        X, y = blobs(300, d, 6, signal=0.0)
        assert hscore(X, y) - hscore.null(X, y, 0.0) == pytest.approx(0, abs=0.4)


def test_constant_features_score_zero_and_so_does_their_null():
    y = np.arange(20) % 2
    assert hscore(np.full((20, 3), 0.1), y) == 0
    assert hscore.null(np.full((20, 3), 0.1), y, 0.0) == 0


def test_direction():
    values = [hscore(*blobs(signal=s)) for s in (0, 0.7, 3)]
    assert values == sorted(values)
    assert hscore.higher_is_better
