"""Pictures that do not fit onto the disk when they are decoded: some of them at a time, for all
models.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from srcsel.base.records import Failure, FeatureKey, Features
from srcsel.base.watch import PartState, Through, Watch
from srcsel.features.engines._base import WENT, Work
from srcsel.features.loading import Task, task_for

DISK_BYTES = 20_000_000_000
"""Of the decoded pictures of a block. Each network is loaded once a block, which takes seconds."""

Run = Callable[[Work], Iterator[Features | Failure]]


def in_blocks(work: Work, run: Run) -> Iterator[Features | Failure]:
    """Have `run` carry out `work`, some pictures after the other where all are too many at once.

    Then models are finished together, after the last block: what each block makes is stored, and
    a stopped run goes on from there. Raises as `run`.
    """
    sizes = {task.preprocessing.pixel_key: task.preprocessing.size for task in work.tasks}
    each = sum(3 * math.prod(size) for size in sizes.values())  # bytes of a picture
    total, size = len(work.dataset.paths), max(1, DISK_BYTES // each)
    if total <= size:
        yield from run(work)
        return
    left = {task.model.id: task for task in work.tasks}
    keys: dict[str, FeatureKey] = {name: task.key for name, task in left.items()}
    for start in range(0, total, size):
        for outcome in run(_block(work, list(left.values()), start, min(start + size, total))):
            if isinstance(outcome, Failure):
                del left[outcome.model]
                yield outcome
            else:  # by now it is known which weights were loaded
                keys[outcome.key.model] = outcome.key
    for name, task in left.items():
        found = work.store.gather(keys[name], task.pictures, listed=work.keep)
        yield found or Failure(name, "", WENT.format(task.model.title))


def _block(work: Work, tasks: list[Task], start: int, stop: int) -> Work:
    """Return the work on some consecutive pictures; models that know them all have none."""
    rows = np.arange(start, stop)
    some = [
        task_for(t.model, t.preprocessing, t.key, t.pictures[start:stop], work.store) for t in tasks
    ]
    return replace(
        work,
        dataset=work.dataset.take(rows, work.dataset.digest),
        tasks=[task for task in some if len(task.rows)],
        watch=_Among(work.watch, start, len(work.dataset.paths)),
        keep=False,
    )


class _Among(Through):
    """Counts the pictures of a block among all."""

    def __init__(self, watch: Watch, before: int, total: int) -> None:
        super().__init__(watch)
        self._before, self._total = before, total

    def update(
        self, part: str, state: PartState, done: int = 0, total: int = 0, note: str = ""
    ) -> None:
        """Pass on how far it is."""
        if state in ("running", "reading"):
            self._watch.update(part, state, self._before + done, self._total)
        elif part == "pictures":
            at = self._before + done
            self._watch.update(part, state if at == self._total else "reading", at, self._total)
        else:
            self._watch.update(part, state, done, total, note)

    def made(self, model: str, rows: np.ndarray, values: np.ndarray) -> None:
        """Keep it: models take turns with blocks, and of so many pictures a glimpse, which holds
        all that a model has made, would fill the memory.
        """
