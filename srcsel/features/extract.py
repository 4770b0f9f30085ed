"""Dataset x source models -> Features: stored ones at once, the others from one decode, one model
after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from srcsel.base.errors import Cancelled, InputError, StoreError
from srcsel.base.records import Dataset, Failure, FeatureKey, Features, SourceModel
from srcsel.base.watch import Watch
from srcsel.features.engines import Engine, Local, Work, failure
from srcsel.features.loading import Task, hub_of
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

    A model that fails never stops the others. `whole`: the pictures of which `dataset` has some
    left out; where their features are stored, its rows are taken and no network runs. `until`: only
    the first so many pictures; what was made stays half-done work, and a later call goes on from
    there. `say` receives sentences about what fell back. `engine`: what carries it out; None = this
    computer. Raises Cancelled after storing the finished rows, StoreError, and InputError for a
    picture that went bad meanwhile.
    """
    watch = watch or Watch()
    precision = precision_named(precision)
    tasks: list[Task] = []
    for model in models:
        found = _look_up(dataset, model, precision, store, whole, until)
        if isinstance(found, Task):
            tasks.append(found)
            continue
        watch.update(
            model.id, "failed" if isinstance(found, Failure) else "stored", note=_reason(found)
        )
        yield found
    if not tasks:
        return
    shown = replace(dataset, paths=dataset.paths[:until], labels=dataset.labels[:until])
    work = Work(shown, tasks, store, device, watch, say, keep=until is None)
    for outcome in (engine or Local()).run(work):
        if isinstance(outcome, Failure):
            watch.update(outcome.model, "failed", note=outcome.reason)
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


def _look_up(
    dataset: Dataset,
    model: SourceModel,
    precision: str,
    store: FeatureStore,
    whole: Dataset | None,
    until: int | None,
) -> Features | Failure | Task:
    """Return stored features, or the task to make them; preparing that fails fails only this
    model.
    """
    try:
        key = key_for(dataset, model, precision)
        stored = store.get(key)
        if stored is not None and len(stored.values) == len(dataset.paths):
            return stored
        if whole is not None and (taken := _taken(dataset, whole, model, precision, store)):
            return taken
        rows, values, logits = store.parts(key)
        if until is not None and values is not None and rows >= until:
            return Features(key, values[:until], None if logits is None else logits[:until])
        return Task(model, hub_of(model).preprocessing(model), key, rows, values, logits)
    except (Cancelled, StoreError):
        raise
    except Exception as error:  # noqa: BLE001 (third-party model code; the reason reaches the page)
        return failure(model, error)


def _taken(
    dataset: Dataset, whole: Dataset, model: SourceModel, precision: str, store: FeatureStore
) -> Features | None:
    """Take the rows of a picture set with some left out from the stored features of all of it, or
    None.
    """
    row = {path: i for i, path in enumerate(whole.paths)}
    if not set(dataset.paths) <= row.keys() or dataset.ranges != whole.ranges:
        return None
    rows = np.array([row[path] for path in dataset.paths])
    return store.put_rows(
        key_for(dataset, model, precision), key_for(whole, model, precision), rows
    )


def _reason(found: Features | Failure) -> str:
    return found.reason if isinstance(found, Failure) else ""
