"""What every engine offers, and what they share: rows as they come, failures as values.

An engine carries out what `extract` found to be missing. Another one is one new file beside this.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from srcsel.base.errors import SrcselError
from srcsel.base.quotas import whose
from srcsel.base.records import Dataset, Failure, Features, SourceModel
from srcsel.base.watch import Watch
from srcsel.features import timing
from srcsel.features.loading import Task
from srcsel.models.called import at_start, called
from srcsel.store import owned
from srcsel.store.features import FeatureStore
from srcsel.store.shards import MOST_BYTES

BYTES = 4  # of one number
PART_ROWS = 256
PART_SECONDS = 20.0
"""Half-done features are stored after so many rows or seconds, so a killed run loses no more than
that.
"""
WENT = (
    "Stored features of {} were removed while others were made. Start again: what is there is kept."
)


@dataclass(frozen=True)
class Work:
    """Features that are to be made."""

    dataset: Dataset
    tasks: Sequence[Task]
    store: FeatureStore
    device: str  # as a person gives it: "auto", "cpu", ...
    watch: Watch
    say: Callable[[str], None]
    keep: bool  # these are all pictures of the set, and it is noted where they lie
    # held where rows are stored and progress is told, since several cards do both
    alone: AbstractContextManager = field(default_factory=threading.RLock)


class Engine(Protocol):
    """What carries out an extraction."""

    def require(self) -> None:
        """Raise InputError with a sentence where it cannot be used, before anything is computed."""
        ...

    def close(self) -> None:
        """Leave what `require` joined; it may be joined again."""
        ...

    def run(self, work: Work) -> Iterator[Features | Failure]:
        """Yield the features, or the failure, of every task, in any order.

        Rows are stored in parts on the way, also when stopped; progress goes to the watch by model.
        Raises Cancelled, StoreError, and InputError for a picture that went bad meanwhile.
        """
        ...


class Rows:
    """Collects the rows of one task, stores them by picture on the way, and measures the network's
    speed. Rows that are no numbers are counted and not kept: every score made of them would be
    wrong.
    """

    def __init__(self, task: Task, work: Work) -> None:
        """Go on after what `task` says is there already."""
        self._task = task
        self._work = work
        self._came = 0  # rows of the task, in order
        self._fresh: list[tuple[np.ndarray, np.ndarray, np.ndarray | None]] = []
        self._parts: list[str] = []  # shards so small that they are joined
        self._part_rows = 0  # pictures in them
        self._part_bytes = 0
        self._kept_at = time.monotonic()
        self._bad: list[int] = []  # rows of the set
        self.batches: list[timing.Batch] = []
        self._last = time.perf_counter()

    @property
    def done(self) -> int:
        """Pictures of the set that have features, or were found to have none."""
        return len(self._task.pictures) - len(self._task.rows) + self._came

    def tell(self) -> None:
        """Say how far it is, and how much was there before. Raises Cancelled."""
        total, kept = len(self._task.pictures), self._task.kept
        note = f"Running, {self.done:,} of {total:,}; {kept:,} kept from before" if kept else ""
        self._work.watch.update(self._task.model.id, "running", self.done, total, note)

    def require_room(self, width: int) -> None:
        """Raise QuotaError where all rows that are not stored yet, of so many numbers, would be
        more than the person may have, or all.
        """
        left = len(self._task.rows) - self._came + sum(len(rows) for rows, *_ in self._fresh)
        owned.require_room(self._work.store.folder, whose(), BYTES * left * width)

    def add(
        self, values: np.ndarray, logits: np.ndarray | None, seconds: float | None = None
    ) -> None:
        """Take in one batch: the next of the task's rows; seconds: of the network, None = since the
        batch before.
        """
        now = time.perf_counter()
        self.batches.append((now - self._last if seconds is None else seconds, len(values)))
        self._last = now
        rows = self._task.rows[self._came : self._came + len(values)]
        self._came += len(values)
        self._work.watch.made(self._task.model.id, rows, values)
        good = np.asarray(np.isfinite(values).all(axis=1))  # (b,)
        if logits is not None:
            good &= np.isfinite(logits).all(axis=1)
        self._bad += rows[~good].tolist()
        if good.any():
            self._fresh.append((rows[good], values[good], None if logits is None else logits[good]))
        waiting = sum(len(rows) for rows, *_ in self._fresh)
        if waiting >= PART_ROWS or time.monotonic() - self._kept_at >= PART_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Store what was added since the last part. Raises StoreError, QuotaError."""
        self._store(None)
        if self._part_bytes >= MOST_BYTES:
            self._join()

    def outcome(self) -> Features | Failure:
        """Return the features of all pictures of the set, stored; or why there are none.

        Raises StoreError, QuotaError.
        """
        if self._parts:
            self._store(None)
            self._join()
        else:
            self._store(timing.seconds_per_picture(self.batches))
        task, work = self._task, self._work
        if self._bad:
            return self._refused()
        found = work.store.gather(task.key, task.pictures, listed=work.keep)
        return found or Failure(task.model.id, "", WENT.format(task.model.title))

    def _store(self, seconds: tuple[float, float] | None) -> None:
        """Store what waits; seconds: as timed over it."""
        self._kept_at = time.monotonic()
        if not self._fresh:
            return
        width = sum(part.shape[1] for part in self._fresh[0][1:] if part is not None)
        self.require_room(width)
        rows, values, logits = zip(*self._fresh, strict=True)
        names, self._fresh = self._task.pictures[np.concatenate(rows)], []
        heads = None if logits[0] is None else np.concatenate(logits)
        made = np.concatenate(values)
        self._parts += self._work.store.put_part(self._task.key, names, made, heads, seconds)
        self._part_rows += len(names)
        self._part_bytes += made.nbytes + (0 if heads is None else heads.nbytes)

    def _join(self) -> None:
        """Put small parts together, with the time measured so far."""
        seconds = timing.seconds_per_picture(self.batches)
        self._work.store.join(self._task.key, self._parts, self._part_rows, seconds)
        self._parts, self._part_rows, self._part_bytes = [], 0, 0

    def _refused(self) -> Failure:
        model, bad = self._task.model, len(self._bad)
        first = self._work.dataset.paths[min(self._bad)]
        return Failure(
            model.id,
            "",
            f"{at_start(called(model))} gave values that are not numbers for {bad:,} of"
            f" {len(self._task.pictures):,} pictures (first: {first}). Its weights may be damaged,"
            " or it does not work in this precision. It is left out.",
        )


def failure(model: SourceModel, error: Exception) -> Failure:
    """Say why a model could not be run; whatever third-party code raised becomes a value."""
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, SrcselError):
        return Failure(model.id, "", str(error), trace)
    reason = (
        f"{at_start(called(model))} could not be run ({type(error).__name__}: {error}). It is left"
        " out; the others go on."
    )
    return Failure(model.id, "", reason, trace)


def too_large(model: SourceModel) -> Failure:
    """Say that memory was short wherever a model ran."""
    return Failure(
        model.id,
        "",
        f"Not enough memory for {called(model)}, also with one picture at a time. It is skipped;"
        " the others go on. Close other programs, or choose a smaller model.",
    )
