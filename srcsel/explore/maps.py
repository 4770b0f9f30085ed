"""The maps of a run: the front-runner's first, the others started from it and turned onto it; kept
by content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from srcsel.base.errors import UnknownNameError
from srcsel.base.records import DOTS, MOST_DOTS, FeatureKey, Features, Projection, Result
from srcsel.base.settings import Settings, load_settings
from srcsel.base.watch import Watch
from srcsel.explore.project import METHODS, project, sample_rows
from srcsel.features.extract import key_for
from srcsel.features.recover import features_of
from srcsel.models.called import called
from srcsel.store import expected
from srcsel.store.features import FeatureStore, open_features, open_runs
from srcsel.store.runs import RunStore
from srcsel.store.serialize import to_plain

VERSION = 2
"""Raise it when a change here or in project.py should not reuse maps that are stored."""


def draw_all(
    result: Result, keys: Sequence[FeatureKey], features: FeatureStore, runs: RunStore, watch: Watch
) -> None:
    """Draw and store the UMAP of every model with features in `keys`, the one the run starts from
    first, until other work waits: the others are drawn when a page asks.

    Raises Cancelled; what was drawn is kept.
    """
    first = result.verdict.winner
    ordered = sorted(keys, key=lambda key: key.model != first)
    rows = sample_rows(result.dataset.labels, seed=result.run.seed)
    leader: tuple[FeatureKey, np.ndarray] | None = None
    for done, key in enumerate(ordered):
        if watch.is_waited_for():
            break
        watch.update("maps", "running", done, len(ordered))
        stored = features.get(key)
        if stored is None:  # deleted meanwhile: the map can be drawn later, on request
            continue
        xy = _drawn(stored, "umap", rows, result.run.seed, leader, features)
        leader = leader or (key, xy)
        runs.save_projection(
            result.run.id, Projection(key.model, "umap", result.run.seed, rows, xy)
        )
    watch.update("maps", "done", len(ordered), len(ordered))


def draw_map(
    run_id: str,
    model: str,
    method: str,
    settings: Settings | None = None,
    watch: Watch | None = None,
    *,
    cap: int = DOTS,
) -> Projection:
    """Draw one more map of a stored run, or return it if it is there; features that are gone are
    made again.

    `cap` is the number of dots at most: DOTS, or more up to what MOST_DOTS says for this method.
    Every map but the front-runner's starts from the front-runner's and is turned onto it. Raises
    UnknownNameError for another method or a model that is not in the run, InputError where the
    features are gone and the pictures have changed, StoreError, Cancelled.
    """
    settings, watch = settings or load_settings(), watch or Watch()
    runs, features = open_runs(settings), open_features(settings)
    result = runs.load(run_id)
    models = {m.id: m for m in result.models}
    if method not in METHODS:
        raise UnknownNameError("kind of map", method, METHODS)
    if model not in models:
        raise UnknownNameError("source model in this run", model, models)
    seed, cap = result.run.seed, max(DOTS, min(cap, MOST_DOTS[method]))
    there = runs.projection(run_id, model, method, seed, cap)
    if there is not None:
        return there
    rows = sample_rows(result.dataset.labels, cap, seed)

    def made(name: str, leader: tuple[FeatureKey, np.ndarray] | None, done: int) -> Projection:
        known = runs.projection(run_id, name, method, seed, cap)
        if known is not None:
            return known
        watch.update(
            "maps",
            "running",
            done,
            2,
            f"Laying out {len(rows):,} dots as {called(models[name])} sees them",
        )
        own = next(features_of(result, [models[name]], features, watch))
        xy = _drawn(own, method, rows, seed, leader, features)
        projection = Projection(name, method, seed, rows, xy)  # pyright: ignore[reportArgumentType]
        runs.save_projection(run_id, projection, cap)
        return projection

    leader = None
    winner = result.verdict.winner
    if winner in models and winner != model:
        key = key_for(result.dataset, models[winner], result.run.precision)
        leader = (key, made(winner, None, 0).xy)
    projection = made(model, leader, 1)
    watch.update("maps", "done", 2, 2)
    return projection


def _drawn(
    features: Features,
    method: str,
    rows: np.ndarray,
    seed: int,
    leader: tuple[FeatureKey, np.ndarray] | None,
    store: FeatureStore,
) -> np.ndarray:
    """Return the map (m, 2) for these features, from the store if it was drawn in any run
    before.
    """
    question = {
        "version": VERSION,
        "features": to_plain(features.key),
        "method": method,
        "seed": seed,
        "rows": hashlib.sha256(rows.tobytes()).hexdigest(),
        "leader": (
            [to_plain(leader[0]), hashlib.sha256(leader[1].tobytes()).hexdigest()]
            if leader
            else None
        ),
    }
    drawn = store.memory.recall(
        "maps", question, lambda kept, _: expected.rows(kept["xy"], len(rows), 2)
    )
    if drawn is not None:
        return drawn
    start = leader[1] if leader else None
    xy = project(features.values, method, rows=rows, seed=seed, init=start, align_to=start)
    store.memory.remember("maps", question, {"xy": xy}, None)
    return xy
