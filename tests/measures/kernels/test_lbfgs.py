"""Minima of several functions at the same time, against those of SciPy one by one."""

import numpy as np
import pytest
from scipy.optimize import minimize, rosen, rosen_der

from srcsel.measures.kernels.lbfgs import minimum

START = np.array([[-1.2, 1.0, 0.5], [2.0, -1.0, 0.0], [1.0, 1.0, 1.0]])


def bent(x, which):
    """Rosenbrock's function of each problem, times its number, so that they differ."""
    each = [
        (1 + i) * np.array([rosen(own), *rosen_der(own)]) for i, own in zip(which, x, strict=True)
    ]
    return np.array(each)[:, 0], np.array(each)[:, 1:]


def test_each_ends_where_it_would_alone():
    found = minimum(bent, START, 1e-7, lambda slopes: slopes)
    for own in START:
        alone = minimize(rosen, own, jac=rosen_der, method="L-BFGS-B", options={"gtol": 1e-9}).x
        np.testing.assert_allclose(alone, 1, atol=1e-5)
    np.testing.assert_allclose(found, 1, atol=1e-5)


@pytest.mark.parametrize("known", [False, True])
def test_who_knows_how_it_bends_asks_less_often(known):
    bends = np.geomspace(1, 100, 30)
    asked = []

    def bowl(x, which):
        asked.append(which)
        return (x**2 * bends).sum(axis=1) / 2, x * bends

    start = np.random.default_rng(0).standard_normal((2, 30))
    found = minimum(bowl, start, 1e-8, lambda slopes: slopes / bends if known else slopes)
    np.testing.assert_allclose(found, 0, atol=1e-7)
    assert (len(asked) < 5) is known


def test_weights_keep_their_shape():
    def bowl(x, which):
        return ((x - 3) ** 2).sum(axis=(1, 2)), 2 * (x - 3)

    found = minimum(bowl, np.zeros((4, 2, 5)), 1e-9, lambda slopes: slopes)
    np.testing.assert_allclose(found, np.full((4, 2, 5), 3.0))
