"""The board: what pages call.

It queues, tells, stops and continues jobs, and starts workers; it never computes.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from srcsel.base import access, log
from srcsel.base.errors import Cancelled, StoreError, UnknownNameError
from srcsel.base.records import Glimpse, JobStatus
from srcsel.jobs import limits, starting, turns
from srcsel.jobs.base import (
    LANES,
    SHELL,
    Table,
    again,
    question_of,
    to_status,
    whose,
)
from srcsel.jobs.looks import read_glimpse
from srcsel.jobs.turns import queue_of
from srcsel.store.serialize import to_plain

OTHERS = (
    "Another dashboard that was started later uses the work folder {} too, with other SRCSEL_ROOTS"
    " or SRCSEL_WEIGHTS, and its limits count, so nothing is started from here. Start this"
    " dashboard again with the same ones, or give it a work folder of its own (SRCSEL_HOME)."
)
"""Two servers with the same limits share one queue; of two that differ, the earlier is told."""


class Board:
    """The queue as the pages see it.

    Cheap to make; two of them, also in two processes, see the same jobs.
    """

    def __init__(self, folder: Path) -> None:
        """Use the job table, locks and logs in `folder` (Settings.jobs: the work folder's
        `jobs`).
        """
        self.folder = folder
        self.table = Table(folder)

    @again
    def submit(self, kind: str, payload: dict[str, Any], person: str = "") -> str:
        """Queue a job of `person` and start a worker if none runs.

        Returns its id: of a rank job, the id of its run.

        A question that this person has waiting or running already is not queued twice: its job's id
        comes back, so go on with the id returned, not with the one handed in. Another's is asked
        again, and follows (`srcsel.jobs.turns`). Kinds and payloads: rank {run}, check {ref}, map
        {run_id, model, method}, inside {run_id, model}, taken {run_id}, sheets {set}, suspects
        {run_id}, measures {run_id, measures?}, evidence {run_id, protocol}, settle {run_id,
        minutes}, try {run_id, token}, reach {}. Raises UnknownNameError for another kind,
        QuotaError where too much waits or is stored, StoreError where the disk refuses.
        """
        if kind not in LANES:
            raise UnknownNameError("kind of job", kind, LANES)
        if access.outdated(self.folder):
            raise StoreError(OTHERS.format(self.folder.parent))
        payload = to_plain(payload)
        job = str(payload["run"]["id"]) if kind == "rank" else f"{kind}-{secrets.token_hex(6)}"
        question = question_of(kind, payload)
        with self.table.open(write=True) as db:
            same = db.execute(
                "select id from jobs where state in ('queued','running') and (id=? or (question=?"
                " and cancel=0 and person=?))",
                (job, question, person),
            ).fetchone()
            if same:
                job = same["id"]
            else:
                limits.require(db, self.folder.parent, LANES[kind], person)
                db.execute(
                    "insert or replace into jobs (id, place, kind, lane, question, payload, state,"
                    " what, created, person) values (?, (select coalesce(max(place), 0) + 1 from"
                    " jobs), ?, ?, ?, ?, 'queued', 'Waiting', ?, ?)",
                    (job, kind, LANES[kind], question, json.dumps(payload), time.time(), person),
                )
        log.event("job joined" if same else "job queued", **whose(job, kind, payload, person))
        self.wake()
        return job

    def status(self, job: str) -> JobStatus:
        """Return what is known of one job, after a `wake` while it is active: safe to poll once a
        second.

        Raises UnknownNameError where there is none.
        """
        status = self._find(job)
        if status is not None and status.state in ("queued", "running"):
            self.wake()
            status = self._find(job)
        if status is None:
            raise UnknownNameError("job", job, [])
        return status

    def for_run(self, run_id: str) -> JobStatus | None:
        """Return the job that answers a run, as `status`, or None where it was never queued on this
        computer.
        """
        try:
            status = self.status(run_id)
        except UnknownNameError:
            return None
        return status if status.kind == "rank" else None

    @again
    def result(self, job: str) -> dict[str, Any] | None:
        """Return what a finished job handed back (see `srcsel.jobs.kinds`), or None."""
        with self.table.open() as db:
            row = db.execute("select result from jobs where id=?", (job,)).fetchone()
            return json.loads(row["result"]) if row and row["result"] else None

    def glimpse(self, job: str) -> Glimpse | None:
        """Return what is known of the model that a running job is at; None where nothing is."""
        return read_glimpse(self.folder, job)

    @again
    def active(self) -> list[JobStatus]:
        """Jobs that run or wait: the running first, then lane by lane in the order they will be
        taken.
        """
        with self.table.open() as db:
            shells = db.execute(
                "select lane from jobs where state='running' and lane like ? order by place",
                (f"{SHELL}%",),
            )
            lanes = dict.fromkeys([*LANES.values(), *(row["lane"] for row in shells)])
            queues = [queue_of(db, lane) for lane in lanes]
            running = [to_status(queue.running) for queue in queues if queue.running is not None]
            return running + [_placed(db, one.id) for queue in queues for one in queue.waiting]

    @again
    def recent(self, n: int = 20) -> list[JobStatus]:
        """Return the last `n` jobs, newest first."""
        with self.table.open() as db:
            rows = db.execute("select * from jobs order by place desc limit ?", (n,)).fetchall()
            return [to_status(row) for row in rows]

    @again
    def find(
        self, kind: str, payload: Mapping[str, Any], *, exact: bool = True
    ) -> JobStatus | None:
        """Return the newest job of a kind that asks `payload`, or None; not `exact`: and maybe
        more.
        """
        asked = to_plain(dict(payload))
        with self.table.open() as db:
            rows = db.execute("select * from jobs where kind=? order by place desc", (kind,))
            for row in rows:
                if exact and row["question"] == question_of(kind, asked):
                    return to_status(row)
                if not exact and asked.items() <= json.loads(row["payload"]).items():
                    return to_status(row)
        return None

    @again
    def cancel(self, job: str) -> None:
        """Stop a job: at once while it waits, after its current batch while it runs.

        Others are left alone.
        """
        with self.table.open(write=True) as db:
            db.execute(
                "update jobs set state='cancelled', error=?, ended=? where id=? and state='queued'",
                (str(Cancelled()), time.time(), job),
            )
            db.execute("update jobs set cancel=1 where id=? and state='running'", (job,))
        log.event("job to be stopped", job=job)

    @again
    def resume(self, job: str) -> str:
        """Queue a stopped or failed job again, at the end; stored work is reused. A worker goes on
        with one that a shell began.

        Returns its id.
        """
        with self.table.open(write=True) as db:
            db.execute(
                "update jobs set lane=? where id=? and lane like ? and state!='running'",
                (LANES["rank"], job, f"{SHELL}%"),
            )
            db.execute(
                "update jobs set state='queued', cancel=0, error='', what='Waiting', ended=null,"
                " seconds_left=null, seconds_least=null, place=(select max(place) + 1 from jobs)"
                " where id=? and state in ('cancelled','failed')",
                (job,),
            )
        log.event("job continued", job=job)
        self.wake()
        return job

    def log(self, job: str, characters: int = 6000) -> str:
        """Return the end of a job's log, for "Copy details"; "" where there is none."""
        path = starting.log_path(self.folder, self.status(job).id)
        return path.read_text(errors="replace")[-characters:] if path.exists() else ""

    @again
    def notices(self) -> list[str]:
        """Sentences to show: that the job table was damaged and moved aside."""
        return self.table.notices()

    @again
    def dismiss(self, notice: str) -> None:
        """Show a sentence of `notices` no more."""
        self.table.dismiss(notice)

    @again
    def wake(self) -> None:
        """See that waiting jobs have a worker and that lost ones are said.

        Cheap: call it on each poll.
        """
        with self.table.open() as db:
            rows = db.execute(
                "select distinct lane from jobs where state in ('queued','running')"
            ).fetchall()
        for row in rows:
            starting.tend(self.folder, self.table, row["lane"])

    def warm(self) -> None:
        """Start the worker for source models now, so that its imports are done when the run is
        started.
        """
        starting.tend(self.folder, self.table, "compute", start=True)

    @again
    def _find(self, job: str) -> JobStatus | None:
        with self.table.open() as db:
            known = db.execute("select 1 from jobs where id=?", (job,)).fetchone()
            return _placed(db, job) if known else None


def _placed(db: sqlite3.Connection, job: str) -> JobStatus:
    """Return a job with its place in the queue; one that follows another shows how far that is."""
    row = db.execute("select * from jobs where id=?", (job,)).fetchone()
    status = to_status(row)
    if status.state != "queued":
        return status
    queue = queue_of(db, row["lane"])
    placed = replace(status, ahead=queue.ahead(job), what=turns.words(queue, job))
    leader = queue.running
    if leader is None or leader["question"] != row["question"]:
        return placed
    seen = to_status(leader)
    return replace(
        placed,
        done=seen.done,
        total=seen.total,
        parts=seen.parts,
        seconds_left=seen.seconds_left,
        seconds_least=seen.seconds_least,
        told=seen.told,
        why=seen.why,
    )
