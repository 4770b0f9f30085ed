"""What one gets, in every run: how often a linear classifier on each model's features is right.

The same folds for every model, copies of a picture on one side. With many pictures a stratified
sample is asked.
"""

from __future__ import annotations

import threading
import traceback
from dataclasses import replace

import numpy as np

from srcsel.base.errors import Cancelled, InputError, StoreError
from srcsel.base.records import Accuracy, Dataset, Failure, Features, Outcome, Strip
from srcsel.measures.kernels.sample import stratified
from srcsel.pictures.copies import copy_groups
from srcsel.scoring.probe import fold_of, probe
from srcsel.scoring.reached import accuracies, reached_by
from srcsel.scoring.strip import strip
from srcsel.store import files
from srcsel.store.features import FeatureStore

MOST = 5000  # pictures asked
FOLDS = 5

Asked = list[Outcome] | Failure | str
"""What asking a model came to: outcomes, a failure, or why none can be asked, in a sentence."""


class Probing:
    """Asks each model's features, and keeps what came out."""

    def __init__(self, dataset: Dataset, store: FeatureStore | None) -> None:
        """Ask about the pictures of `dataset`; answers and copies are remembered in `store`.

        Without a store there are no pictures either: rows of equal features count as copies.
        """
        self.notes: list[str] = []
        self.failures: list[Failure] = []
        self._store = store
        self._outcomes: list[Outcome] = []
        self._dataset, self._rows = _sampled(dataset)
        self._first = threading.Lock()  # held by who makes the folds for all
        self._folds: tuple[np.ndarray, np.ndarray] | None = None  # groups (m,), fold (m,)

    def add(self, features: Features) -> None:
        """Ask one model; a failure is kept, and stops nothing. Raises Cancelled, StoreError."""
        self.take(self.ask(features))

    def ask(self, features: Features) -> Asked:
        """Ask one model, and keep nothing: several may be asked at the same time.

        Raises Cancelled, StoreError.
        """
        try:
            asked, _, fold = self.question(features)
            return list(probe([asked], self._dataset.labels, fold, store=self._store))
        except (Cancelled, StoreError):
            raise
        except InputError as error:
            return f"How often a model is right was not measured: {error}"
        except Exception as error:  # noqa: BLE001 (third-party code; the reason reaches the page)
            reason = (
                f"How often it is right could not be measured ({type(error).__name__}: {error})."
            )
            return Failure(features.key.model, "", reason, traceback.format_exc())

    def take(self, asked: Asked) -> None:
        """Keep what asking a model came to."""
        if isinstance(asked, str):
            self.notes[:] = [asked]
        elif isinstance(asked, Failure):
            self.failures.append(asked)
        else:
            self._outcomes += asked

    @property
    def labels(self) -> np.ndarray:
        """Labels (m,) of the pictures asked."""
        return self._dataset.labels

    def question(self, features: Features) -> tuple[Features, np.ndarray, np.ndarray]:
        """Return the features of the pictures asked, their copies (m,) and folds (m,).

        Raises InputError where there are no two folds or the pictures are gone, Cancelled,
        StoreError.
        """
        values = features.values if self._rows is None else features.values[self._rows]
        return replace(features, values=values), *self._assigned(values)

    def accuracies(self) -> tuple[Accuracy, ...]:
        """One record a model asked so far."""
        if self._folds is None or not self._outcomes:
            return ()
        groups, fold = self._folds
        labels, splits = self._dataset.labels, range(int(fold.max()) + 1)
        reached = reached_by(self._outcomes, labels, groups, splits)
        return accuracies(reached, self._outcomes, labels)

    def strips(self) -> tuple[Strip, ...]:
        """Choose pictures that each model asked so far is right and wrong about."""
        by_model: dict[str, list[Outcome]] = {}
        for outcome in self._outcomes:
            by_model.setdefault(outcome.model, []).append(outcome)
        return tuple(
            strip(outcomes, self._dataset.labels, self._rows) for outcomes in by_model.values()
        )

    def guesses(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return the pictures asked, (m,) sorted, and what each model took them for, (m,)."""
        found: dict[str, np.ndarray] = {}
        for outcome in self._outcomes:
            guess = found.setdefault(outcome.model, np.empty(len(self._dataset.labels), np.int64))
            guess[outcome.rows] = outcome.guess
        asked = np.arange(len(self._dataset.labels)) if self._rows is None else self._rows
        order = np.argsort(asked)
        return asked[order], {model: guess[order] for model, guess in found.items()}

    def _assigned(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (groups, fold), made for the first model and the same for all."""
        with self._first:
            if self._folds is None:
                groups = self._groups(values)
                self._folds = groups, fold_of(self._dataset.labels, groups, FOLDS)
            return self._folds

    def _groups(self, values: np.ndarray) -> np.ndarray:
        if self._store is not None:
            return copy_groups(self._dataset, self._store)
        _, first, which = np.unique(values, axis=0, return_index=True, return_inverse=True)
        return first[which.ravel()]


def _sampled(dataset: Dataset) -> tuple[Dataset, np.ndarray | None]:
    """Return the pictures asked and their rows (m,); None = all."""
    if len(dataset.labels) <= MOST:
        return dataset, None
    rows = stratified(dataset.labels, MOST)
    digest = files.text_hash({"of": dataset.digest, "rows": rows.tolist()})
    return dataset.take(rows, digest), rows
