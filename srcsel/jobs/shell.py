"""A run that the shell answers by itself, told to the pages like one of a worker: under way, how
far it is, stopped or lost.

It waits for nobody: its row stands in a lane of its own, whose lock its process holds.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from srcsel.base.errors import Cancelled, SrcselError, StoreError
from srcsel.base.records import JobState, Run
from srcsel.base.watch import PartState, Watch
from srcsel.jobs.base import SHELL, Table, lane_lock, lock_path, question_of
from srcsel.jobs.board_watch import BoardWatch
from srcsel.jobs.halting import halting
from srcsel.jobs.looks import forget_glimpses
from srcsel.store.serialize import to_plain

STOPPED = "Stopped in the shell. What was finished is kept; press Continue."
FAILED = "The shell says why this failed. What was finished is kept."


class _Both(BoardWatch):
    """Tells the pages what the shell's own watch hears."""

    def __init__(self, table: Table, job: str, shell: Watch) -> None:
        super().__init__(table, job)
        self._shell = shell
        shell.promise(self.time_left)

    def update(
        self, part: str, state: PartState, done: int = 0, total: int = 0, note: str = ""
    ) -> None:
        """Say how far `part` is. Raises `Cancelled` where it was stopped on a page."""
        self._shell.update(part, state, done, total, note)
        super().update(part, state, done, total, note)

    def say(self, note: str) -> None:
        """Tell the person at once what may spoil the answer."""
        self._shell.say(note)


@contextlib.contextmanager
def told(
    run: Run, folder: Path, watch: Watch, leave: Callable[[], object] = lambda: os._exit(130)
) -> Iterator[BoardWatch]:
    """Give the watch under which this process answers `run`: what `watch` hears, the pages of the
    work folder see too. folder: as `Board`'s; leave: ends this process where it was stopped, here
    or on a page, and its work does not come to a stop by itself.

    Raises StoreError where the job table cannot be used.
    """
    table, lane, asked = Table(folder), f"{SHELL}{run.id}", threading.Event()
    folder.mkdir(parents=True, exist_ok=True)
    with lane_lock(folder, lane):  # first: a row without it has lost its process
        _begin(table, lane, run)
        try:
            with (
                halting(table, run.id, asked=asked, said=STOPPED, leave=leave),
                _interrupts(asked),
            ):
                yield _Both(table, run.id, watch)
        except (KeyboardInterrupt, Cancelled):
            _end(table, run, "cancelled", STOPPED)
            raise
        except BaseException as error:
            _end(table, run, "failed", str(error) if isinstance(error, SrcselError) else FAILED)
            raise
        else:
            _end(table, run, "done", "")
        finally:
            forget_glimpses(folder, run.id)
    with contextlib.suppress(OSError):
        lock_path(folder, lane).unlink(missing_ok=True)


@contextlib.contextmanager
def _interrupts(asked: threading.Event) -> Iterator[None]:
    """Set `asked` at Ctrl-C, which is raised as ever: threads of a library may keep it waiting."""
    before = signal.getsignal(signal.SIGINT)
    main = threading.current_thread() is threading.main_thread()
    if not main or before is not signal.default_int_handler:
        yield
        return

    def heard(number: int, frame: FrameType | None) -> None:
        asked.set()
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin(table: Table, lane: str, run: Run) -> None:
    payload, now = {"run": to_plain(run)}, time.time()
    with table.open(write=True) as db:
        db.execute(
            "insert into jobs (id, place, kind, lane, question, payload, state, what, created,"
            " started, told, person) values (?, (select coalesce(max(place), 0) + 1 from jobs),"
            " 'rank', ?, ?, ?, 'running', 'Starting', ?, ?, ?, ?)",
            (
                *(run.id, lane, question_of("rank", payload), json.dumps(payload)),
                *(now, now, now, run.person),
            ),
        )


def _end(table: Table, run: Run, state: JobState, error: str) -> None:
    with contextlib.suppress(StoreError), table.open(write=True) as db:
        db.execute(
            "update jobs set state=?, error=?, ended=?, seconds_left=null,"
            " done=case ? when 'done' then total else done end where id=?",
            (state, error, time.time(), state, run.id),
        )
