"""A damaged job table heals: unreadable rows go, an unreadable table is moved aside.

What can still be read of it is kept, and of the runs on disk those that are not finished are listed
again, to be continued. Nothing here looks at features or results: they are files of their own.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from srcsel.base import log
from srcsel.base.phrases import count
from srcsel.store.runs import RunStore

SECONDS = 15.0
"""How long healing waits for another process that heals."""
YOUNG = 60.0
"""Seconds for which an empty file is one that is just being made."""
UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged table raises; the second where a text, also of a message, is none."""
SUFFIXES = ("", "-wal", "-shm")
BY_THE_SYSTEM = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
    }
)
"""What SQLite says where the disk or another process is at fault, not the file."""
UNFINISHED = (
    "The list of jobs was damaged, so it is not known how far this run was. What was finished is"
    " kept; press Continue."
)

Readable = Callable[[sqlite3.Row], bool]
Make = Callable[[], sqlite3.Connection]


def heal(path: Path, columns: frozenset[str], readable: Readable, make: Make) -> bool:
    """Mend the table at `path`; return whether there was something to mend.

    columns: those the table has at least. readable: whether a row can be used. make: opens the
    table, and makes one where there is none. Only one process does it at a time.
    """
    from filelock import FileLock, Timeout

    try:
        with FileLock(path.parent / "board.lock", timeout=SECONDS):
            if _is_damaged(path, columns):
                _replace(path, readable, make)
                log.event("job table moved aside", "warning")
                return True
            dropped = _drop_unreadable(path, readable)
            if dropped:
                log.event("entries of the job table left out", "warning")
            return dropped
    except (OSError, Timeout, *UNREADABLE):  # the disk refuses, which whoever opens it says
        return False


def _is_damaged(path: Path, columns: frozenset[str]) -> bool:
    """Tell whether the file is no table of ours any more; one that is only locked is none."""
    if not path.exists() and not path.is_symlink():
        return any(path.with_name(path.name + suffix).exists() for suffix in SUFFIXES)
    if any(path.with_name(path.name + suffix).is_dir() for suffix in SUFFIXES):
        return True
    about = path.lstat()
    if not stat.S_ISREG(about.st_mode):
        return True
    if not about.st_size:
        return time.time() - about.st_mtime > YOUNG
    try:
        with contextlib.closing(_connect(path)) as db:
            sound = db.execute("pragma integrity_check(1)").fetchone()[0] == "ok"
            if sound and not db.execute("select 1 from sqlite_master").fetchone():
                return False  # it is just being made
            db.execute("update jobs set place=place where 0")  # may it be written?
            return not sound or not columns <= _columns(db)
    except UnicodeDecodeError:  # what it says of itself is no text any more
        return True
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            return os.access(path, os.R_OK | os.W_OK) and os.access(path.parent, os.W_OK)
        return code not in BY_THE_SYSTEM


def _replace(path: Path, readable: Readable, make: Make) -> None:
    """Move the damaged table aside, and put what can be saved into a new one."""
    aside = path.with_name(f"board-damaged-{time.strftime('%Y%m%d-%H%M%S')}.sqlite")
    number = 1
    while aside.exists() or aside.is_symlink():
        aside, number = aside.with_stem(f"{aside.stem}-{number}"), number + 1
    for suffix in SUFFIXES:
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    saved = _saved(aside, readable)
    with contextlib.closing(make()) as db:
        kept = sum(_insert(db, dict(row)) for row in saved)
        listed = sum(_insert(db, row) for row in _unfinished(path.parent.parent))
        told = f"{count(kept, 'entry', 'entries')} could still be read and"
        told += " is kept" if kept == 1 else " are kept"
        if listed:
            told += f", {count(listed, 'unfinished run')} can be continued"
        _tell(
            db,
            f"The list of jobs was damaged and was moved aside as {aside.name}. {told}. Runs and"
            " stored features are files of their own and are not touched. Start again what you were"
            " waiting for and do not find.",
        )


def _saved(path: Path, readable: Readable) -> list[sqlite3.Row]:
    """Return the rows that can still be read, from both ends of the table."""
    found: dict[int, sqlite3.Row] = {}
    with contextlib.suppress(OSError, *UNREADABLE):
        if not path.is_file():
            return []
        with contextlib.closing(_connect(path)) as db:
            for order in ("asc", "desc"):
                for number in _numbers(db, order):
                    row = found.get(number) or _row(db, number)
                    if row is not None and readable(row):
                        found[number] = row
    return [found[number] for number in sorted(found)]


def _drop_unreadable(path: Path, readable: Readable) -> bool:
    """Take rows that cannot be used out of a table that is sound otherwise, and say so."""
    if not path.exists():
        return False
    with contextlib.closing(_connect(path)) as db:
        if not _columns(db):
            return False
        bad = []
        for number in _numbers(db, "asc"):
            row = _row(db, number)
            if row is None or not readable(row):
                bad.append(number)
        if not bad:
            return False
        db.execute("begin immediate")
        db.executemany("delete from jobs where rowid=?", [(number,) for number in bad])
        told = f"{count(len(bad), 'entry', 'entries')} of the list of jobs"
        told += " was damaged and is" if len(bad) == 1 else " were damaged and are"
        _tell(db, f"{told} left out. Runs and stored features are not touched.")
        db.execute("commit")
    return True


def _unfinished(home: Path) -> Iterator[dict[str, Any]]:
    """Make a row for each run on disk that was not finished."""
    from srcsel.jobs.base import LANES, question_of

    store = RunStore(home / "runs")
    for summary in reversed(store.list()):
        if summary.complete:
            continue
        payload = {"run": store.question(summary.id)}
        yield {
            "id": summary.id,
            "kind": "rank",
            "lane": LANES["rank"],
            "question": question_of("rank", payload),
            "payload": json.dumps(payload),
            "state": "failed",
            "error": UNFINISHED,
            "created": time.time(),
            "person": summary.person,
        }


def _insert(db: sqlite3.Connection, row: dict[str, Any]) -> bool:
    """Add a row, with the columns that the table has; one that is there already stays."""
    names = [name for name in row if name in _columns(db) and name != "place"]
    holes = ", ".join("?" * len(names))
    added = db.execute(
        f"insert or ignore into jobs ({', '.join(names)}, place) values ({holes},"
        " (select coalesce(max(place), 0) + 1 from jobs))",
        [row[name] for name in names],
    )
    return added.rowcount > 0


def _tell(db: sqlite3.Connection, text: str) -> None:
    db.execute("insert into notices values (?)", (text,))


def _numbers(db: sqlite3.Connection, order: str) -> Iterator[int]:
    """Yield the numbers of the rows, as far as they can be read."""
    with contextlib.suppress(*UNREADABLE):
        for (number,) in db.execute(f"select rowid from jobs not indexed order by rowid {order}"):
            yield number


def _row(db: sqlite3.Connection, number: int) -> sqlite3.Row | None:
    try:
        return db.execute("select * from jobs not indexed where rowid=?", (number,)).fetchone()
    except UNREADABLE:
        return None


def _columns(db: sqlite3.Connection) -> frozenset[str]:
    return frozenset(row["name"] for row in db.execute("pragma table_info(jobs)"))


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=SECONDS, isolation_level=None)
    db.row_factory = sqlite3.Row
    return db
