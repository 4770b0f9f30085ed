"""Dataset x source models -> Features: stored ones at once, the others from one decode, one model
after the other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from srcsel.base.errors import Cancelled, InputError, QuotaError, StoreError
from srcsel.base.quotas import whose
from srcsel.base.records import Dataset, Failure, FeatureKey, Features, SourceModel
from srcsel.base.watch import Watch
from srcsel.features.engines import Engine, Local, Work, failure
from srcsel.features.loading import Task, hub_of, task_for
from srcsel.pictures.naming import names_of
from srcsel.store import owned
from srcsel.store.features import FeatureStore

PRECISIONS = {"exact": "float32", "fast": "bfloat16"}
"""What a person chooses -> what is computed and stored. Both names are understood."""


def extract(
    dataset: Dataset,
    models: Sequence[SourceModel],
    *,
    store: FeatureStore,
    device: str = "auto",
    precision: str = "float32",
    watch: Watch | None = None,
    say: Callable[[str], None] = lambda _: None,
    whole: Dataset | None = None,
    until: int | None = None,
    engine: Engine | None = None,
) -> Iterator[Features | Failure]:
    """Yield the features, or the failure, of every model: stored ones first, then as they are
    finished.

    A model sees a picture once, in whatever set it lay then: features are found by the picture's
    bytes. A model that fails never stops the others. `until`: only the first so many pictures.
    `whole`: the pictures of which `dataset` has some left out, whose features an earlier version
    may have kept by their folder. `say` receives sentences about what fell back. `engine`: what
    carries it out; None = this computer. Raises Cancelled after storing the finished rows,
    StoreError, and InputError for a picture that went bad meanwhile.
    """
    watch = watch or Watch()
    precision = precision_named(precision)
    tasks: list[Task] = []
    sets = [(one, names_of(one)) for one in (dataset, whole) if one is not None]
    for model in models:
        found = _look_up(sets, model, precision, store, until)
        if isinstance(found, Task):
            tasks.append(found)
            continue
        watch.update(
            model.id, "failed" if isinstance(found, Failure) else "stored", note=_reason(found)
        )
        _share(found, sets[0][1][:until], store)
        yield found
    if not tasks:
        return
    shown = replace(dataset, paths=dataset.paths[:until], labels=dataset.labels[:until])
    work = Work(shown, tasks, store, device, watch, say, keep=until is None)
    for outcome in (engine or Local()).run(work):
        if isinstance(outcome, Failure):
            watch.update(outcome.model, "failed", note=outcome.reason)
        _share(outcome, sets[0][1][:until], store)
        yield outcome


def precision_named(name: str) -> str:
    """Return "float32" for "exact" and "bfloat16" for "fast"; those names themselves too.

    Raises InputError.
    """
    if name in PRECISIONS.values():
        return name
    if name not in PRECISIONS:
        known = ", ".join(f"{word} ({kind})" for word, kind in PRECISIONS.items())
        raise InputError(f"There is no precision '{name}'. Choose one of: {known}.")
    return PRECISIONS[name]


def key_for(dataset: Dataset, model: SourceModel, precision: str) -> FeatureKey:
    """Name features by everything they depend on."""
    preprocessing = hub_of(model).preprocessing(model)
    return FeatureKey(dataset.digest, model.id, model.revision, preprocessing.key, precision)


def is_stored(dataset: Dataset, model: SourceModel, precision: str, store: FeatureStore) -> bool:
    """Whether a model has seen every picture of `dataset`, here or where computers share features,
    so that no network has to run.
    """
    key, pictures = key_for(dataset, model, precision), names_of(dataset)
    if store.has(key):
        return True
    _bring(store, key, pictures)
    return not len(store.missing(key, pictures))


def _look_up(
    sets: Sequence[tuple[Dataset, np.ndarray]],
    model: SourceModel,
    precision: str,
    store: FeatureStore,
    until: int | None,
) -> Features | Failure | Task:
    """Return stored features, or the task to make them; preparing that fails fails only this
    model.

    sets: the pictures and what they are called, then those of a set that holds them all.
    """
    try:
        dataset, names = sets[0]
        key, pictures = key_for(dataset, model, precision), names[:until]
        store.adopt(key, names)
        stored = store.get(key) if until is None else None
        if stored is not None and len(stored.values) == len(dataset.paths):
            return stored
        for whole, those in sets[1:]:
            store.adopt(key_for(whole, model, precision), those)
        _bring(store, key, pictures)
        task = task_for(model, hub_of(model).preprocessing(model), key, pictures, store)
        found = None if len(task.rows) else store.gather(key, pictures, listed=until is None)
        return found or task
    except (Cancelled, StoreError):
        raise
    except Exception as error:  # noqa: BLE001 (third-party model code; the reason reaches the page)
        return failure(model, error)


def _bring(store: FeatureStore, key: FeatureKey, pictures: np.ndarray) -> None:
    """Fetch what other computers have, as far as a person may have more: fewer may be missing than
    come with them, and where those are too many too, the engine says so.
    """
    with contextlib.suppress(QuotaError):
        store.bring(key, pictures, lambda more: owned.require_room(store.folder, whose(), more))


def _share(found: Features | Failure, pictures: np.ndarray, store: FeatureStore) -> None:
    """Let other computers have what was made, under the weights that were there then."""
    if isinstance(found, Features):
        store.share(found.key, pictures)


def _reason(found: Features | Failure) -> str:
    return found.reason if isinstance(found, Failure) else ""
