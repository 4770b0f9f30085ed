"""MSC against the definition written as loops, scikit-learn, and hand-worked values."""

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from srcsel.base.errors import InputError
from srcsel.measures import MEASURES
from srcsel.measures._base import permutations
from srcsel.measures.kernels import all_pairs

silhouette = MEASURES["silhouette"]


def naive(X, y, metric="cosine", digits=np.float64):
    """Rousseeuw's definition, picture by picture."""
    X = X.astype(digits)
    n = len(y)
    D = np.zeros((n, n), dtype=digits)
    for i in range(n):
        for j in range(n):
            if metric == "euclidean":
                D[i, j] = np.sqrt(((X[i] - X[j]) ** 2).sum())
            else:
                lengths = np.sqrt((X[i] ** 2).sum() * (X[j] ** 2).sum())
                D[i, j] = 1 - (X[i] @ X[j] / lengths if lengths else 0)
    total = digits(0)
    for i in range(n):
        same = [j for j in range(n) if y[j] == y[i] and j != i]
        if not same:
            continue
        a = D[i, same].mean()
        b = min(D[i, y == c].mean() for c in set(y) - {y[i]})
        total += (b - a) / max(a, b) if max(a, b) > 0 else 0
    return float(total / n)


def blobs(n=80, d=10, c=4, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) + rng.standard_normal((c, d))[y], y


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize(("n", "d"), [(80, 10), (30, 100)])
def test_equals_the_loops_and_scikit_learn(metric, n, d):
    X, y = blobs(n, d)
    assert silhouette(X, y, metric=metric) == pytest.approx(naive(X, y, metric), abs=1e-12)
    assert silhouette(X, y, metric=metric) == pytest.approx(
        silhouette_score(X, y, metric=metric), abs=1e-12
    )


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_many_blocks_equal_one(metric, monkeypatch):
    X, y = blobs()
    whole = silhouette(X, y, metric=metric)
    monkeypatch.setattr(all_pairs, "EDGE", 24)
    monkeypatch.setattr(all_pairs, "FINE", 7)
    assert silhouette(X, y, metric=metric) == pytest.approx(whole, abs=1e-14)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_a_huge_offset_costs_no_digits(metric):
    X, y = blobs()
    assert silhouette(X + 1e6, y, metric=metric) == pytest.approx(
        naive(X + 1e6, y, metric, np.longdouble), abs=1e-7
    )


def test_zero_rows_have_cosine_distance_one():
    X, y = blobs()
    X[[3, 4, 50]] = 0
    assert silhouette(X, y) == pytest.approx(naive(X, y), abs=1e-12)
    assert silhouette(X, y) == pytest.approx(silhouette_score(X, y, metric="cosine"), abs=1e-12)


def test_a_class_of_one_counts_zero():
    X, y = blobs()
    y[7] = 9
    assert silhouette(X, y) == pytest.approx(silhouette_score(X, y, metric="cosine"), abs=1e-12)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_duplicates_within_and_across_classes(metric):
    X, y = blobs(40)
    X, y = np.concatenate([X, X]), np.concatenate([y, y])
    assert silhouette(X, y, metric=metric) == pytest.approx(naive(X, y, metric), abs=1e-9)
    twice = np.repeat(np.eye(3)[:2], 4, axis=0)  # two places, both classes in each
    assert silhouette(twice, np.array([0, 0, 1, 1] * 2), metric=metric) == pytest.approx(
        naive(twice, np.array([0, 0, 1, 1] * 2), metric), abs=1e-12
    )


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_pictures_that_coincide_score_zero(metric):
    y = np.arange(30) % 3
    assert silhouette(np.full((30, 5), 0.1), y, metric=metric) == 0
    assert silhouette(np.zeros((30, 5)), y, metric=metric) == 0
    lengths = np.linspace(0.1, 7, 30)[:, None]
    # one direction, rounded
    assert silhouette(lengths * np.random.default_rng(0).standard_normal(5), y) == 0


def test_hand_worked():
    X = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    assert silhouette(X, [0, 0, 1, 1]) == 1
    assert silhouette(X, [0, 1, 0, 1]) == pytest.approx(-0.5)  # a = 1, b = (0 + 1) / 2


def test_whitened_is_the_score_of_whitened_features():
    from srcsel.measures.kernels.prepare import prepare

    X, y = blobs()
    assert silhouette(X, y, preparation="whitened") == pytest.approx(
        naive(prepare(X, "whitened"), y), abs=1e-12
    )


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_null_is_the_mean_over_the_permutations(metric):
    X, y = blobs()
    expected = np.mean([naive(X, own, metric) for own in permutations(y)])
    assert silhouette.null(X, y, 0.0, metric=metric) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_rechecks_equal_scoring_each_subset(metric, monkeypatch):
    monkeypatch.setattr(all_pairs, "STRIP_BYTES", 20_000)
    X, y = blobs()
    kept = np.random.default_rng(5).random((9, len(y))) < 0.8
    kept[:, :4] = True
    y[:2] = 0, 0
    expected = [naive(X[k], y[k], metric) for k in kept]
    np.testing.assert_allclose(silhouette.rechecks(X, y, kept, metric=metric), expected, atol=1e-12)


def test_rechecks_of_whitened_features_whiten_each_subset():
    X, y = blobs()
    kept = np.random.default_rng(5).random((9, len(y))) < 0.8
    expected = [silhouette(X[k], y[k], preparation="whitened") for k in kept]
    np.testing.assert_allclose(
        silhouette.rechecks(X, y, kept, preparation="whitened"), expected, atol=2e-6
    )


def test_direction():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    noise, centers = rng.standard_normal((60, 8)), rng.standard_normal((3, 8))[y]
    values = [silhouette(noise + s * centers, y) for s in (0, 1, 3)]
    assert values == sorted(values)
    assert silhouette.higher_is_better


def test_unknown_metric():
    with pytest.raises(InputError, match="euclidean"):
        silhouette(*blobs(), metric="manhattan")
