"""On this computer: one decode for all models, one model after the other, the next one loading; on
each of several graphics cards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from srcsel.base.errors import Cancelled, StoreError
from srcsel.base.records import Failure, Features
from srcsel.base.scarce import is_lost, is_out_of_memory, require_addresses
from srcsel.features import timing
from srcsel.features.backends import Runner
from srcsel.features.decode import Arriving, decoding
from srcsel.features.devices import batch_size, cards_of, pick_device
from srcsel.features.engines._base import Rows, Work, failure, too_large
from srcsel.features.engines._blocks import in_blocks
from srcsel.features.engines._cards import beside
from srcsel.features.loading import Coming, Loader, Task, free_memory, leave_a_core
from srcsel.features.passing import Passing
from srcsel.models.called import at_start, called
from srcsel.models.hubs import Preprocessing

SEVERAL = "{} graphics cards ran the models, one model on each at a time."


class Local:
    """The engine that needs nothing else."""

    def require(self) -> None:
        """Do nothing: this computer is there."""

    def close(self) -> None:
        """Do nothing."""

    def run(self, work: Work) -> Iterator[Features | Failure]:
        """Yield the features, or the failure, of every task, as they are finished."""
        yield from in_blocks(work, self._run)

    def _run(self, work: Work) -> Iterator[Features | Failure]:
        require_addresses()
        device = pick_device(work.device)
        wanted: dict[Preprocessing, np.ndarray] = {}
        for task in work.tasks:
            known = wanted.get(task.preprocessing, task.rows)
            wanted[task.preprocessing] = np.union1d(known, task.rows)
        with decoding(work.dataset, wanted, work.store.folder, work.watch) as pixels:

            def own(task: Task) -> Arriving:
                return pixels.of(task.preprocessing.pixel_key, task.rows)

            def run(work: Work, device: str) -> Iterator[Features | Failure]:
                loader = Loader(own, work.store, work.say)
                for task, coming in loader.in_turn(work.tasks, device, work.watch):
                    outcome = _Turn(task, coming, loader, work).outcome(device)
                    if isinstance(outcome, Failure):
                        pixels.check()  # a picture that went bad is no fault of the model
                    yield outcome

            cards = cards_of(device)[: len(work.tasks)]
            if len(cards) < 2:
                yield from run(work, device)
                return
            work.say(SEVERAL.format(len(cards)))
            yield from beside(work, cards, run)


@dataclass(eq=False)
class _Turn:
    """One model's turn."""

    task: Task
    coming: Coming
    loader: Loader
    work: Work

    def outcome(self, device: str) -> Features | Failure:
        """Run the model on its device, and on the processor if the device has too little memory for
        it.
        """
        model = self.task.model
        for place in dict.fromkeys((device, "cpu")):
            try:
                return self._run(place, first=place == device)
            except (Cancelled, StoreError):
                raise
            except Exception as error:  # noqa: BLE001 (third-party model code; the reason reaches the page)
                lost = place != "cpu" and is_lost(error)
                if not lost and not is_out_of_memory(error):
                    return failure(model, error)
                if lost:
                    self.loader.say(
                        f"The graphics card failed while {called(model)} ran, so it ran on the"
                        f" processor ({type(error).__name__}: {str(error).splitlines()[0]:.200})."
                    )
                elif place != "cpu":
                    self.loader.say(
                        f"{at_start(called(model))} does not fit into the memory of {place}; it ran"
                        " on the processor."
                    )
            free_memory()
            with self.work.alone:
                self.task = self.task.as_stored(self.work.store)
        return too_large(model)

    def _run(self, device: str, *, first: bool) -> Features | Failure:
        """Put all remaining rows through the network in batches, storing parts on the way and when
        stopped.
        """
        model, watch, size = self.task.model, self.work.watch, batch_size(device)
        before = Rows(self.task, self.work)
        with self.work.alone:
            before.require_room(model.dim or 1)  # before it is loaded
            before.tell()
        task, runner = self._ready(device, first=first)
        pixels, rows = self.loader.pixels(task), Rows(task, self.work)
        rows.tell()
        passing = Passing(model, runner, device, size, self.loader.say, watch)
        try:
            for values, logits in passing.over(len(task.rows), pixels.rest):
                with self.work.alone:
                    rows.add(values, logits)
                    rows.tell()
        except BaseException:
            with self.work.alone:
                rows.flush()
            raise
        if timing.was_busy(rows.batches):
            rows.batches += self._time_again(passing.runner, pixels[: passing.size], passing.size)
        with self.work.alone:
            return rows.outcome()

    def _time_again(self, runner: Runner, pictures: np.ndarray, size: int) -> list[timing.Batch]:
        """Put a batch of pictures (b, 3, h, w) through the network again and again, for its time
        alone.
        """
        many = np.broadcast_to(pictures, (timing.AGAIN, *pictures.shape))
        many = many.reshape(-1, *pictures.shape[1:])
        try:
            return timing.timed(runner.run(many, size), lambda output: len(output[0]))
        except (RuntimeError, MemoryError):
            return []  # the features are there; the time is the one that was taken

    def _ready(self, device: str, *, first: bool) -> tuple[Task, Runner]:
        """Take the network that is on its way, or load it here and now."""
        ready = None
        try:
            ready = self.coming.take() if first else None
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            free_memory()  # the model before needed its memory meanwhile
        task, network = ready or self.loader.ready(self.task, device, self.work.watch)
        leave_a_core()  # each thread has its own number of threads, and it was loaded on another
        return task, network()
