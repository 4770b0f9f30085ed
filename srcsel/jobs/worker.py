"""The process that works: `python -m srcsel.jobs.worker FOLDER LANE`, started by the board.

It takes its lane's lock, or ends where another worker has it; claims one job at a time, lingers for
a while so that the next job finds the imports done, and outlives the server. However it ends, the
system frees the lock.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from srcsel.base import access, log, quotas
from srcsel.base.errors import Cancelled, SrcselError, StoreError
from srcsel.base.records import JobState
from srcsel.base.scarce import is_out_of_memory
from srcsel.base.settings import load_settings
from srcsel.jobs.base import BROKEN, Table, lane_lock, whose
from srcsel.jobs.board import Board
from srcsel.jobs.board_watch import BoardWatch
from srcsel.jobs.halting import halting
from srcsel.jobs.kinds import KINDS
from srcsel.jobs.looks import forget_glimpses
from srcsel.jobs.starting import log_path
from srcsel.jobs.turns import next_turn, queue_of
from srcsel.store import cache, files
from srcsel.store.serialize import to_plain

LINGER_SECONDS = float(os.environ.get("SRCSEL_WORKER_LINGER", "60"))
"""How long an idle worker waits for the next job before it ends."""
POLL_SECONDS = 0.25
LOCK_SECONDS = 5.0
"""How long a new worker waits for its lane's lock: a board that looks at it has it for a moment."""
NICENESS = 10
SHORT = "There was not enough memory. Close other programs; press Continue."
MAKES_MOST = "compute"  # the lane whose jobs fill the disk; space is made after them
AHEAD = {
    # first what scoring stored features needs too, then what the bundled models do
    "compute": (
        "srcsel.runs.run",
        "scipy.optimize",
        "imagehash",
        "torch",
        "timm",
        "sklearn.linear_model",
        "umap",
    ),
    "draw": ("umap",),
    "search": ("sklearn.linear_model", "imagehash"),
    "learn": ("sklearn.linear_model",),
}
"""What the jobs of a lane import; slow enough to be worth doing while nothing waits."""


def main(folder: Path, lane: str) -> None:
    """Work until nothing came for LINGER_SECONDS, or the work folder is gone."""
    from filelock import Timeout

    if not folder.is_dir():
        return
    lock = lane_lock(folder, lane, LOCK_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        return
    if sys.platform != "win32":  # there the board says so when it starts the process
        os.nice(NICENESS)
    signal.signal(signal.SIGTERM, _leave)
    _log_to(lane)
    table = Table(folder)
    files.sweep(folder.parent)
    if lane == MAKES_MOST:
        forget_glimpses(folder)  # of a worker that was killed
    ahead, tidy = list(AHEAD.get(lane, ())), True
    last = time.monotonic()
    while _wanted(folder) and time.monotonic() - last < LINGER_SECONDS:
        if (row := _next(table, lane)) is not None:
            _work(table, row)
            last, tidy = time.monotonic(), lane != MAKES_MOST
        elif not tidy:
            cache.tidy(load_settings())
            tidy = True
        elif ahead:
            _import_ahead(ahead.pop(0))  # one at a time: a job that comes meanwhile waits for one
            last = time.monotonic()  # a slow computer would leave before it is ready
        else:
            time.sleep(POLL_SECONDS)
    lock.release()
    if _wanted(folder):
        Board(folder).wake()  # a job that was queued while we held the lock but no longer looked


def _wanted(folder: Path) -> bool:
    """Tell whether there is a board, and its server lets open what we would; else we leave."""
    return folder.is_dir() and not access.outdated(folder)


def _next(table: Table, lane: str) -> sqlite3.Row | None:
    """Take the next job; None too where the table cannot be used for now."""
    try:
        return _claim(table, lane)
    except StoreError as error:
        os.write(2, f"{error}\n".encode())
        return None


def _log_to(lane: str) -> None:
    try:
        log.begin(load_settings().log, f"worker-{lane}")
    except SrcselError as error:
        os.write(2, f"{error}\n".encode())


def _claim(table: Table, lane: str) -> sqlite3.Row | None:
    """Take the job of the lane whose turn it is, atomically, or None."""
    with table.open(write=True) as db:
        queue = queue_of(db, lane)
        if not queue.waiting:
            return None
        job = queue.waiting[0].id
        turn = 0 if job in queue.followers else next_turn(db, lane)
        return db.execute(
            "update jobs set state='running', started=?, what='Starting', done=0, error='',"
            " parts='[]', turn=max(turn, ?), seconds_left=null, seconds_least=null, told=?,"
            " why='' where id=? returning *",
            (time.time(), turn, time.time(), job),
        ).fetchone()


def _work(table: Table, row: sqlite3.Row) -> None:
    """Do one job; whatever happens becomes its state and a sentence, the trace goes to its log."""
    payload = _payload(row)
    about = whose(row["id"], row["kind"], payload, row["person"])
    log.event("job started", **about)
    began = time.monotonic()
    watch = BoardWatch(table, row["id"], about)
    with _output_to(log_path(table.folder, row["id"])):
        try:
            with quotas.on_behalf_of(row["person"]), halting(table, row["id"]):
                result = KINDS[row["kind"]](payload, watch)
        except Cancelled as error:
            _finish(table, row["id"], "cancelled", str(error))
        except SrcselError as error:
            _write_trace()
            _finish(table, row["id"], "failed", str(error))
        except SystemExit:
            _finish(
                table,
                row["id"],
                "failed",
                "The worker was ended from outside. Press Continue to go on.",
            )
            raise
        except Exception as error:  # noqa: BLE001 (the board must learn of everything that can go wrong)
            _write_trace()
            broken = f"{BROKEN} ({type(error).__name__}: {error}). What was finished is kept."
            reason = SHORT if is_out_of_memory(error) else broken
            _finish(table, row["id"], "failed", reason)
        else:
            _finish(table, row["id"], "done", "", result)
    forget_glimpses(table.folder, row["id"])
    _tell_log(table, row["id"], about, time.monotonic() - began)


def _payload(row: sqlite3.Row) -> dict[str, Any]:
    """Read what is asked; nothing where the row was damaged a moment ago."""
    with contextlib.suppress(ValueError, TypeError):
        asked = json.loads(row["payload"])
        return asked if isinstance(asked, dict) else {}
    return {}


def _tell_log(table: Table, job: str, about: dict[str, str], seconds: float) -> None:
    """Write how a job ended; the sentence of one that failed may name a file."""
    with contextlib.suppress(StoreError), table.open() as db:
        row = db.execute("select state, error from jobs where id=?", (job,)).fetchone()
        state, error = (row["state"], row["error"]) if row else ("gone", "")
        more = {"error": error} if state == "failed" else {}
        level = "error" if state == "failed" else "info"
        log.event(f"job {state}", level, **about, seconds=round(seconds, 2), **more)


def _write_trace() -> None:
    os.write(2, traceback.format_exc().encode())  # where `_output_to` sends it


def _finish(
    table: Table, job: str, state: JobState, error: str, result: dict[str, Any] | None = None
) -> None:
    with table.open(write=True) as db:
        db.execute(
            "update jobs set state=?, error=?, ended=?, seconds_left=null, result=?, "
            "done=case ? when 'done' then total else done end where id=?",
            (
                state,
                error,
                time.time(),
                json.dumps(to_plain(result)) if result else None,
                state,
                job,
            ),
        )


@contextlib.contextmanager
def _output_to(path: Path) -> Any:
    """Send everything this process prints, native libraries included, to the job's log."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    before = os.dup(1), os.dup(2)
    with path.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for old, number in zip(before, (1, 2), strict=True):
            os.dup2(old, number)
            os.close(old)


def _import_ahead(name: str) -> None:
    """Import what a lane's jobs need while nothing waits; what is missing will be said by the job
    itself.
    """
    import importlib

    with contextlib.suppress(ImportError):
        importlib.import_module(name)


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
