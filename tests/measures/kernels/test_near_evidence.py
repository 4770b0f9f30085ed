"""The evidence of sets that are not decomposed, against that of decomposed ones."""

import numpy as np
import pytest

from srcsel.measures.kernels.evidence import greatest, summits
from srcsel.measures.kernels.near_evidence import Subsets, greatest_near


@pytest.fixture
def whole():
    """A set in its principal directions: what `greatest` asks for."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 90)
    X = rng.standard_normal((90, 6)) * np.arange(1, 7) + rng.standard_normal((3, 6))[y]
    W = X - X.mean(axis=0)
    V = np.linalg.eigh(W.T @ W)[1]
    sums = np.stack([(W[y == c] @ V).sum(axis=0) for c in range(3)])
    gram = np.diag(np.diag((W @ V).T @ (W @ V)))
    return gram[None], sums[None], (X.mean(axis=0) @ V)[None], 0.7, np.bincount(y)[None]


def test_in_its_own_directions_a_set_has_its_exact_evidence(whole):
    grams, sums, means, outside, counts = whole
    summit = summits(grams[0], sums[0], means[0], outside, counts[0])
    near = greatest_near(Subsets(*whole), *summit)
    np.testing.assert_allclose(near, greatest(*whole)[0], rtol=1e-9)


def test_the_slope_is_that_of_the_value(whole):
    subsets, u, h = Subsets(*whole), np.array([[-1.0, 0.5, 3.0]]), 1e-5
    up, down = (subsets.at(u + step, slice(None))[0] for step in (h, -h))
    np.testing.assert_allclose(subsets.at(u, slice(None))[1], (up - down) / (2 * h), rtol=1e-6)


def test_a_set_without_a_class_leaves_it_out_of_the_mean(whole):
    grams, sums, means, outside, counts = whole
    summit = summits(grams[0], sums[0], means[0], outside, counts[0])
    one_more = np.concatenate([sums, np.zeros_like(sums[:, :1])], axis=1)
    more = Subsets(grams, one_more, means, outside, np.append(counts, [[0]], axis=1))
    near = greatest_near(more, *(np.append(part, -1.0) for part in summit))
    np.testing.assert_allclose(near, greatest(*whole)[0], rtol=1e-9)
