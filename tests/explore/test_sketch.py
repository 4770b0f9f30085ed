"""The quick map of a model whose pictures are still coming."""

import numpy as np
import pytest

from srcsel.explore.sketch import EDGE, MOST, Sketch


def clusters(n, d=12, seed=0):
    """Three groups (n, d), mixed."""
    chance = np.random.default_rng(seed)
    return 3 * np.eye(d)[np.arange(n) % 3] + chance.normal(scale=0.2, size=(n, d)) + 1


def test_it_is_the_two_largest_components_of_rows_of_unit_length():
    from sklearn.decomposition import PCA

    rows = clusters(60)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    expected = PCA(2).fit_transform(rows)
    xy = Sketch().place(rows * np.arange(1, 61)[:, None])  # lengths do not count
    for axis in (0, 1):  # each axis is scaled, and may be mirrored
        assert abs(np.corrcoef(xy[:, axis], expected[:, axis])[0, 1]) == pytest.approx(1.0)
        assert np.quantile(np.abs(xy[:, axis]), 0.98) == pytest.approx(1.0)


def test_dots_keep_their_places_until_there_are_twice_as_many():
    rows, sketch = clusters(50), Sketch()
    first = sketch.place(rows[:20])
    more = sketch.place(rows[:39])
    np.testing.assert_allclose(more[:20], first)
    assert not np.allclose(sketch.place(rows)[:20], first)


def test_what_is_fitted_again_is_turned_onto_what_was_there():
    """A mirrored copy of the same features, as another model might make: dots stay in place."""
    rows = clusters(60)
    first = Sketch()
    before = first.place(rows)
    other = Sketch(first).place(-rows)
    np.testing.assert_allclose(other, before, atol=1e-9)


def test_beyond_most_rows_nothing_is_fitted_again_and_nothing_runs_away():
    rows, sketch = clusters(3 * MOST), Sketch()
    before = sketch.place(rows[:MOST])
    np.testing.assert_allclose(sketch.place(rows)[:MOST], before)
    rows[-1] = 1000.0 * np.eye(12)[11]
    assert np.abs(sketch.place(rows)).max() <= EDGE


@pytest.mark.parametrize(
    "rows", [np.ones((5, 4)), np.zeros((3, 2)), np.ones((1, 6)), clusters(8, 3)]
)
def test_features_without_directions_lie_somewhere(rows):
    xy = Sketch().place(rows)
    assert xy.shape == (len(rows), 2)
    assert np.isfinite(xy).all()
