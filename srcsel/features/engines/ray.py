"""Ray: the same extraction on a cluster, as a Ray Data pipeline, or on a Ray started here.

Scheduling, queues and retries are Ray's own; a worker or computer that is lost is replaced by it.
What lies here is what is asked of it.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from srcsel.base.errors import InputError, QuotaError
from srcsel.base.records import Failure, Features
from srcsel.features.engines._base import Rows, Work, failure
from srcsel.features.engines._ray_driver import TOGETHER, Order
from srcsel.features.engines._ray_driver import Rows as Came
from srcsel.features.engines._ray_process import Driver, require_answer
from srcsel.features.engines._ray_stages import Asked
from srcsel.features.loading import Task, task_for

NOT_INSTALLED = (
    'Ray is not installed here. Install it with pip install "srcsel[ray]", or let this computer do'
    " the work."
)
CLIENT = (
    "{} is an address of Ray's client, which Ray Data does not support. Make this computer a part"
    " of the cluster with ray start --address=HOST:6379, and give that HOST:6379."
)
NO_ADDRESS = (
    "{} is no address of a Ray: that is HOST:PORT, such as 10.0.0.5:6379. Leave it away, and a Ray"
    " is started on this computer."
)
_ADDRESS = re.compile(r"(\[[\w.:%]+\]|[\w.-]+):\d{1,5}")
NO_CARD = "The Ray {} has no graphics card that srcsel can use as '{}'. Choose auto or cpu."
RAN = "Computed on Ray {}: {} of {}. The seconds a picture takes are those of its workers."


class Ray:
    """The engine that leaves the work to Ray."""

    def __init__(self, address: str = "") -> None:
        """`address`: HOST:PORT of a head; "" = a Ray is started here, and ended with us."""
        self._address = address
        self._driver: Driver | None = None
        self._offer: dict[str, Any] = {}

    @property
    def where(self) -> str:
        """Name it in a sentence."""
        return f"at {self._address}" if self._address else "on this computer"

    def require(self) -> None:
        """Join the Ray of an address; one that is started here waits until there is work.

        Raises InputError where that cannot be, with what to do.
        """
        if importlib.util.find_spec("ray") is None:
            raise InputError(NOT_INSTALLED)
        if self._address.startswith("ray://"):
            raise InputError(CLIENT.format(self._address))
        if self._address and not _ADDRESS.fullmatch(self._address):
            raise InputError(NO_ADDRESS.format(self._address))
        if self._address:
            self._joined()

    def _joined(self) -> Driver:
        """Join it if that was not done. Raises InputError."""
        if self._driver is not None:
            return self._driver
        if self._address:
            require_answer(self._address)
        driver = Driver()
        try:
            self._offer = driver.join(self._address)
        except BaseException:
            driver.end()
            raise
        self._driver = driver
        return driver

    def close(self) -> None:
        """Leave it; what it still does for us ends."""
        if self._driver is not None:
            self._driver.end()
            self._driver = None

    def run(self, work: Work) -> Iterator[Features | Failure]:
        """Yield the features, or the failure, of every task, some models behind one decode."""
        for task in work.tasks:
            work.watch.update(task.model.id, "waiting")
        self._joined()
        device = self._device(work.device)
        said = self._offer
        work.say(
            RAN.format(
                self.where,
                _count(said["cards"], "graphics card")
                if device == "cuda"
                else _count(said["cores"], "core"),
                _count(said["computers"], "computer"),
            )
        )
        todo = sorted(
            work.tasks, key=lambda task: len(task.rows)
        )  # stopped at like places together
        while todo:
            group, todo = todo[:TOGETHER], todo[TOGETHER:]
            wrong = {task.key: _no_room(work, task) for task in group}
            yield from filter(None, wrong.values())
            group = [task for task in group if wrong[task.key] is None]
            if not group:
                continue
            work.watch.know(abreast=len(group))
            again: list[Task] = []
            try:
                yield from self._group(work, group, device, again)
            except BaseException:
                self.close()  # what it still does for this group is for nobody
                raise
            todo += again

    def _device(self, device: str) -> str:
        """Return what its actors are to run on, "cpu" or "cuda". Raises InputError."""
        kind = device.split(":")[0]
        cards = self._offer["cards"]
        if kind == "auto":
            return "cuda" if cards else "cpu"
        if kind == "cpu" or (kind == "cuda" and cards):
            return kind
        raise InputError(NO_CARD.format(self.where, device))

    def _group(
        self, work: Work, group: Sequence[Task], device: str, again: list[Task]
    ) -> Iterator[Features | Failure]:
        """Have some models see the pictures behind one decode; those whose weights turned out to
        be others go to `again`.
        """
        driver = self._joined()
        turns = [_Turn(work, task) for task in group]
        missing = [task.rows for task in group]
        every = np.unique(np.concatenate(missing))  # (m,)
        cores = max(1, (self._offer["cores"] - 1) // len(group))
        asked = [
            Asked(
                *(task.model, task.preprocessing, task.key, len(rows)),
                rows=None if len(rows) == len(every) else rows,
                device=device,
                cores=cores,
            )
            for task, rows in zip(group, missing, strict=True)
        ]
        for turn in turns:
            turn.tell()
        try:
            for came in driver.stream(
                Order(work.dataset, every, asked), self._address, self.where, turns[0].tell
            ):
                turns[came.number].add(came)
        finally:
            for turn in turns:
                turn.rows.flush()
        for turn in turns:
            if turn.renamed is not None:
                again.append(turn.renamed)
            else:
                yield turn.outcome()


class _Turn:
    """What comes of one model."""

    def __init__(self, work: Work, task: Task) -> None:
        self._work, self._task = work, task
        self.rows = Rows(task, work)
        self.failed: Failure | None = None
        self.renamed: Task | None = None

    def tell(self) -> None:
        """Say how far it is. Raises Cancelled."""
        if self.failed is None:
            self.rows.tell()

    def add(self, came: Came) -> None:
        """Take rows in, or why there are none."""
        for note in came.told.notes:
            self._work.say(note)
        if self.failed is not None or self.renamed is not None:
            return
        if came.told.reason:
            model = self._task.model
            self.failed = Failure(model.id, "", came.told.reason, came.told.detail)
            self._work.watch.update(model.id, "failed", note=came.told.reason)
            return
        self._named(came.told.revision)
        if self.renamed is None:
            self.rows.add(came.values, came.logits, came.told.seconds)
            self.rows.tell()

    def outcome(self) -> Features | Failure:
        """Return its features, stored, or its failure."""
        return self.failed or self.rows.outcome()

    def _named(self, revision: str) -> None:
        """Name the features by the weights that were loaded; before a download that was not
        known.
        """
        key, task = replace(self._task.key, revision=revision), self._task
        if key == task.key:
            return
        if task.kept:  # of other weights: all pictures are to be seen
            named = task.model, task.preprocessing, key, task.pictures, self._work.store
            self.renamed = task_for(*named)
            return
        self._task = replace(task, key=key)
        self.rows = Rows(self._task, self._work)


def _no_room(work: Work, task: Task) -> Failure | None:
    """Say that features would take more room than a person may have, before any are made."""
    try:
        Rows(task, work).require_room(task.model.dim or 1)
    except QuotaError as error:
        return failure(task.model, error)
    return None


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")
