"""Several graphics cards: each runs one model after the other, all at the same time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from srcsel.base.records import Failure, Features
from srcsel.base.watch import PartState, Until
from srcsel.features.engines._base import Work
from srcsel.features.loading import Task

Run = Callable[[Work, str], Iterator[Features | Failure]]
"""Carries out work on a device."""


def dealt(tasks: Sequence[Task], cards: Sequence[str]) -> dict[str, list[Task]]:
    """Give each task in its turn to the card that would be free first; cards without any are left
    out.

    A task costs its pictures times the model's multiply-adds; what is not known counts as one.
    """
    shares: dict[str, list[Task]] = {card: [] for card in cards}
    load = dict.fromkeys(cards, 0.0)
    for task in tasks:
        card = min(cards, key=load.__getitem__)
        shares[card].append(task)
        load[card] += len(task.rows) * (task.model.gmacs or 1.0)
    return {card: own for card, own in shares.items() if own}


def beside(work: Work, cards: Sequence[str], run: Run) -> Iterator[Features | Failure]:
    """Have `run` carry out `work` on several cards, a thread for each; yield what comes, as it
    comes.

    What one card raises ends the others at their next batch, and is raised here. Raises as `run`.
    """
    shares = dealt(work.tasks, cards)
    outcomes: queue.Queue[Features | Failure | BaseException | None] = queue.Queue()
    work.watch.know(abreast=len(shares))
    watches = [_Own(work, shown=number == 0) for number in range(len(shares))]

    def serve(card: str, watch: _Own) -> None:
        try:
            for outcome in run(replace(work, tasks=shares[card], watch=watch), card):
                outcomes.put(outcome)
            outcomes.put(None)
        except BaseException as error:  # noqa: BLE001 (raised again by whoever waits)
            outcomes.put(error)

    threads = [
        threading.Thread(target=serve, args=pair, daemon=True)
        for pair in zip(shares, watches, strict=True)
    ]
    for thread in threads:
        thread.start()
    try:
        left = len(threads)
        while left:
            outcome = outcomes.get()
            if isinstance(outcome, BaseException):
                raise outcome
            if outcome is None:
                left -= 1
            else:
                yield outcome
    finally:
        for watch in watches:
            watch.over = True
        for thread in threads:
            thread.join()


class _Own(Until):
    """What one card tells: one at a time, and until nobody waits for it any more. The pictures that
    models make under way are shown of the first card only, since one model is looked at.
    """

    def __init__(self, work: Work, *, shown: bool) -> None:
        super().__init__(work.watch)
        self._alone, self._shown = work.alone, shown

    def update(
        self, part: str, state: PartState, done: int = 0, total: int = 0, note: str = ""
    ) -> None:
        with self._alone:
            super().update(part, state, done, total, note)

    def made(self, model: str, rows: np.ndarray, values: np.ndarray) -> None:
        if self._shown:
            super().made(model, rows, values)
