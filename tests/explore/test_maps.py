"""Maps on request: as many dots as were asked for, each number kept by itself, all turned onto the
front-runner's.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from srcsel.base.records import (
    DOTS,
    Dataset,
    Features,
    Projection,
    Result,
    Run,
    SourceModel,
    Verdict,
)
from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.explore import maps
from srcsel.explore.maps import draw_all, draw_map
from srcsel.features.extract import key_for
from srcsel.jobs import kinds
from srcsel.store.features import open_features, open_runs

MODELS = ("demo/glyphs", "demo/textures")
N = DOTS + 40


@pytest.fixture
def run(tmp_path) -> str:
    """5,040 pictures of two classes, seen by two models: a stretched plane, for the second turned
    and bent a little.
    """
    models = tuple(SourceModel(m, m, "r", 1, 0.1, 64, 8, "", "MIT") for m in MODELS)
    labels = np.repeat([0, 1], [N - 40, 40])
    paths = tuple(f"{i:05d}.png" for i in range(N))
    dataset = Dataset(str(tmp_path), "plane", tmp_path, paths, labels, ("many", "few"), "d")
    verdict = Verdict("clear", MODELS[0], "Start from glyphs.")
    question = Run("20260301-101500-000000-aaaa", "2026-03-01T10:15:00+00:00", dataset.ref, MODELS)
    open_runs(load_settings()).save(Result(question, dataset, models, (), (), (), (), verdict))
    plane = np.random.default_rng(0).uniform(-1, 1, (N, 2)) * [1.0, 0.4]
    for model, bent in zip(models, (0.0, 0.2), strict=True):
        seen = np.column_stack([plane[:, 1] + bent * plane[:, 0], -plane[:, 0], np.full(N, 3.0)])
        key = key_for(dataset, model, "float32")
        open_features(load_settings()).put(Features(key, seen.astype(np.float32)))
    return question.id


def test_maps_give_way_to_other_work_and_are_drawn_when_asked_for(run, monkeypatch):
    """The front-runner's first; the second model is asked about when the first has its map."""
    runs, store = open_runs(load_settings()), open_features(load_settings())
    result = runs.load(run)
    keys = [key_for(result.dataset, model, "float32") for model in result.models[::-1]]
    monkeypatch.setattr(
        maps, "project", lambda values, *_, rows, **__: values[rows, :2].astype(np.float32)
    )

    class Waited(Watch):
        def is_waited_for(self) -> bool:
            return runs.projection(run, MODELS[0], "umap") is not None

    draw_all(result, keys, store, runs, Waited())
    assert runs.projection(run, MODELS[0], "umap") is not None
    assert runs.projection(run, MODELS[1], "umap") is None
    draw_all(result, keys, store, runs, Watch())
    assert runs.projection(run, MODELS[1], "umap") is not None


def test_more_dots_are_drawn_when_asked_for_and_kept_beside_the_usual(run):
    usual = draw_map(run, MODELS[0], "pca")
    all_ = draw_map(run, MODELS[0], "pca", cap=100_000)
    assert (len(usual.rows), len(all_.rows)) == (DOTS, N)
    assert (usual.rows >= N - 40).sum() >= 30  # of the small class
    runs = open_runs(load_settings())
    np.testing.assert_array_equal(runs.projection(run, MODELS[0], "pca").rows, usual.rows)
    np.testing.assert_array_equal(runs.projection(run, MODELS[0], "pca", cap=100_000).xy, all_.xy)
    assert runs.projection(run, MODELS[0], "pca", cap=20_000) is None


def test_no_fewer_dots_than_usual(run):
    assert len(draw_map(run, MODELS[0], "pca", cap=3).rows) == DOTS


def test_other_maps_are_turned_onto_the_front_runners_as_it_is_stored(run):
    turned = draw_map(run, MODELS[0], "pca")
    angle = np.deg2rad(40)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stored = Projection(MODELS[0], "pca", 0, turned.rows, (turned.xy @ turn).astype(np.float32))
    runs = open_runs(load_settings())
    runs.save_projection(run, stored)
    other = draw_map(run, MODELS[1], "pca")
    cross = (other.xy - other.xy.mean(axis=0)).T @ (stored.xy - stored.xy.mean(axis=0))
    # no rotation would fit better
    np.testing.assert_allclose(cross, cross.T, atol=1e-3 * np.abs(cross).max())
    np.testing.assert_array_equal(runs.projection(run, MODELS[0], "pca").xy, stored.xy)


@pytest.mark.parametrize(("asked", "drawn"), [({}, DOTS), ({"points": 100_000}, N)])
def test_the_job_draws_as_many_as_its_payload_says(run, asked, drawn):
    told = SimpleNamespace(watch=Watch(), plan=lambda weights, titles: None)
    assert kinds.draw({"run_id": run, "model": MODELS[1], "method": "pca"} | asked, told) == {
        "points": drawn
    }
