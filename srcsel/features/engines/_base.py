"""What every engine offers, and what they share: rows as they come, failures as values.

An engine carries out what `extract` found to be missing. Another one is one new file beside this.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from srcsel.base.errors import SrcselError
from srcsel.base.records import Dataset, Failure, Features, SourceModel
from srcsel.base.watch import Watch
from srcsel.features import timing
from srcsel.features.loading import Task
from srcsel.store.features import FeatureStore

PART_ROWS = 256
PART_SECONDS = 20.0
"""Half-done features are stored after so many rows or seconds, so a killed run loses no more than
that.
"""


@dataclass(frozen=True)
class Work:
    """Features that are to be made."""

    dataset: Dataset
    tasks: Sequence[Task]
    store: FeatureStore
    device: str  # as a person gives it: "auto", "cpu", ...
    watch: Watch
    say: Callable[[str], None]
    keep: bool  # the features are all there are, stored as whole ones; else half-done work


class Engine(Protocol):
    """What carries out an extraction."""

    def require(self) -> None:
        """Raise InputError with a sentence where it cannot be used, before anything is computed."""
        ...

    def run(self, work: Work) -> Iterator[Features | Failure]:
        """Yield the features, or the failure, of every task, in any order.

        Rows are stored in parts on the way, also when stopped; progress goes to the watch by model.
        Raises Cancelled, StoreError, and InputError for a picture that went bad meanwhile.
        """
        ...


class Rows:
    """Collects finished rows, stores them in parts, and measures the network's speed."""

    def __init__(self, task: Task, store: FeatureStore) -> None:
        self._task = task
        self._store = store
        self._values = [] if task.values is None else [task.values]
        self._logits = [] if task.logits is None else [task.logits]
        self._kept = self.done = task.rows  # rows in parts; rows in all
        self._kept_blocks = len(self._values)
        self._kept_at = time.monotonic()
        self.batches: list[timing.Batch] = []
        self._last = time.perf_counter()

    def add(self, values: np.ndarray, logits: np.ndarray | None) -> None:
        """Take in one batch."""
        now = time.perf_counter()
        self.batches.append((now - self._last, len(values)))
        self._last = now
        self._values.append(np.asarray(values, dtype=np.float32))
        if logits is not None:
            self._logits.append(np.asarray(logits, dtype=np.float32))
        self.done += len(values)
        if self.done - self._kept >= PART_ROWS or time.monotonic() - self._kept_at >= PART_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Store what was added since the last part."""
        if self.done > self._kept:
            fresh = slice(self._kept_blocks, None)
            logits = np.concatenate(self._logits[fresh]) if self._logits else None
            self._store.put_part(
                self._task.key, self._kept, np.concatenate(self._values[fresh]), logits
            )
        self._kept, self._kept_blocks, self._kept_at = (
            self.done,
            len(self._values),
            time.monotonic(),
        )

    def features(self) -> Features:
        """All rows, with the seconds a picture took, and between what these lay."""
        spread = timing.seconds_per_picture(self.batches)
        logits = np.concatenate(self._logits) if self._logits else None
        values = np.concatenate(self._values)
        return Features(self._task.key, values, logits, spread and spread[0], spread)


def checked(features: Features, dataset: Dataset, model: SourceModel) -> Failure | None:
    """Refuse features that are no numbers: every score made of them would be wrong or missing."""
    good = np.asarray(np.isfinite(features.values).all(axis=1))  # (n,)
    if features.logits is not None:
        good &= np.isfinite(features.logits).all(axis=1)
    bad = ~good
    if not bad.any():
        return None
    first = dataset.paths[int(bad.argmax())]
    return Failure(
        model.id,
        "",
        f"{model.title} gave values that are not numbers for {bad.sum():,} of {len(bad):,} pictures"
        f" (first: {first}). Its weights may be damaged, or it does not work in this precision. It"
        " is left out.",
    )


def failure(model: SourceModel, error: Exception) -> Failure:
    """Say why a model could not be run; whatever third-party code raised becomes a value."""
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, SrcselError):
        return Failure(model.id, "", str(error), trace)
    reason = (
        f"{model.title} could not be run ({type(error).__name__}: {error}). It is left out; the"
        " others go on."
    )
    return Failure(model.id, "", reason, trace)


def too_large(model: SourceModel) -> Failure:
    """Say that memory was short wherever a model ran."""
    return Failure(
        model.id,
        "",
        f"Not enough memory for {model.title}, also with one picture at a time. It is skipped;"
        " the others go on. Close other programs, or choose a smaller model.",
    )
