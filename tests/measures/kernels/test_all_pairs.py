"""The pass over all pairs: tiles against whole rows, shared against alone, and its errors."""

import numpy as np
import pytest

from srcsel.base.errors import Cancelled
from srcsel.measures import MEASURES
from srcsel.measures.kernels import all_pairs
from srcsel.measures.kernels.all_pairs import read_all, tiles
from srcsel.measures.kernels.nearest import Nearest
from srcsel.measures.kernels.pairs import Pairs
from srcsel.measures.kernels.shared import Shared
from srcsel.scoring.plan import plan_rechecks
from srcsel.scoring.score import score_model


def blobs(n=400, d=30, c=5, seed=0, offset=0.0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, c, n)
    return rng.standard_normal((n, d)) + 0.7 * rng.standard_normal((c, d))[y] + offset, y


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("cap", [5000, 200])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_a_run_agrees_with_each_measure_alone(cap, metric, monkeypatch):
    monkeypatch.setattr("srcsel.scoring.plan.CAP", cap)
    X, y = blobs()
    plan = plan_rechecks(y, 5)
    found = score_model(
        "m", X, y, measures=["silhouette", "supcon", "knn"], rechecks=5, metric=metric
    )
    for s in found.literal + found.scores[2:]:
        measure = MEASURES[s.measure]
        options = {"metric": metric} if s.measure == "silhouette" else {}
        assert s.value == pytest.approx(measure(X, y, **options), rel=1e-10)
        null = measure.null(X, y, s.value, **options)
        null = max(null, np.bincount(y).max() / len(y)) if s.measure == "knn" else null
        assert s.null == pytest.approx(null, rel=1e-10)
        again = measure.rechecks(X[plan.rows], y[plan.rows], plan.kept, **options)
        np.testing.assert_allclose(
            s.rechecks, s.value + plan.spread * (again - again.mean()), rtol=1e-9
        )
        assert s.seconds > 0


def test_each_product_is_made_once(monkeypatch):
    made = []
    halves = Pairs.halves

    def counted(self, rows, columns, **more):
        made.append((self.W.shape[1], rows.start, rows.stop, columns.start, columns.stop))
        return halves(self, rows, columns, **more)

    monkeypatch.setattr(Pairs, "halves", counted)
    monkeypatch.setattr(all_pairs, "EDGE", 100)
    monkeypatch.setattr(all_pairs, "FINE", 40)
    monkeypatch.setattr("srcsel.scoring.score.diagnose", lambda *_: None)
    X, y = blobs(400, 90)
    score_model("m", X, y, measures=["silhouette", "supcon", "knn"], rechecks=5)
    raw = [tile for tile in made if tile[0] == 90]
    assert sorted(raw) == sorted((90, a.start, a.stop, b.start, b.stop) for a, b in tiles(400))


@pytest.mark.parametrize("n", [1, 40, 99, 100, 101, 250, 333])
def test_tiles_hold_every_pair_once(n, monkeypatch):
    monkeypatch.setattr(all_pairs, "EDGE", 100)
    monkeypatch.setattr(all_pairs, "FINE", 40)
    seen = np.zeros((n, n), dtype=int)
    for rows, columns in tiles(n):
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
