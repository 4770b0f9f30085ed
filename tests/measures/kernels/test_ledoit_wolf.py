import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf_shrinkage

from srcsel.measures.kernels.ledoit_wolf import shrinkage


@pytest.mark.parametrize("shape", [(40, 6), (12, 50), (30, 1), (200, 20)])
def test_equals_scikit_learn(shape):
    rng = np.random.default_rng(0)
    W = rng.normal(size=shape) * rng.uniform(0.1, 5, shape[1])
    W -= W.mean(axis=0)
    S = W.T @ W / len(W)
    a, mean = shrinkage((W**2).sum(axis=1), float((S**2).sum()), shape[1])
    assert a == pytest.approx(ledoit_wolf_shrinkage(W, assume_centered=True), rel=1e-9, abs=1e-12)
    assert mean == pytest.approx(np.trace(S) / shape[1])
