"""What a job says of itself, written into the job table; and whether it is to stop, read there."""

from __future__ import annotations

import contextlib
import json
import threading
import time

from srcsel.base import log, threads
from srcsel.base.errors import Cancelled, StoreError
from srcsel.base.records import Glimpse
from srcsel.base.watch import PartState, Watch
from srcsel.jobs.base import Table
from srcsel.jobs.left import in_words
from srcsel.jobs.looks import write_glimpse
from srcsel.jobs.pace import Pace
from srcsel.jobs.progress import Progress
from srcsel.store.serialize import to_plain

TELL_SECONDS = 0.2
"""Progress is written, and the wish to stop read, at most this often."""
STEPS = 1000
"""JobStatus.done counts thousandths of the whole job."""


class BoardWatch(Watch):
    """Writes progress into the job table and raises Cancelled where the person asked to stop."""

    looks = True

    def __init__(self, table: Table, job: str, about: dict[str, str] | None = None) -> None:
        self._table = table
        self._job = job
        self._about = about or {"job": job}  # for the log
        self._progress = Progress(threads.is_crowded)
        self._told = 0.0
        self._last: tuple[float | None, float | None, str] = None, None, ""
        self._lock = threading.Lock()

    @property
    def watch(self) -> Watch:
        """Give the watch to hand down."""
        return self

    def plan(
        self,
        weights: dict[str, float],
        titles: dict[str, str],
        pace: Pace | None = None,
        *,
        most: float | None = None,
    ) -> None:
        """Announce the parts, their relative cost and their names in words; `pace` says better how
        long they take, `most` after how many seconds they are ended.
        """
        end = None if most is None else time.monotonic() + most
        self._progress.plan(weights, titles, pace, end=end)

    def know(self, *, classes: int = 0, abreast: int = 0) -> None:
        """Take in what the time left depends on."""
        with self._lock:
            self._progress.know(classes=classes, abreast=abreast)

    def show(self, glimpse: Glimpse) -> None:
        """Write what is known of the model under way, for pages; who looks not, misses nothing."""
        with contextlib.suppress(StoreError):
            write_glimpse(self._table.folder, self._job, glimpse)

    def update(
        self, part: str, state: PartState, done: int = 0, total: int = 0, note: str = ""
    ) -> None:
        """Take in one message; write it if the last writing is long ago or a part changed its
        state.
        """
        with self._lock:  # one model is scored while the next one runs
            now = time.monotonic()
            changed = self._progress.update(part, state, done, total, note, now)
            if not changed and now - self._told < TELL_SECONDS:
                return
            self._told = now
            if changed and state == "failed":
                log.event("part failed", "warning", **self._about, part=part, reason=note)
            of = self._progress
            self._last = of.seconds_left, of.seconds_least, of.why
            if self._tell(of.words(of.leading)):
                raise Cancelled

    @property
    def crowded(self) -> bool:
        """Whether other programs computed for most of the time."""
        return self._progress.crowded

    def time_left(self) -> str:
        """Say the time left as pages do; "" where it is not known."""
        quiet = time.monotonic() - self._told
        return "" if self._last[0] is None else in_words(*self._last, quiet=quiet)

    def is_waited_for(self) -> bool:
        """Whether a job waits in the same lane; not so where the table cannot be read."""
        waits = (
            "select 1 from jobs one join jobs own on own.lane=one.lane"
            " where own.id=? and one.state='queued'"
        )
        with contextlib.suppress(StoreError), self._table.open() as db:
            return db.execute(waits, (self._job,)).fetchone() is not None
        return False

    def _tell(self, what: str) -> bool:
        """Write progress; returns whether the job is to stop.

        A table that fails must not stop the work.

        A table without the job must: the work folder was deleted or a damaged table replaced.
        Nobody sees this work any more, and whoever asks for it again would wait behind it.
        """
        parts = json.dumps(to_plain(list(self._progress.parts.values())))
        left, least, why = self._last
        values = (
            round(STEPS * self._progress.fraction),
            STEPS,
            what,
            parts,
            left,
            least,
            time.time(),
            why,
            self._job,
        )
        try:
            with self._table.open(write=True) as db:
                db.execute(
                    "update jobs set done=?, total=?, what=?, parts=?, seconds_left=?,"
                    " seconds_least=?, told=?, why=? where id=?",
                    values,
                )
                row = db.execute("select cancel from jobs where id=?", (self._job,)).fetchone()
        except StoreError:
            return False
        return row is None or bool(row["cancel"])
