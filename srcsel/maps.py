"""The maps of a run: the front-runner's first, the others started from it and turned onto it; kept by content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from srcsel.errors import UnknownNameError
from srcsel.project import METHODS, project, sample_rows
from srcsel.records import FeatureKey, Features, Projection, Result
from srcsel.recover import features_of
from srcsel.runs import RunStore
from srcsel.serialize import to_plain
from srcsel.settings import Settings, load_settings
from srcsel.store import FeatureStore, open_features, open_runs
from srcsel.watch import Watch

VERSION = 1
"""Raise it when a change here or in project.py should not reuse maps that are stored."""


def draw_all(result: Result, keys: Sequence[FeatureKey], features: FeatureStore, runs: RunStore, watch: Watch) -> None:
    """Draw and store the UMAP of every model with features in `keys`, the one the run starts from first.

    Raises Cancelled; what was drawn is kept.
    """
    first = result.verdict.winner
    ordered = sorted(keys, key=lambda key: key.model != first)
    rows = sample_rows(result.dataset.labels, seed=result.run.seed)
    leader: tuple[FeatureKey, np.ndarray] | None = None
    for done, key in enumerate(ordered):
        watch.update("maps", "running", done, len(ordered))
        stored = features.get(key)
        if stored is None:  # deleted meanwhile: the map can be drawn later, on request
            continue
        xy = _drawn(stored, "umap", rows, result.run.seed, leader, features)
        leader = leader or (key, xy)
        runs.save_projection(result.run.id, Projection(key.model, "umap", result.run.seed, rows, xy))
    watch.update("maps", "done", len(ordered), len(ordered))


def draw_map(
    run_id: str, model: str, method: str, settings: Settings | None = None, watch: Watch | None = None
) -> Projection:
    """Draw one more map of a stored run, or return it if it is there; features that are gone are made again.

    Raises UnknownNameError for another method or a model that is not in the run, InputError where the features are
    gone and the pictures have changed, StoreError, Cancelled.
    """
    settings, watch = settings or load_settings(), watch or Watch()
    runs, features = open_runs(settings), open_features(settings)
    result = runs.load(run_id)
    models = {m.id: m for m in result.models}
    if method not in METHODS:
        raise UnknownNameError("kind of map", method, METHODS)
    if model not in models:
        raise UnknownNameError("source model in this run", model, models)
    there = runs.projection(run_id, model, method, result.run.seed)
    if there is not None:
        return there
    watch.update("maps", "running", 0, 1)
    rows = sample_rows(result.dataset.labels, seed=result.run.seed)
    leader = None
    winner = result.verdict.winner
    if winner in models and winner != model:
        front = next(features_of(result, [models[winner]], features, watch))
        leader = (front.key, _drawn(front, method, rows, result.run.seed, None, features))
    own = next(features_of(result, [models[model]], features, watch))
    xy = _drawn(own, method, rows, result.run.seed, leader, features)
    projection = Projection(model, method, result.run.seed, rows, xy)  # pyright: ignore[reportArgumentType]
    runs.save_projection(run_id, projection)
    watch.update("maps", "done", 1, 1)
    return projection


def _drawn(
    features: Features,
    method: str,
    rows: np.ndarray,
    seed: int,
    leader: tuple[FeatureKey, np.ndarray] | None,
    store: FeatureStore,
) -> np.ndarray:
    """Return the map (m, 2) for these features, from the store if it was drawn in any run before."""
    question = {
        "version": VERSION,
        "features": to_plain(features.key),
        "method": method,
        "seed": seed,
        "rows": hashlib.sha256(rows.tobytes()).hexdigest(),
        "leader": to_plain(leader[0]) if leader else None,
    }
    stored = store.recall("maps", question)
    if stored is not None:
        return stored[0]["xy"]
    start = leader[1] if leader else None
    xy = project(features.values, method, rows=rows, seed=seed, init=start, align_to=start)
    store.remember("maps", question, {"xy": xy}, None)
    return xy
