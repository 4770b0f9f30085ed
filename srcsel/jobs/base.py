"""The job table: one SQLite file in WAL mode, the queue and the only truth about jobs."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srcsel.base.errors import StoreError
from srcsel.base.records import JobStatus, Part
from srcsel.store.serialize import from_plain, to_plain

if TYPE_CHECKING:
    from filelock import BaseFileLock

LANES = {
    "rank": "compute",
    "measures": "compute",
    "evidence": "compute",
    "check": "quick",
    "report": "quick",
    "map": "draw",
    "inside": "look",
    "suspects": "search",
}
"""Which queue a kind waits in. One job at a time runs in each: source models in "compute" (so one
at a time on the device), short page jobs in "quick", so that a folder check need not wait for a
long run. What a page waits for and may take minutes with many pictures has a lane of its own, so
that no part of a page waits for another part.
"""

BUSY_SECONDS = 15.0
"""How long a write waits for another process's write before it gives up."""

_SCHEMA = """
create table if not exists jobs (
    id text primary key, place integer not null, kind text not null, lane text not null,
    question text not null, payload text not null,
    state text not null, cancel integer not null default 0,
    done integer not null default 0, total integer not null default 0,
    what text not null default '', error text not null default '',
    parts text not null default '[]', result text,
    seconds_left real, created real not null, started real, ended real
);
create index if not exists jobs_by_state on jobs (state, lane, place);
create table if not exists notices (text text not null);
"""


class Table:
    """Opens the job table, once for every use: connections are cheap and never shared between
    threads.
    """

    def __init__(self, folder: Path) -> None:
        """Keep the table in `folder`/board.sqlite; it is made on first use."""
        self.folder = folder
        self.path = folder / "board.sqlite"

    @contextlib.contextmanager
    def open(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        """Yield a connection inside one transaction.

        A damaged file is moved aside and a new one begun.

        Raises StoreError where the disk refuses, or where the table was damaged just now.
        """
        try:
            with contextlib.closing(self._connect()) as connection:
                connection.execute("begin immediate" if write else "begin")
                try:
                    yield connection
                except BaseException:
                    connection.rollback()
                    raise
                connection.commit()
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"The job table {self.path} cannot be used: {error}. Check that the disk has room"
                " and that you may write there, or set SRCSEL_HOME to another folder."
            ) from error
        except sqlite3.DatabaseError as error:
            raise StoreError(self._move_aside()) from error

    def notices(self) -> list[str]:
        """Sentences the person should see once: that a damaged table was moved aside."""
        with self.open() as db:
            return [row["text"] for row in db.execute("select text from notices")]

    def _connect(self) -> sqlite3.Connection:
        try:
            return self._prepared()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            self._move_aside()
            return self._prepared()

    def _prepared(self) -> sqlite3.Connection:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"srcsel may not write into {self.folder}: {error.strerror}. Set SRCSEL_HOME."
            ) from error
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            _use_wal(connection)
            connection.execute("pragma synchronous=normal")
            if not connection.execute("select 1 from sqlite_master where name='jobs'").fetchone():
                connection.executescript(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection

    def _move_aside(self) -> str:
        """Rename the damaged table, begin a new one, and leave a sentence in it.

        Only one process does.
        """
        from filelock import FileLock

        with FileLock(self.folder / "board.lock"):
            return (
                self._replaced()
                if _is_damaged(self.path)
                else "The list of jobs was repaired. Try again."
            )

    def _replaced(self) -> str:
        name = f"board-damaged-{time.strftime('%Y%m%d-%H%M%S')}.sqlite"
        self.path.rename(self.path.with_name(name))
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        text = (
            f"The list of jobs was damaged and was moved aside as {name}. Waiting jobs are lost;"
            " finished runs and stored features are not. Start what you were waiting for again."
        )
        with contextlib.closing(self._prepared()) as fresh:
            fresh.execute("insert into notices values (?)", (text,))
        return text


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL.

    SQLite does not wait here while another process switches too, so wait by hand.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("pragma journal_mode=wal")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _is_damaged(path: Path) -> bool:
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
            return connection.execute("pragma quick_check").fetchone()[0] != "ok"
    except sqlite3.OperationalError:
        return False
    except sqlite3.DatabaseError:
        return True


def lock_path(folder: Path, lane: str) -> Path:
    """Where the lock of a lane lies that its worker holds."""
    return folder / f"worker-{lane}.lock"


def lane_lock(folder: Path, lane: str, seconds: float = 0.0) -> BaseFileLock:
    """Return a lane's lock, to be acquired; the system frees it however its holder ends.

    Acquiring it raises filelock.Timeout where another holds it for `seconds`.
    """
    from filelock import FileLock  # late: the start of the server does not wait for it

    return FileLock(lock_path(folder, lane), timeout=seconds)


def to_status(row: sqlite3.Row) -> JobStatus:
    """Turn a row of the table into the record the pages read."""
    return JobStatus(
        id=row["id"],
        kind=row["kind"],
        state=row["state"],
        done=row["done"],
        total=row["total"],
        what=row["what"],
        error=row["error"],
        parts=tuple(from_plain(Part, part) for part in json.loads(row["parts"])),
        payload=json.loads(row["payload"]),
        seconds_left=row["seconds_left"],
        created=row["created"],
        started=row["started"],
        ended=row["ended"],
    )


def question_of(kind: str, payload: dict[str, Any]) -> str:
    """Say what a job asks, without what only names it: equal text means the same question."""
    asked = to_plain(payload)
    if isinstance(asked.get("run"), dict):
        asked["run"] = {
            k: v for k, v in asked["run"].items() if k not in ("id", "created", "title", "person")
        }
    return json.dumps([kind, asked], sort_keys=True)
