"""The clock jumps, an hour or ten years, back or forward: the queue, its workers and what is being
written do not care.
"""

import threading
import time

import pytest

from srcsel.base import phrases
from srcsel.base.settings import load_settings
from srcsel.jobs import Board, board_watch, starting, worker
from srcsel.jobs.board_watch import BoardWatch
from srcsel.jobs.worker import _claim, _work
from srcsel.store import files
from srcsel.store.runs import RunStore

JUMPS = [-10 * 365 * 86400, -3600, 3600, 10 * 365 * 86400]


@pytest.fixture
def jump(monkeypatch):
    """Set the clock of the wall to another time; the one that only counts goes on."""
    real = time.time

    def by(seconds):
        monkeypatch.setattr(time, "time", lambda: real() + seconds)

    return by


@pytest.mark.parametrize("seconds", JUMPS)
def test_jobs_keep_their_order_and_their_progress(monkeypatch, jump, seconds):
    monkeypatch.setattr(starting, "tend", lambda *_, **__: None)
    monkeypatch.setitem(worker.KINDS, "check", lambda payload, told: {})
    board = Board(load_settings().jobs)
    first = board.submit("check", {"ref": "a"})
    jump(seconds)
    second = board.submit("check", {"ref": "b"})
    assert [job.id for job in board.active()] == [first, second]
    row = _claim(board.table, "quick")
    assert row["id"] == first
    watch = BoardWatch(board.table, first)
    watch.plan({"pictures": 1.0}, {})
    watch.update("pictures", "reading", 1, 10)
    jump(-seconds)
    time.sleep(board_watch.TELL_SECONDS)
    watch.update("pictures", "reading", 5, 10)
    status = board.status(first)
    assert status.done == 500
    assert status.seconds_left is None or 0 <= status.seconds_left < 60
    _work(board.table, row)
    assert board.status(first).state == "done"
    assert [job.id for job in board.recent()] == [second, first]


@pytest.mark.parametrize("seconds", JUMPS)
def test_what_is_being_written_is_not_swept_away(tmp_path, jump, seconds):
    """A clock far ahead makes a live temporary file look like one that was left behind."""
    jump(seconds)
    stop = threading.Event()

    def sweep():
        while not stop.is_set():
            files.sweep(tmp_path)

    sweeper = threading.Thread(target=sweep, daemon=True)
    sweeper.start()
    for number in range(100):
        files.write_bytes(tmp_path / f"{number}.bin", bytes(1000), synced=False)
    stop.set()
    sweeper.join()
    assert all((tmp_path / f"{n}.bin").stat().st_size == 1000 for n in range(100))


def test_ids_of_runs_differ_and_a_date_to_come_is_shown():
    assert len({RunStore.new_id() for _ in range(1000)}) == 1000
    assert phrases.when("2099-03-01T10:00:00+00:00") == "1 Mar 2099"
