"""How a loss bends, against the matrix itself where all directions are found."""

import numpy as np
import pytest

from srcsel.measures.kernels.curvature import DIRECTIONS, Curvature


def features(n, d, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)) / np.sqrt(1 + np.arange(d)) @ rng.standard_normal((d, d))


def test_of_few_dimensions_it_is_the_inverse():
    Z = features(200, 20)
    slopes = np.random.default_rng(1).standard_normal((3, 4, 21))
    found = Curvature(Z, 0.02, 0.03).unbent(slopes)
    bends = 0.02 * np.corrcoef(Z.T) + 0.03 * np.eye(20)
    expected = np.linalg.solve(bends, slopes[..., :-1, None])[..., 0]
    np.testing.assert_allclose(found[..., :-1], expected, rtol=1e-8)
    np.testing.assert_allclose(found[..., -1], slopes[..., -1] / 0.02)


@pytest.mark.parametrize(("n", "d"), [(150, 300), (60, 300), (400, 200)])
def test_of_many_it_holds_in_the_leading_directions(n, d):
    Z = features(n, d)
    C = np.corrcoef(Z.T)
    lead = np.linalg.eigh(C)[1][:, -DIRECTIONS // 4 :].T
    found = Curvature(Z, 0.02, 0.03).unbent(np.pad(lead, ((0, 0), (0, 1))))[:, :-1]
    expected = np.linalg.solve(0.02 * C + 0.03 * np.eye(d), lead.T).T
    assert np.linalg.norm(found - expected) < 0.1 * np.linalg.norm(expected)


def test_it_is_positive_definite_whatever_the_features():
    Z = features(40, 90)
    Z[:, 3] = 0  # a dimension that is constant
    Z[0] = 1e6  # an outlier
    curvature = Curvature(Z.astype(np.float32), 0.02, 0.03)
    A = curvature.unbent(np.eye(91, dtype=np.float32))
    np.testing.assert_allclose(A, A.T, atol=1e-3)
    assert np.linalg.eigvalsh(A.astype(float)).min() > 0
