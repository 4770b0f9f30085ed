"""Stopping at once: work that does not come to a stop by itself, since a large network or a library
is busy, is ended with its worker.

What is finished is kept as after a kill: files are whole or absent, and half-done features were
stored on the way.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator

from srcsel.base.errors import Cancelled, StoreError
from srcsel.jobs.base import Table

LOOK_SECONDS = 0.25
"""How often the wish to stop is looked for."""
PATIENCE = 1.25
"""Seconds that work has to stop by itself, which also stores the pictures since the last part."""


@contextlib.contextmanager
def halting(
    table: Table,
    job: str,
    *,
    asked: threading.Event | None = None,
    said: str = "",
    leave: Callable[[], object] = lambda: os._exit(0),
) -> Iterator[None]:
    """End this process where the person stops `job` and the work inside goes on; the job is then a
    stopped one.

    asked: set where this process itself is asked to stop; said: of the job, in a sentence; leave:
    what ends the process.
    """
    over, asked = threading.Event(), asked or threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            if asked.is_set() or _is_to_stop(table, job):
                if not over.wait(PATIENCE) and (_stopped(table, job, said) or asked.is_set()):
                    leave()
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _is_to_stop(table: Table, job: str) -> bool:
    with contextlib.suppress(StoreError), table.open() as db:
        row = db.execute("select cancel from jobs where id=?", (job,)).fetchone()
        return row is not None and bool(row["cancel"])
    return False


def _stopped(table: Table, job: str, said: str) -> bool:
    """Say in the table that the job is stopped; False where that cannot be said, or it just
    ended.
    """
    with contextlib.suppress(StoreError), table.open(write=True) as db:
        done = db.execute(
            "update jobs set state='cancelled', error=?, ended=?, seconds_left=null where id=?"
            " and state='running'",
            (said or str(Cancelled()), time.time(), job),
        )
        return done.rowcount == 1
    return False
