"""Sums by class, dense and sparse."""

import numpy as np
import pytest

from srcsel.measures.kernels.class_sums import class_sums


@pytest.mark.parametrize("sparse", [1, 10**9])
def test_class_sums(sparse, monkeypatch):
    monkeypatch.setattr("srcsel.measures.kernels.class_sums.SPARSE", sparse)
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((90, 30)), rng.integers(0, 5, 90)
    y[:10] = -1
    expected = [X[y == c].sum(axis=0) for c in range(6)]
    np.testing.assert_allclose(class_sums(X, y, 6), expected, atol=1e-12)
