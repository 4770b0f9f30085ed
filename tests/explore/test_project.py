"""Maps: which pictures are drawn, and that a map shows what is there, the same every time."""

import warnings

import numpy as np
import pytest

from srcsel.base.errors import InputError, UnknownNameError
from srcsel.base.records import DOTS
from srcsel.explore.project import METHODS, components, project, sample_rows, unit
from srcsel.explore.umap_graph import fuzzy_graph, neighbors


@pytest.fixture(scope="module")
def clusters():
    """90 points in three well separated classes, 20 dimensions."""
    chance = np.random.default_rng(1)
    labels = np.repeat([0, 1, 2], 30)
    centers = chance.normal(size=(3, 20)) * 4
    return centers[labels] + chance.normal(size=(90, 20)), labels


def test_all_pictures_up_to_the_cap():
    np.testing.assert_array_equal(sample_rows(np.zeros(10, int), cap=10), np.arange(10))


def test_the_sample_keeps_shares_but_thirty_of_each_class():
    labels = np.repeat([0, 1, 2, 3], [8000, 1900, 80, 20])
    rows = sample_rows(labels, cap=1000)
    assert len(rows) == 1000
    assert (np.diff(rows) > 0).all()
    counts = np.bincount(labels[rows])
    assert counts[3] == 20  # all there are
    # 30 + 30 + 30 + 20 are set; 890 are shared by what is left of 7970, 1870, 50, 0
    # 717.2, 168.3, 4.5: largest remainder
    np.testing.assert_array_equal(counts[:3], [30 + 717, 30 + 168, 30 + 5])
    np.testing.assert_array_equal(rows, sample_rows(labels, cap=1000))
    assert (rows != sample_rows(labels, cap=1000, seed=1)).any()


def test_many_classes_share_the_cap():
    labels = np.repeat(np.arange(500), 40)
    counts = np.bincount(labels[sample_rows(labels, cap=5000)])
    assert counts.sum() == 5000
    assert (counts == 10).all()


@pytest.mark.parametrize("shape", [(60, 20), (20, 60)])
def test_principal_components_equal_the_singular_value_decomposition(shape):
    values = np.random.default_rng(0).normal(size=shape)
    centered = values - values.mean(axis=0)
    left, scale, _ = np.linalg.svd(centered, full_matrices=False)
    expected = (left * scale)[:, :5]
    found = components(values, 5)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-9)
    assert (found[np.abs(found).argmax(axis=0), np.arange(5)] > 0).all()


def test_unit_rows():
    np.testing.assert_allclose(unit(np.array([[3.0, 4.0], [0.0, 0.0]])), [[0.6, 0.8], [0, 0]])


def test_neighbors_equal_a_sorted_distance_matrix_and_put_the_point_itself_first():
    points = np.random.default_rng(0).normal(size=(50, 4))
    points[7] = points[3]
    indices, distances = neighbors(points, 6)
    gaps = np.linalg.norm(points[:, None] - points, axis=2)
    np.testing.assert_allclose(distances, np.sort(gaps, axis=1)[:, :6], atol=1e-6)
    np.testing.assert_array_equal(indices[:, 0], np.arange(50))


def test_many_copies_keep_each_point_its_own_first_neighbour():
    points = np.repeat(np.random.default_rng(0).normal(size=(3, 4)), 20, axis=0)
    indices, distances = neighbors(points, 5)
    np.testing.assert_array_equal(indices[:, 0], np.arange(60))
    assert (
        np.sort(indices, axis=1)[:, 1:] > np.sort(indices, axis=1)[:, :-1]
    ).all()  # five different points
    np.testing.assert_array_equal(indices // 20, np.repeat(np.arange(60) // 20, 5).reshape(60, 5))
    np.testing.assert_allclose(distances, 0, atol=1e-6)


def test_more_than_the_usual_number_of_points_is_drawn_with_single_precision_alike():
    values = np.random.default_rng(0).normal(size=(DOTS + 1, 6)) * [5, 3, 1, 1, 1, 1]
    xy = project(values, "pca")
    exact = components(unit(values), 2)
    exact -= (exact.min(axis=0) + exact.max(axis=0)) / 2
    np.testing.assert_allclose(xy, exact / np.abs(exact).max(), atol=1e-4)


def test_the_graph_equals_umap_learns():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from umap.umap_ import fuzzy_simplicial_set
    points = np.random.default_rng(0).normal(size=(80, 5))
    points[5] = points[6]
    points[20:40] = points[20]  # more copies than neighbours
    indices, distances = neighbors(points, 10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, _, _ = fuzzy_simplicial_set(
            points, 10, None, "euclidean", knn_indices=indices, knn_dists=distances
        )
    assert abs(fuzzy_graph(indices, distances) - expected).max() < 1e-6


@pytest.mark.parametrize("method", METHODS)
def test_a_map_keeps_classes_apart_fits_its_frame_and_is_repeatable(clusters, method):
    values, labels = clusters
    xy = project(values, method)
    assert xy.shape == (90, 2)
    assert xy.dtype == np.float32
    assert np.abs(xy).max() == pytest.approx(1.0)
    gaps = np.linalg.norm(xy[:, None] - xy, axis=2)
    np.fill_diagonal(gaps, np.inf)
    assert (labels[gaps.argmin(axis=1)] == labels).mean() > 0.95
    np.testing.assert_array_equal(xy, project(values, method))


@pytest.mark.parametrize("method", METHODS)
def test_a_second_map_is_turned_onto_the_first(clusters, method):
    values, _ = clusters
    first = project(values, method)
    turned = project(-values + 0.01, method, init=first, align_to=first)
    center = lambda xy: xy - xy.mean(axis=0)  # noqa: E731
    a, b = center(turned), center(first)
    fit = np.trace(a.T @ b) / (np.linalg.norm(a) * np.linalg.norm(b))
    assert fit > 0.8
    cross = a.T @ b
    # no rotation would fit better
    np.testing.assert_allclose(cross, cross.T, atol=1e-3 * np.abs(cross).max())


def test_rows_choose_the_pictures(clusters):
    values, _ = clusters
    rows = np.arange(0, 90, 2)
    np.testing.assert_array_equal(project(values, "pca", rows=rows), project(values[rows], "pca"))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "values", [np.ones((12, 3)), np.eye(2), np.zeros((7, 1)), np.eye(6), np.eye(30)]
)
def test_odd_features_still_give_finite_points(method, values):
    xy = project(values, method)
    assert xy.shape == (len(values), 2)
    assert np.isfinite(xy).all()


def test_wrong_questions_are_refused(clusters):
    with pytest.raises(UnknownNameError, match="umap"):
        project(clusters[0], "umpa")
    with pytest.raises(InputError, match=r"\(90, 2\)"):
        project(clusters[0], "pca", align_to=np.zeros((3, 2)))
