"""The job table: one SQLite file in WAL mode, the queue and the only truth about jobs."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from srcsel.base.errors import StoreError
from srcsel.base.records import JobStatus
from srcsel.jobs import healing
from srcsel.store.files import NOT_SO
from srcsel.store.serialize import from_plain, to_plain

if TYPE_CHECKING:
    from filelock import BaseFileLock

LANES = {
    "rank": "compute",
    "measures": "compute",
    "evidence": "compute",
    "settle": "compute",
    "check": "quick",
    "report": "quick",
    "reach": "quick",
    "map": "draw",
    "inside": "look",
    "taken": "ask",
    "sheets": "sheets",
    "try": "try",
    "suspects": "search",
    "curve": "learn",
}
"""Which queue a kind waits in. One job at a time runs in each: source models in "compute" (so one
at a time on the device), short page jobs in "quick", so that a folder check need not wait for a
long run. What a page waits for and may take minutes with many pictures has a lane of its own, so
that no part of a page waits for another part.
"""

SHELL = "shell-"
"""How the lane of a run begins that a shell answers by itself; each has one of its own."""

BROKEN = "Something went wrong inside srcsel"
"""How a sentence about what nobody foresaw begins; its trace is worth copying."""
BUSY_SECONDS = 15.0
"""How long a write waits for another process's write before it gives up."""

MOST = 2**53
"""No count of anything is larger."""

_SCHEMA = """
create table if not exists jobs (
    id text primary key, place integer not null, kind text not null, lane text not null,
    question text not null, payload text not null,
    state text not null, cancel integer not null default 0,
    done integer not null default 0, total integer not null default 0,
    what text not null default '', error text not null default '',
    parts text not null default '[]', result text,
    seconds_left real, created real not null, started real, ended real,
    person text not null default '', turn integer not null default 0,
    seconds_least real, told real, why text not null default ''
);
create index if not exists jobs_by_state on jobs (state, lane, place);
create table if not exists notices (text text not null);
"""
_ADDED = {
    "person": "text not null default ''",
    "turn": "integer not null default 0",
    "seconds_least": "real",
    "told": "real",
    "why": "text not null default ''",
}
"""Columns that tables of earlier versions lack: who asked, the turn in which it was served, what is
left after the step under way, when the worker last told, and why more is left than it said.
"""


_COLUMNS = frozenset(
    (
        *("id", "place", "kind", "lane", "question", "payload", "state", "cancel", "done"),
        *("total", "what", "error", "parts", "result", "seconds_left", "created", "started"),
        "ended",
    )
)
"""Those that a table of any version has."""
_TOLD = frozenset(field.name for field in dataclasses.fields(JobStatus))
_looked_at: set[str] = set()  # tables that this process has looked at for damage

Returned = TypeVar("Returned")
Asked = ParamSpec("Asked")


class MendedError(StoreError):
    """The table was damaged, and is mended: the same works now."""


def again(method: Callable[Asked, Returned]) -> Callable[Asked, Returned]:
    """Let a method that may be called twice do so where the table was mended meanwhile."""

    @functools.wraps(method)
    def tried(*args: Asked.args, **options: Asked.kwargs) -> Returned:
        try:
            return method(*args, **options)
        except MendedError:
            return method(*args, **options)

    return tried


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

        Before its first use in a process, and when something in it cannot be read, the table is
        looked at and healed (`srcsel.jobs.healing`). Raises MendedError where that was done just
        now and the same will work again, StoreError where the disk refuses.
        """
        self._look_once()
        try:
            with contextlib.closing(self._prepared()) as connection:
                connection.execute("begin immediate" if write else "begin")
                try:
                    yield connection
                except BaseException:
                    connection.rollback()
                    raise
                connection.commit()
        except (sqlite3.Error, *NOT_SO) as error:
            if self._heal():
                raise MendedError(
                    "The list of jobs was damaged and is mended. Try again."
                ) from error
            if not isinstance(error, sqlite3.Error):
                raise
            raise StoreError(
                f"The job table {self.path} cannot be used: {error}. Check that the disk has room,"
                " that you may write there and that no other program has it open, or set"
                " SRCSEL_HOME to another folder."
            ) from error

    def notices(self) -> list[str]:
        """Sentences to be seen until they are dismissed: that a damaged table was moved aside."""
        with self.open() as db:
            return [str(row["text"]) for row in db.execute("select text from notices")]

    def dismiss(self, text: str) -> None:
        """Forget a sentence that the person has seen."""
        with self.open(write=True) as db:
            db.execute("delete from notices where text=?", (text,))

    def _look_once(self) -> None:
        if str(self.path) not in _looked_at:
            _looked_at.add(str(self.path))
            if self.folder.is_dir():
                self._heal()

    def _heal(self) -> bool:
        return healing.heal(self.path, _COLUMNS, _is_readable, self._prepared)

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
            _bring_up_to_date(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Give a table of an earlier version what it lacks."""
    have = {row["name"] for row in connection.execute("pragma table_info(jobs)")}
    for name, kind in _ADDED.items():
        if name not in have:
            with contextlib.suppress(sqlite3.OperationalError):  # another process was faster
                connection.execute(f"alter table jobs add column {name} {kind}")


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
    """Turn a row of the table into the record the pages read.

    Raises TypeError, ValueError or KeyError for one that is damaged.
    """
    about = {name: row[name] for name in row.keys() if name in _TOLD}  # noqa: SIM118 (a row)
    parts, payload = json.loads(row["parts"]), json.loads(row["payload"])
    stopping = row["state"] == "running" and bool(row["cancel"])
    more = {"parts": parts, "payload": payload, "stopping": stopping}
    return from_plain(JobStatus, about | more)


def _is_readable(row: sqlite3.Row) -> bool:
    """Tell whether a row can be shown and worked on."""
    try:
        status = to_status(row)
        result = None if row["result"] is None else json.loads(row["result"])
    except (RecursionError, *NOT_SO):
        return False
    turn = row["turn"] if "turn" in row.keys() else 0  # noqa: SIM118 (a row)
    numbers = [row["place"], row["cancel"], turn, status.done, status.total]
    return (
        _fits(status.kind, row["lane"])
        and isinstance(row["question"], str)
        and isinstance(result, dict | None)
        and all(type(number) is int and 0 <= number < MOST for number in numbers)
    )


def _fits(kind: str, lane: str) -> bool:
    return LANES.get(kind) == lane or (kind == "rank" and str(lane).startswith(SHELL))


def whose(job: str, kind: str, payload: Mapping[str, Any], person: str = "") -> dict[str, str]:
    """Name a job, its run and its person, for the log."""
    run = payload.get("run")
    if isinstance(run, Mapping):
        asked, person = str(run.get("id", "")), person or str(run.get("person", ""))
    else:
        asked = str(payload.get("run_id", ""))
    return {"job": job, "run": asked, "person": person, "kind": kind}


def question_of(kind: str, payload: dict[str, Any]) -> str:
    """Say what a job asks, without what only names it: equal text means the same question."""
    asked = to_plain(payload)
    if isinstance(asked.get("run"), dict):
        asked["run"] = {
            k: v for k, v in asked["run"].items() if k not in ("id", "created", "title", "person")
        }
    return json.dumps([kind, asked], sort_keys=True)
