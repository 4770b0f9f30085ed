"""The pass over all pairs: float32 against float64, tiles against whole rows, shared against alone, and its errors."""

import numpy as np
import pytest

from srcsel.errors import Cancelled
from srcsel.measures import MEASURES, _pairwise
from srcsel.measures._pairwise import Nearest, class_sums, cosine_pairs, neighbours, over_cores, read_all
from srcsel.measures._shared import Shared
from srcsel.score import plan_rechecks, score_model

PAIRWISE = [
    ("supcon", {}),
    ("supcon", {"preparation": "whitened"}),
    ("knn", {}),
    ("silhouette", {"metric": "euclidean"}),
]


def blobs(n=400, d=30, c=5, seed=0, offset=0.0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) + 0.7 * rng.standard_normal((c, d))[y] + offset, y


@pytest.fixture
def single(monkeypatch):
    """Float32 products and several tiles, as for thousands of pictures."""
    monkeypatch.setattr(_pairwise, "FEW", 50)
    monkeypatch.setattr("srcsel.measures._shared.FEW", 50)
    monkeypatch.setattr("srcsel.measures.silhouette.FEW", 50)
    monkeypatch.setattr(_pairwise, "EDGE", 96)
    monkeypatch.setattr(_pairwise, "FINE", 40)
    monkeypatch.setattr(_pairwise, "FIRST", 64)
    monkeypatch.setattr(_pairwise, "STRIP_BYTES", 8 * 400 * 37)
    monkeypatch.setattr(_pairwise, "SPARSE", 1000)


@pytest.mark.parametrize("offset", [0.0, 3.0, 1e4])
@pytest.mark.parametrize(("name", "options"), [*PAIRWISE, ("silhouette", {})])
def test_float32_products_keep_the_value(name, options, offset, request):
    X, y = blobs(offset=offset)
    exact = MEASURES[name](X, y, **options)
    request.getfixturevalue("single")
    assert Shared(X, y).cosine().single
    assert MEASURES[name](X, y, **options) == pytest.approx(exact, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize(
    ("name", "options"), [*PAIRWISE, ("silhouette", {}), ("silhouette", {"preparation": "centred"})]
)
def test_float32_features_score_as_their_float64_copies(name, options, few, request):
    X, y = blobs(offset=3.0)
    narrow = X.astype(np.float32)
    if not few:
        request.getfixturevalue("single")
    found = MEASURES[name](narrow, y, **options)
    assert narrow.dtype == np.float32
    assert found == pytest.approx(MEASURES[name](narrow.astype(np.float64), y, **options), rel=1e-12)


@pytest.mark.parametrize(("name", "options"), [*PAIRWISE, ("silhouette", {})])
def test_float32_products_keep_the_rechecks(name, options, request):
    X, y = blobs()
    kept = plan_rechecks(y, 6).kept
    exact = MEASURES[name].rechecks(X, y, kept, **options)
    request.getfixturevalue("single")
    np.testing.assert_allclose(MEASURES[name].rechecks(X, y, kept, **options), exact, atol=2e-6)


@pytest.mark.usefixtures("single")
@pytest.mark.parametrize("spare", [8, 0])
def test_neighbours_in_float32_are_those_of_float64(spare, monkeypatch):
    """With copies, ties and a zero row; without spares the doubtful ones are settled against everyone."""
    monkeypatch.setattr(_pairwise, "SPARE", spare)
    X, _ = blobs()
    X[100:200] = X[:100]
    X[200:210] = X[0] * np.arange(1, 11)[:, None]
    X[300] = 0
    pairs = cosine_pairs(X, np.arange(400), exact=True)
    reader = Nearest(pairs, 9)
    read_all([reader])
    np.testing.assert_array_equal(neighbours(X, 9), reader.found())
    Z = X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-300)
    keys = sorted((round(1 - Z[5] @ Z[j], 11), j) for j in range(400) if j != 5)
    assert [j for _, j in keys[:9]] == list(neighbours(X, 9)[5])


@pytest.mark.usefixtures("single")
def test_tight_groups_far_apart_keep_their_distances():
    """Distances inside a group are lost in float32 products: they are made again."""
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    X = 1e-5 * rng.standard_normal((300, 8)) + np.eye(3, 8)[y]
    from sklearn.metrics import silhouette_score

    found = MEASURES["silhouette"](X, y, metric="euclidean")
    assert 1 - found == pytest.approx(1 - silhouette_score(X, y, metric="euclidean"), rel=1e-3)


@pytest.mark.parametrize("cap", [5000, 200])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_a_run_agrees_with_each_measure_alone(cap, metric, monkeypatch):
    monkeypatch.setattr("srcsel.score.CAP", cap)
    monkeypatch.setattr(_pairwise, "EDGE", 96)
    monkeypatch.setattr(_pairwise, "FINE", 40)
    X, y = blobs()
    plan = plan_rechecks(y, 5)
    found = score_model("m", X, y, measures=["silhouette", "supcon", "knn"], rechecks=5, metric=metric)
    for s in found.literal + found.scores[2:]:
        measure = MEASURES[s.measure]
        options = {"metric": metric} if s.measure == "silhouette" else {}
        assert s.value == pytest.approx(measure(X, y, **options), rel=1e-10)
        assert s.null == pytest.approx(measure.null(X, y, s.value, **options), rel=1e-10)
        again = measure.rechecks(X[plan.rows], y[plan.rows], plan.kept, **options)
        np.testing.assert_allclose(s.rechecks, s.value + plan.spread * (again - again.mean()), rtol=1e-9)
        assert s.seconds > 0


def test_each_product_is_made_once(monkeypatch):
    made = []
    halves = _pairwise.Pairs.halves

    def counted(self, rows, columns, **more):
        made.append((self.W.shape[1], rows.start, rows.stop, columns.start, columns.stop))
        return halves(self, rows, columns, **more)

    monkeypatch.setattr(_pairwise.Pairs, "halves", counted)
    monkeypatch.setattr(_pairwise, "EDGE", 100)
    monkeypatch.setattr(_pairwise, "FINE", 40)
    monkeypatch.setattr("srcsel.score.diagnose", lambda *_: None)
    X, y = blobs(400, 90)
    score_model("m", X, y, measures=["silhouette", "supcon", "knn"], rechecks=5)
    raw = [tile for tile in made if tile[0] == 90]
    assert sorted(raw) == sorted((90, a.start, a.stop, b.start, b.stop) for a, b in _pairwise.tiles(400))


@pytest.mark.parametrize("n", [1, 40, 99, 100, 101, 250, 333])
def test_tiles_hold_every_pair_once(n, monkeypatch):
    monkeypatch.setattr(_pairwise, "EDGE", 100)
    monkeypatch.setattr(_pairwise, "FINE", 40)
    seen = np.zeros((n, n), dtype=int)
    for rows, columns in _pairwise.tiles(n):
        assert rows == columns or columns.start >= rows.stop
        seen[rows, columns] += 1
        if rows != columns:
            seen[columns, rows] += 1
    assert (seen == 1).all()


def test_a_stop():
    X, y = blobs(60)
    reader = Nearest(Shared(X, y).cosine(), 3)

    def stop():
        raise Cancelled

    with pytest.raises(Cancelled):
        read_all([reader], stop)


def test_over_cores_keeps_the_order(monkeypatch):
    monkeypatch.setattr(_pairwise, "_threads", lambda: 3)
    assert list(over_cores(lambda i: i * i, range(50))) == [i * i for i in range(50)]
    with pytest.raises(ZeroDivisionError):
        list(over_cores(lambda i: 1 / (i - 7), range(50)))


@pytest.mark.parametrize("sparse", [1, 10**9])
def test_class_sums(sparse, monkeypatch):
    monkeypatch.setattr(_pairwise, "SPARSE", sparse)
    X, y = blobs(90)
    y[:10] = -1
    expected = [X[y == c].sum(axis=0) for c in range(6)]
    np.testing.assert_allclose(class_sums(X, y, 6), expected, atol=1e-12)


@pytest.mark.usefixtures("single")
@pytest.mark.parametrize("factor", [1e-180, 1.0, 1e180])
def test_lengths_that_overflow(factor):
    X, y = blobs()
    assert MEASURES["knn"](X * factor, y) == MEASURES["knn"](X, y)
    assert MEASURES["supcon"](X * factor, y) == pytest.approx(MEASURES["supcon"](X, y), rel=1e-9)
