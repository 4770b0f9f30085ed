"""What one source model makes of every single picture: neighbours, their vote, each picture's part
of the scores.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from srcsel.base import sampling
from srcsel.base.errors import UnknownNameError
from srcsel.base.records import Features, Inside, Result, SourceModel
from srcsel.base.settings import Settings, load_settings
from srcsel.base.threads import suited_threads
from srcsel.base.watch import Watch
from srcsel.features.extract import key_for
from srcsel.features.recover import features_of
from srcsel.measures import check_features
from srcsel.measures.kernels.blocks import blocks
from srcsel.measures.kernels.prepare import components, directions, prepare, unit_rows
from srcsel.measures.knn import neighbors
from srcsel.measures.silhouette import each_silhouette
from srcsel.measures.supcon import anchor_losses
from srcsel.store import expected
from srcsel.store.features import FeatureStore, open_features, open_runs
from srcsel.store.memory import Arrays
from srcsel.store.serialize import to_plain

VERSION = 1
"""Raise it when a change here or in the measures below should not reuse what is stored."""
NEIGHBORS = 6  # pictures shown beside one that is pressed
VOTERS = 5  # of them, whose labels vote: as many as the knn measure asks
SHARE = 1.8  # times what comparing for the usual measures takes; measured, from 8,000 pictures on
FIELDS = ("neighbors", "similarity", "guess", "silhouette", "gain")
"""Of `Inside`: the arrays that are kept, one row a picture."""


def foretold(pictures: int, width: int | None) -> float:
    """Foretell the seconds that `look` takes for so many pictures; width: features of the model,
    None = not known.
    """
    return SHARE * sampling.comparing(pictures, width or sampling.USUAL_WIDTH)


def look(
    model: str,
    features: ArrayLike,
    labels: np.ndarray,
    *,
    temperature: float = 0.5,
    metric: Literal["cosine", "euclidean"] = "cosine",
    watch: Watch | None = None,
) -> Inside:
    """Look at every picture as `model` sees it: features (n, d), labels (n,) in 0..c-1, n at least
    2.

    With fewer than 7 pictures there are n - 1 neighbours. On average the parts are the run's
    scores: `silhouette` its MSC and `gain` its SCL gain, both whitened, with the run's metric and
    temperature; the share of right guesses is its kNN accuracy. Raises FeatureError for features no
    measure can use, Cancelled.
    """
    watch = watch or Watch()
    watch.update("inside", "running", 0, 2, "Finding each picture's neighbours")
    X = check_features(features, single=True)
    with suited_threads(len(X)):
        near = neighbors(X, min(NEIGHBORS, len(X) - 1))
        similarity = _similarities(X, near)
        watch.update("inside", "running", 1, 2, "Scoring each picture")
        Z = prepare(components(X, directions(len(X))), "whitened")
        gain = math.log(len(X) - 1) - anchor_losses(Z, labels, temperature)
        silhouette = each_silhouette(Z, labels, metric)
    watch.update("inside", "done", 2, 2)
    return Inside(
        model,
        near,
        similarity,
        vote(labels, near),
        silhouette.astype(np.float32),
        gain.astype(np.float32),
    )


def vote(labels: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Label that the 5 nearest of near (n, k) vote for, (n,); equal votes go to the smallest label,
    as in knn.
    """
    votes = labels[near[:, :VOTERS]]  # (n, 5)
    classes = int(labels.max()) + 1
    guess = np.empty(len(near), dtype=np.int64)
    for rows in blocks(len(near), classes):
        cells = votes[rows] + classes * np.arange(len(votes[rows]))[:, None]
        guess[rows] = (
            np.bincount(cells.ravel(), minlength=classes * len(cells))
            .reshape(-1, classes)
            .argmax(axis=1)
        )
    return guess


@dataclass(frozen=True, eq=False)
class ByClass:
    """Each class's share of the scores, (c,) each, higher is better, and their means over all
    pictures.
    """

    silhouette: np.ndarray  # -1..1
    gain: np.ndarray  # NaN for a class of one picture
    right: np.ndarray  # 0..1, share of pictures whose 5 nearest vote for their label
    means: dict[str, float]


@dataclass(frozen=True)
class Mixed:
    """Two classes and how much they are mixed up."""

    one: int  # class ids, one < two
    two: int
    share: float  # 0..1, of the 5 nearest of every picture of either, those of the other class


def by_class(seen: Inside, labels: np.ndarray) -> ByClass:
    """Average a model's look at every picture over the classes of labels (n,) in 0..c-1, none
    empty.
    """
    counts = np.bincount(labels)
    parts = {"silhouette": seen.silhouette, "gain": seen.gain, "right": seen.guess == labels}
    sums = {name: np.bincount(labels, np.nan_to_num(part)) for name, part in parts.items()}
    gain = np.where(counts > 1, sums["gain"] / counts, np.nan)
    means = {name: float(np.nanmean(part.astype(np.float64))) for name, part in parts.items()}
    return ByClass(sums["silhouette"] / counts, gain, sums["right"] / counts, means)


def mixed_up(seen: Inside, labels: np.ndarray, most: int = 5) -> list[Mixed]:
    """Find the pairs of classes, of labels (n,), of which most nearest neighbours cross over, worst
    first; none where none do.
    """
    counts, near = np.bincount(labels), seen.neighbors[:, :VOTERS]  # (c,), (n, 5)
    own, other = np.repeat(labels, near.shape[1]), labels[near].ravel()
    low, high = np.minimum(own, other)[own != other], np.maximum(own, other)[own != other]
    pairs, crossings = np.unique(low * len(counts) + high, return_counts=True)
    one, two = np.divmod(pairs, len(counts))
    share = crossings / (near.shape[1] * (counts[one] + counts[two]))
    return [
        Mixed(int(one[i]), int(two[i]), float(share[i]))
        for i in np.argsort(-share, kind="stable")[:most]
    ]


def square(seen: Inside, labels: np.ndarray, most: int = 12) -> tuple[list[int], np.ndarray]:
    """Count whose pictures the five nearest of each class's pictures are: (class ids (k,), shares).

    Of up to `most` classes all are there; of more, those that are mixed up most. The most mixed up
    come first. shares (k, k), each row sums to 1; where classes are left out (k, k + 1), the last
    column is all of these together.
    """
    pairs = mixed_up(seen, labels, most * most // 2)  # so many pairs name at least `most` classes
    order = list(dict.fromkeys(c for pair in pairs for c in (pair.one, pair.two)))
    classes = int(labels.max()) + 1
    if classes <= most:
        order += [c for c in range(classes) if c not in order]
    order = order[:most]
    place = np.full(classes, len(order))
    place[order] = np.arange(len(order))
    near, width = seen.neighbors[:, :VOTERS], len(order) + 1
    cells = place[np.repeat(labels, near.shape[1])] * width + place[labels[near].ravel()]
    counts = np.bincount(cells, minlength=width * width).reshape(width, width)[:-1]  # (k, k + 1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    return order, shares if len(order) < classes else shares[:, :-1]


def crossings(seen: Inside, labels: np.ndarray, one: int, two: int) -> list[tuple[int, int, float]]:
    """List the pictures behind a mixed-up pair: (of class one, of class two, similarity), the most
    alike first.

    labels (n,). One of the two is among the 5 nearest of the other; each pair once.
    """
    found: dict[tuple[int, int], float] = {}
    for own, other in ((one, two), (two, one)):
        rows = np.flatnonzero(labels == own)
        at, place = np.nonzero(labels[seen.neighbors[rows, :VOTERS]] == other)
        for row, column in zip(rows[at].tolist(), place.tolist(), strict=True):
            near = int(seen.neighbors[row, column])
            found[(row, near) if own == one else (near, row)] = float(seen.similarity[row, column])
    return sorted(((a, b, s) for (a, b), s in found.items()), key=lambda pair: (-pair[2], pair[:2]))


def stored(result: Result, model: str, store: FeatureStore) -> Inside | None:
    """Read what was looked at before; None where it was not. Nothing is computed: for pages.

    Raises UnknownNameError for a model that is not in the run, ModelError where a checkpoint is
    gone.
    """
    total = len(result.dataset.paths)

    def unpack(kept: Arrays, _: object) -> Inside:
        return Inside(model, **{name: expected.rows(kept[name], total) for name in FIELDS})

    return store.memory.recall("inside", _question(result, _model(result, model)), unpack)


def make(
    run_id: str, model: str, settings: Settings | None = None, watch: Watch | None = None
) -> Inside:
    """Look at a stored run's pictures through one model, or return what is stored; features gone
    are made again.

    Raises UnknownNameError for a model that is not in the run, InputError where the features are
    gone and the pictures have changed, StoreError, Cancelled.
    """
    settings, watch = settings or load_settings(), watch or Watch()
    store = open_features(settings)
    result = open_runs(settings).load(run_id)
    there = stored(result, model, store)
    if there is not None:
        return there
    return look_and_keep(
        result, next(features_of(result, [_model(result, model)], store, watch)), store, watch
    )


def look_and_keep(result: Result, features: Features, store: FeatureStore, watch: Watch) -> Inside:
    """Look at a run's pictures through one model whose features are at hand, and keep it; stored
    ones come back.
    """
    model = features.key.model
    there = stored(result, model, store)
    if there is not None:
        return there
    run = result.run
    inside = look(
        model,
        features.values,
        result.dataset.labels,
        temperature=run.temperature,
        metric=run.metric,
        watch=watch,
    )
    tensors = {name: getattr(inside, name) for name in FIELDS}
    store.memory.remember("inside", _question(result, _model(result, model)), tensors, None)
    return inside


def _question(result: Result, model: SourceModel) -> dict[str, Any]:
    """All that it depends on; the labels are part of the features' key."""
    run = result.run
    return {
        "version": VERSION,
        "features": to_plain(key_for(result.dataset, model, run.precision)),
        "temperature": run.temperature,
        "metric": run.metric,
    }


def _model(result: Result, model: str) -> SourceModel:
    models = {m.id: m for m in result.models}
    if model not in models:
        raise UnknownNameError("source model in this run", model, models)
    return models[model]


def _similarities(X: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Cosine of each picture with its neighbours near (n, k), (n, k) float32; a zero row has 0 with
    every other.
    """
    Z = unit_rows(X)
    similarity = np.empty(near.shape, dtype=np.float32)
    for rows in blocks(len(Z), near.shape[1] * Z.shape[1]):
        similarity[rows] = np.einsum("id,ikd->ik", Z[rows], Z[near[rows]])
    return similarity
