"""Networks made ready to run: downloaded, loaded and converted while the one before still runs."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srcsel.base.errors import ModelError
from srcsel.base.records import FeatureKey, SourceModel
from srcsel.base.watch import Until, Watch
from srcsel.features.backends import Runner, Wish, prepare, recall
from srcsel.features.decode import Arriving
from srcsel.models.called import called
from srcsel.models.hubs import Preprocessing, fetch, hub_of
from srcsel.store.features import FeatureStore
from srcsel.store.shards import distinct

AHEAD = 150_000_000
"""Weights up to which a network is made ready while another one runs: both are in memory then."""
SMALL = 5e6
"""Weights up to which a finished model may wait for Python's own collector: forcing one takes 0.2 s
each time.
"""


@dataclass(frozen=True, eq=False)
class Task:
    """One model to be run over some pictures of a set: those that it has not seen anywhere."""

    model: SourceModel
    preprocessing: Preprocessing
    key: FeatureKey
    pictures: np.ndarray  # (n, 32) uint8, what each of the set is called by its bytes
    rows: np.ndarray  # (m,) of the set, rising: which are to be run; of equal ones the first
    kept: int  # pictures whose features were there

    def as_stored(self, store: FeatureStore, key: FeatureKey | None = None) -> Task:
        """Return what is to be run by now; key: of other weights.

        Raises ModelError for pictures that were not to be run before: nobody decodes them.
        """
        task = task_for(self.model, self.preprocessing, key or self.key, self.pictures, store)
        if not np.isin(task.rows, self.rows).all():
            raise ModelError(
                f"The weights of {called(self.model)} were replaced meanwhile. Start again:"
                " what was finished is kept."
            )
        return task


def task_for(
    model: SourceModel,
    preprocessing: Preprocessing,
    key: FeatureKey,
    pictures: np.ndarray,
    store: FeatureStore,
) -> Task:
    """Ask `store` which of pictures (n, 32) uint8 are to be run."""
    missing = store.missing(key, pictures)
    rows = missing[distinct(pictures[missing])]
    return Task(model, preprocessing, key, pictures, rows, len(pictures) - len(missing))


Ready = tuple[Task, Callable[[], Runner]]
"""What is to be done, and what returns its network, to be called when nothing else runs."""


@dataclass(frozen=True)
class Loader:
    """Makes networks ready for pictures on their way."""

    pixels: Callable[[Task], Arriving]  # those that it is to run
    store: FeatureStore  # conversions are kept in a folder of their own below
    say: Callable[[str], None]

    def ready(self, task: Task, device: str, watch: Watch) -> Ready:
        """Load the network, or what an earlier run made of it, with what finds the backend that
        runs it fastest.

        The task comes back with the features named by the weights that are here now: before a
        download their revision was not known.
        """
        wish = Wish(task.model, task.key, self.store.folder, self.say)
        here = device == "cpu" and task.key.revision
        runner = recall(wish, len(task.rows)) if here else None
        if runner is not None:
            self.pixels(task).settle()
            return task, lambda: runner
        encoder = hub_of(task.model).load(task.model, device, watch)
        task = self._as_loaded(task)
        leave_a_core()
        pixels = self.pixels(task)
        if device == "cpu":
            pixels.settle()
        return task, prepare(replace(wish, key=task.key), encoder, pixels, device)

    def in_turn(
        self, tasks: Sequence[Task], device: str, watch: Watch
    ) -> Iterator[tuple[Task, Coming]]:
        """Yield every task with its network, which is being made ready since the one before began
        to run.

        Networks that are large, or of unknown size, are fetched then, and loaded when their turn
        comes. Leaving the iterator stops a download under way.
        """
        until = Until(watch)
        # two places earlier: what is finished when a network is made ready
        before = [None, None, *tasks]

        def begin(i: int) -> Coming:
            params = tasks[i].model.params
            if params is None or params > AHEAD:
                there = pool.submit(fetch, tasks[i].model, until)
                return Coming(lambda: self._alone(there, tasks[i], device, watch), there)
            future = pool.submit(self._beside, tasks[i], before[i], device, until)
            return Coming(future.result, future)

        with ThreadPoolExecutor(1) as pool:
            last = begin(0)
            try:
                for i, task in enumerate(tasks):
                    coming = last
                    if i + 1 < len(tasks):
                        last = begin(i + 1)
                    yield task, coming
            finally:
                until.over = True
                last.forget()
        free_after(*(task.model for task in tasks[-2:]))

    def _as_loaded(self, task: Task) -> Task:
        revision = hub_of(task.model).find(task.model.id.split("/", 1)[1]).revision
        if revision == task.key.revision:
            return task
        return task.as_stored(self.store, replace(task.key, revision=revision))

    def _beside(self, task: Task, finished: Task | None, device: str, watch: Watch) -> Ready:
        """Make a network ready beside the one that runs."""
        if finished is not None:
            free_after(finished.model)
        return self.ready(task, device, watch)

    def _alone(self, there: Future, task: Task, device: str, watch: Watch) -> Ready:
        """Make a network ready that wants the memory for itself, once its weights are there."""
        there.result()
        free_memory()
        return self.ready(task, device, watch)


class Coming:
    """A network that is on its way."""

    def __init__(self, take: Callable[[], Ready], future: Future | None = None) -> None:
        self._take: Callable[[], Ready] | None = take
        self._future = future

    def take(self) -> Ready:
        """Wait for it and hand it over, once: who holds it decides when its memory is given
        back.
        """
        assert self._take is not None
        take, self._take, self._future = self._take, None, None
        return take()

    def forget(self) -> None:
        """Do not begin what was not begun."""
        if self._future is not None:
            self._future.cancel()


def leave_a_core() -> None:
    """Keep torch off one core: the last model is scored meanwhile, and threads that wait for a core
    spin.

    Ten small models on two cores: 25 s with one thread, 104 s with two.
    """
    torch = _loaded_torch()
    if torch is not None:
        torch.set_num_threads(max(1, min(torch.get_num_threads(), (os.cpu_count() or 2) - 1)))


def free_after(*models: SourceModel) -> None:
    """Give the memory of finished models back, where it is worth the collector's time."""
    if any(model.params is None or model.params > SMALL for model in models):
        free_memory()


def free_memory() -> None:
    """Give the memory of networks that nobody uses any more back."""
    gc.collect()
    torch = _loaded_torch()
    if torch is not None and torch.cuda.is_available():
        with contextlib.suppress(RuntimeError):  # a card that failed
            torch.cuda.empty_cache()


def _loaded_torch() -> Any:
    """Return torch, None where nobody has loaded it; one that another thread is loading is waited
    for: half of it has no threads to set.
    """
    if "torch" not in sys.modules:
        return None
    import torch

    return torch
