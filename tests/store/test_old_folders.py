"""Work folders stored before the packages were moved still open: nothing in them is computed
again.

`data/before_the_move` was written by the commit before the move: 18 pictures of three classes,
two models, a quick check; then the same pictures with one left out.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest

from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.explore import maps
from srcsel.features import recover
from srcsel.features.extract import key_for
from srcsel.store.features import open_features, open_runs

OLD = Path(__file__).parent / "data" / "before_the_move"


@pytest.fixture
def stores(work_folder, monkeypatch):
    """The old folder in the place of today's, where whoever extracts or draws fails."""
    shutil.copytree(OLD, work_folder)

    def computed(*_, **__):
        pytest.fail("It was computed again.")

    for module, name in ((recover, "extract"), (recover, "pictures_of"), (maps, "project")):
        monkeypatch.setattr(module, name, computed)
    settings = load_settings()
    return open_runs(settings), open_features(settings)


def own(runs):
    return [run for run in runs.list() if not run.example]


def test_the_runs_are_listed_newest_first(stores):
    runs, _ = stores
    assert [(run.title, run.images, run.classes, run.models) for run in own(runs)] == [
        ("Leaves, one left out", 17, 3, 1),
        ("Leaves", 18, 3, 2),
    ]
    assert not runs.notes


def test_a_run_opens_with_its_scores_re_checks_verdict_and_evidence(stores):
    runs, _ = stores
    result = runs.load(own(runs)[1].id)
    values = {(s.model, s.measure): round(s.value, 3) for s in result.scores}
    assert values["demo/flowers", "silhouette"] == 0.648
    assert values["pixels/thumbnail", "silhouette"] == 0.610
    assert all(s.rechecks is not None and s.rechecks.shape == (200,) for s in result.scores)
    assert (result.verdict.kind, result.verdict.winner) == ("cannot tell", "demo/flowers")
    (evidence,) = runs.evidences(result.run.id)
    assert {a.model for a in evidence.accuracies} == {"demo/flowers", "pixels/thumbnail"}


def test_features_are_read_also_those_with_a_picture_left_out(stores):
    runs, store = stores
    fewer, whole = (runs.load(run.id) for run in own(runs))
    features = {f.key.model: f for f in recover.features_of(whole, whole.models, store, Watch())}
    assert features["demo/flowers"].values.shape == (18, 160)
    assert features["pixels/thumbnail"].values.shape == (18, 832)
    kept = [whole.dataset.paths.index(path) for path in fewer.dataset.paths]
    (taken,) = recover.features_of(fewer, fewer.models, store, Watch())
    np.testing.assert_array_equal(taken.values, features["demo/flowers"].values[kept])
    assert not store.notes


def test_maps_are_read_from_the_run_and_where_they_are_gone_from_what_was_drawn(stores):
    runs, store = stores
    result = runs.load(own(runs)[1].id)
    there = {model.id: maps.draw_map(result.run.id, model.id, "umap") for model in result.models}
    assert all(drawn.xy.shape == (18, 2) for drawn in there.values())
    shutil.rmtree(runs.folder / result.run.id / "maps")
    keys = [key_for(result.dataset, m, result.run.precision) for m in result.models]
    maps.draw_all(result, keys, store, runs, Watch())
    for model, drawn in there.items():
        again = runs.projection(result.run.id, model, "umap")
        np.testing.assert_array_equal(again.xy, drawn.xy)
