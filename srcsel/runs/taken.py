"""What each model of a run took every picture for: the guess of a classifier that had not seen it.

They are the guesses behind the run's accuracies, asked again of the features and remembered, so
that a page can say of one picture who was right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from srcsel.base.errors import InputError, SrcselError
from srcsel.base.records import Result, SourceModel
from srcsel.base.settings import Settings, load_settings
from srcsel.base.watch import Watch
from srcsel.features.extract import key_for
from srcsel.features.recover import features_of
from srcsel.runs.probing import Probing
from srcsel.store.features import FeatureStore, open_features, open_runs
from srcsel.store.serialize import to_plain

VERSION = 1
"""Raise it when a change here should not reuse what is stored; the guesses have their own."""


@dataclass(frozen=True, eq=False)
class Taken:
    """The guesses of some models about some pictures of a run."""

    models: tuple[str, ...]
    rows: np.ndarray  # (m,) int64, picture numbers, sorted; with many pictures a sample
    guess: np.ndarray  # (models, m) int64, class ids

    def of(self, row: int) -> dict[str, int]:
        """Return model -> the class it took picture `row` for; empty where it was not asked."""
        at = int(np.searchsorted(self.rows, row))
        if at == len(self.rows) or self.rows[at] != row:
            return {}
        return dict(zip(self.models, self.guess[:, at].tolist(), strict=True))


def stored(result: Result, store: FeatureStore) -> Taken | None:
    """Read what was asked before; None where it was not. Nothing is computed: for pages."""
    found = store.memory.recall("taken", _question(result))
    if found is None:
        return None
    ids = [model.id for model in result.models]
    tensors = found[0]
    models = tuple(ids[i] for i in tensors["models"].tolist())
    return Taken(models, tensors["rows"], tensors["guess"])


def make(run_id: str, settings: Settings | None = None, watch: Watch | None = None) -> Taken:
    """Ask the models of a stored run whose features are here, or return what is stored.

    Of bundled pictures features that are gone are made again, in seconds; of others their models
    are left out. Raises InputError where no model can be asked, StoreError, Cancelled.
    """
    settings, watch = settings or load_settings(), watch or Watch()
    store = open_features(settings)
    result = open_runs(settings).load(run_id)
    there = stored(result, store)
    if there is not None:
        return there
    probing = Probing(result.dataset, store)
    for model in usable(result, store):
        watch.update(model.id, "running")
        probing.add(next(features_of(result, [model], store, watch)))
        watch.update(model.id, "done")
    rows, guess = probing.guesses()
    if not guess:
        gone = "The features of this run are gone. Run it again to ask its models."
        raise InputError(next(iter(probing.notes), gone))
    ids = [model.id for model in result.models]
    tensors = {
        "models": np.array([ids.index(model) for model in guess]),
        "rows": rows,
        "guess": np.stack(list(guess.values())),
    }
    store.memory.remember("taken", _question(result), tensors, None)
    return Taken(tuple(guess), rows, tensors["guess"])


def usable(result: Result, store: FeatureStore) -> list[SourceModel]:
    """Return the models whose features are here, or are made again in seconds."""
    out = {failure.model for failure in result.failures if not failure.measure}
    models = [model for model in result.models if model.id not in out]
    if result.run.ref.startswith("demo:"):
        return models
    return [model for model in models if _is_there(result, model, store)]


def _is_there(result: Result, model: SourceModel, store: FeatureStore) -> bool:
    try:
        return store.has(key_for(result.dataset, model, result.run.precision))
    except SrcselError:  # a checkpoint that is gone
        return False


def _question(result: Result) -> dict[str, Any]:
    """All that it depends on; labels and pictures are part of the digest."""
    return {
        "version": VERSION,
        "dataset": result.dataset.digest,
        "precision": result.run.precision,
        "models": [to_plain((model.id, model.revision)) for model in result.models],
        "complete": result.complete,
    }
