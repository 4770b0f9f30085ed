"""Pictures worth a look: maybe mislabelled, copies, odd ones out, tiny files.

Nothing on disk is touched.

What each list rests on stands in `mislabeled`, `oddness` and `pictures.copies`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np

from srcsel.base import sampling
from srcsel.base.errors import InputError, PictureError
from srcsel.base.records import Dataset, Features, Result, SourceModel, Suspect, Suspects
from srcsel.base.settings import Settings, load_settings
from srcsel.base.threads import suited_threads
from srcsel.base.watch import Watch
from srcsel.explore.mislabeled import Opinions
from srcsel.explore.oddness import odd_ones, oddness
from srcsel.features.extract import key_for
from srcsel.features.recover import features_of
from srcsel.measures import check_features
from srcsel.measures.kernels.prepare import components, directions, prepare
from srcsel.pictures.copies import copy_groups
from srcsel.pictures.dataset import pictures_of
from srcsel.pictures.images import picture_size
from srcsel.store import files
from srcsel.store.features import FeatureStore, open_features, open_runs
from srcsel.store.serialize import from_plain, to_plain

VERSION = 1
"""Raise it when a change here should not reuse what is stored."""
TINY = 32  # pixels of the shorter side below which there is little to see
BLOCK = 256  # pictures between two looks at the stop button


def asked(result: Result) -> tuple[SourceModel, ...]:
    """Return the models that are asked: those with a score, no yardsticks."""
    scored = {score.model for score in result.scores}
    return tuple(model for model in result.models if model.id in scored and not model.yardstick)


def stored(result: Result, store: FeatureStore) -> Suspects | None:
    """Read the lists made before for these pictures and models; None where there are none.

    For pages.
    """
    return store.memory.recall(
        "suspects", _question(result), lambda _, kept: from_plain(Suspects, kept)
    )


def make(run_id: str, settings: Settings | None = None, watch: Watch | None = None) -> Suspects:
    """Make the lists for a stored run, or return what is stored; features that are gone are made
    again. Of very many pictures a sample is looked at (`base.sampling`), which the notes say.

    Raises InputError where the pictures have changed since the run, StoreError, Cancelled.
    """
    settings, watch = settings or load_settings(), watch or Watch()
    store = open_features(settings)
    result = open_runs(settings).load(run_id)
    if (there := stored(result, store)) is not None:
        return there
    run = result.run
    dataset = pictures_of(run, watch)
    if dataset.digest != result.dataset.digest:
        raise InputError(
            f"The pictures in {dataset.folder} have changed since this run. Run it again."
        )
    rows = sampling.pictures_of_many(dataset.labels, dataset.paths)
    features = features_of(result, asked(result), store, watch)
    if rows is not None:
        found = _sampled(dataset, features, rows, store, watch)
    else:
        found = find(dataset, features, copy_groups(dataset, store, watch), watch)
    store.memory.remember("suspects", _question(result), {}, to_plain(found))
    return found


def _sampled(
    dataset: Dataset,
    features: Iterable[Features],
    rows: np.ndarray,
    store: FeatureStore,
    watch: Watch,
) -> Suspects:
    """Make the lists of the pictures `rows` (m,) alone: the time and memory of all would grow with
    the square of how many there are.
    """
    digest = files.text_hash({"of": dataset.digest, "rows": rows.tolist()})
    some = dataset.take(rows, digest)
    cut = (replace(f, values=f.values[rows], logits=None) for f in features)
    found = find(some, cut, copy_groups(some, store, watch), watch)

    def placed(suspects: Sequence[Suspect]) -> tuple[Suspect, ...]:
        return tuple(
            replace(s, row=int(rows[s.row]), group=None if s.group is None else int(rows[s.group]))
            for s in suspects
        )

    said = (
        f"{len(rows):,} of {len(dataset.paths):,} pictures were looked at, a sample with the same"
        " share of each class."
    )
    lists = (placed(one) for one in (found.labels, found.copies, found.odd, found.tiny))
    return Suspects(found.models, *lists, notes=(said, *found.notes))


def find(
    dataset: Dataset, features: Iterable[Features], groups: np.ndarray, watch: Watch | None = None
) -> Suspects:
    """Make the four lists, from what each model asked makes of the pictures; one model in memory at
    a time.

    groups (n,): row of the first copy of each picture, as `copies.copy_groups`. Raises Cancelled.
    """
    watch, y = watch or Watch(), dataset.labels
    opinions, models, away = Opinions(y, groups), [], [np.zeros(len(y))]
    for found in features:
        models.append(found.key.model)
        watch.update(found.key.model, "scoring")
        with suited_threads(len(y)):
            Z = whitened(found.values)
            opinions.ask(Z)
            away.append(oddness(Z, y))
        watch.update(found.key.model, "done")
    labels = opinions.suspects(dataset.classes)
    odd = odd_ones(np.array(away[1:])) if models else ()
    return Suspects(
        tuple(models),
        labels,
        _copies(dataset, groups),
        odd,
        _tiny(dataset, watch),
        tuple(opinions.notes()),
    )


def whitened(features: np.ndarray) -> np.ndarray:
    """Whiten features (n, d) as the scores do: (n, k) rows of one length, about unit variance in
    each direction.
    """
    X = check_features(features, single=True)
    Z = prepare(components(X, directions(len(X))), "whitened")
    return Z * np.sqrt(Z.shape[1])


def _copies(dataset: Dataset, groups: np.ndarray) -> tuple[Suspect, ...]:
    """List every picture that has a copy, group by group, groups across classes first."""
    sizes = np.bincount(groups, minlength=len(groups))
    rows = np.flatnonzero(sizes[groups] > 1)
    rows = rows[np.argsort(groups[rows], kind="stable")]
    found = []
    for group in np.split(rows, np.flatnonzero(np.diff(groups[rows])) + 1) if len(rows) else []:
        classes = list(dict.fromkeys(dataset.labels[group].tolist()))
        across = len(classes) > 1
        for row in group.tolist():
            others = [dataset.classes[c] for c in classes if c != dataset.labels[row]]
            reason = (
                f"The same picture is also in {' and '.join(others)}"
                if across
                else _same(row, group, dataset)
            )
            found.append(Suspect(row, reason, group=int(group[0]), strength=float(across)))
    return tuple(sorted(found, key=lambda s: -s.strength))


def _same(row: int, group: np.ndarray, dataset: Dataset) -> str:
    if row == group[0]:
        return f"The first of {len(group)} alike"
    return f"A copy of {dataset.paths[group[0]]}"


def _tiny(dataset: Dataset, watch: Watch) -> tuple[Suspect, ...]:
    """List the pictures whose shorter side is below TINY pixels, the smallest first."""
    found: list[Suspect] = []

    def look(row: int) -> tuple[int, int] | None:
        try:
            return picture_size(dataset.folder / dataset.paths[row])
        except (
            PictureError
        ):  # it could be read when the run was made; the next run says what is wrong now
            return None

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(dataset.paths), BLOCK):
            watch.update("sizes", "running", start, len(dataset.paths), "Looking for tiny pictures")
            rows = range(start, min(start + BLOCK, len(dataset.paths)))
            for row, size in zip(rows, pool.map(look, rows), strict=True):
                if size is not None and min(size) < TINY:
                    found.append(
                        Suspect(
                            row, f"Only {size[0]} x {size[1]} pixels", strength=-float(min(size))
                        )
                    )
    watch.update("sizes", "done", len(dataset.paths), len(dataset.paths))
    return tuple(sorted(found, key=lambda s: -s.strength))


def _question(result: Result) -> dict[str, Any]:
    """All that the lists depend on; labels and files are part of the digest."""
    models: Sequence[SourceModel] = asked(result)
    keys = [to_plain(key_for(result.dataset, model, result.run.precision)) for model in models]
    return {"version": VERSION, "dataset": result.dataset.digest, "features": keys}
