"""What one person, and all together, may have waiting and stored: asked before a job is queued.

Features belong to no one, since whoever asks about the same pictures uses the same ones. Those that
a job added count for the person whose job it was, as long as they are there.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from srcsel.base.errors import StoreError
from srcsel.base.phrases import count, megabytes
from srcsel.base.quotas import Quotas, load_quotas
from srcsel.jobs.base import Table

COMPUTE = "compute"  # the lane whose jobs count


def require(db: sqlite3.Connection, home: Path, lane: str, person: str) -> None:
    """Raise QuotaError where `person` may queue no further job of source models."""
    if lane != COMPUTE:
        return
    quotas = load_quotas()
    _require_turn(db, person, quotas)
    _require_space(db, home / "features", person, quotas)


@contextlib.contextmanager
def counted(table: Table, job: sqlite3.Row) -> Iterator[Callable[[], None]]:
    """Count the features that appear inside for the person whose job it is.

    Yields what counts them now, for an end that does not leave the block.
    """
    features = table.folder.parent / "features"
    counts = job["person"] and job["lane"] == COMPUTE
    before = _sizes(features) if counts else {}

    def count() -> None:
        added = _sizes(features).keys() - before.keys() if counts else ()
        with contextlib.suppress(StoreError):
            if added:
                _add(table, added, job["person"])

    try:
        yield count
    finally:
        count()


def _add(table: Table, files: Iterable[str], person: str) -> None:
    with table.open(write=True) as db:
        db.executemany(
            "insert or replace into stored (file, person) values (?, ?)",
            [(name, person) for name in files],
        )


def _require_turn(db: sqlite3.Connection, person: str, quotas: Quotas) -> None:
    everybody, mine = db.execute(
        "select count(*), coalesce(sum(person=?), 0) from jobs where lane=? and state in"
        " ('queued','running')",
        (person, COMPUTE),
    ).fetchone()
    quotas.runs.require(
        mine if person else 0,
        everybody,
        1,
        (
            f"You have {count(mine, 'run')} waiting or under way, and that is the most for one"
            " person. Wait until one is done, or stop one on its page.",
            f"{count(everybody, 'run')} of all people are waiting or under way, and that is the"
            " most. Try again when some are done.",
        ),
    )


def _require_space(db: sqlite3.Connection, features: Path, person: str, quotas: Quotas) -> None:
    sizes = _sizes(features)
    whose = dict(db.execute("select file, person from stored").fetchall())
    mine = sum(size for name, size in sizes.items() if whose.get(name) == person)
    everybody = sum(sizes.values())
    quotas.features.require(
        mine if person else 0,
        everybody,
        1,  # byte: at the limit nothing more is begun
        (
            f"What the models made of your pictures takes {megabytes(mine)}, and that is the most"
            " for one person, so no run is started. Delete runs that you no longer need"
            " (History), and ask for what no run needs to be removed (srcsel cache --clean --limit"
            " 0).",
            f"Stored features take {megabytes(everybody)}, and that is the most for all people,"
            " so no run is started. Ask for what no run needs to be removed (srcsel cache --clean"
            " --limit 0).",
        ),
    )


def _sizes(features: Path) -> dict[str, int]:
    """Return the bytes of each file of features that is there, by its place."""
    found = {}
    for pattern in ("*.safetensors", "pictures/*/*.safetensors"):
        for path in features.glob(pattern):
            with contextlib.suppress(OSError):  # removed meanwhile
                found[path.relative_to(features).as_posix()] = path.stat().st_size
    return found
