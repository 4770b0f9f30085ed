"""Filling the box: groups grow alike and keep their shapes, a PCA stays, none lies on another."""

import numpy as np
import pytest

from srcsel.explore.filling import filled

SQUARE = np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 0.1], [0.1, 0.1]])


def groups(*corners: tuple[float, float]) -> np.ndarray:
    return np.concatenate([SQUARE + corner for corner in corners]).astype(np.float32)


def sides(xy: np.ndarray) -> np.ndarray:
    """Width and height of each group of four, (k, 2)."""
    return np.ptp(xy.reshape(-1, 4, 2), axis=1)


def test_groups_far_apart_grow_alike_keep_their_order_and_reach_the_edges():
    xy = groups((-1, -1), (0.9, -1), (-1, 0.9), (0.9, 0.9))
    found = filled(xy, "umap")
    assert found.dtype == np.float32
    np.testing.assert_allclose([found.min(axis=0), found.max(axis=0)], [[-1, -1], [1, 1]])
    # four squares with half sides of 0.05 take 0.01 of the box; 0.34 would be 5.8 times, at most 4
    assert (sides(found) > 3 * sides(xy)).all()
    np.testing.assert_allclose(sides(found), np.broadcast_to(sides(found)[0], (4, 2)), rtol=1e-5)
    middles = found.reshape(-1, 4, 2).mean(axis=1)
    np.testing.assert_array_equal(np.sign(middles), [[-1, -1], [1, -1], [-1, 1], [1, 1]])


def test_empty_columns_and_rows_become_narrow_and_no_others():
    wide = np.random.default_rng(0).uniform(0, 1, (500, 2))  # too large to grow
    far = wide[:100] * [0.2, 0.3] + [1.8, 0.2]  # beside its middle: columns are empty, no rows
    found = filled(np.concatenate([wide, far]).astype(np.float32), "umap")
    big, small = found[:500], found[500:]
    assert 0 < small[:, 0].min() - big[:, 0].max() < 0.2  # it was 0.8 of 2
    np.testing.assert_allclose(np.ptp(small, axis=0) / np.ptp(big, axis=0), [0.2, 0.3], atol=0.02)
    np.testing.assert_allclose(big[:, 1], _to_edges(wide[:, 1]), atol=1e-5)


def _to_edges(values: np.ndarray) -> np.ndarray:
    return 2 * (values - values.min()) / np.ptp(values) - 1


def test_no_group_comes_to_lie_on_another():
    xy = groups((-1, -1), (-0.6, -1), (-0.6, -0.6), (1, 1), (1, 0.5), (0, 0))
    boxes = filled(xy, "tsne").reshape(-1, 4, 2)
    low, high = boxes.min(axis=1), boxes.max(axis=1)
    over = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    np.fill_diagonal(over[:, :, 0], -1)
    assert (over.min(axis=2) < 1e-2).all()


def test_one_group_only_reaches_the_edges():
    xy = np.random.default_rng(0).uniform(-0.5, 0.3, (500, 2)).astype(np.float32)
    low, high = xy.min(axis=0), xy.max(axis=0)
    np.testing.assert_allclose(filled(xy, "umap"), 2 * (xy - low) / (high - low) - 1, atol=1e-5)


def test_distances_of_a_pca_stay():
    xy = groups((-1, -1), (0.9, 0.2))
    np.testing.assert_array_equal(filled(xy, "pca"), xy)


@pytest.mark.parametrize("xy", [np.zeros((0, 2)), np.zeros((3, 2)), np.array([[5.0, 7.0]])])
def test_maps_without_an_extent_stay_finite(xy):
    found = filled(xy, "umap")
    assert found.shape == xy.shape
    assert np.isfinite(found).all()
