"""What the worker writes into the table, and how whatever goes wrong becomes a state and a
sentence.
"""

import json
import sqlite3

import pytest

from srcsel.base import access, log
from srcsel.base.errors import Cancelled, InputError, StoreError
from srcsel.base.settings import load_settings
from srcsel.jobs import Board, starting, worker
from srcsel.jobs.base import question_of
from srcsel.jobs.board_watch import BoardWatch
from srcsel.jobs.worker import _claim, _work


@pytest.fixture
def waiting(monkeypatch):
    """A board without workers, and one waiting job."""
    monkeypatch.setattr(Board, "wake", lambda self: None)
    board = Board(load_settings().jobs)
    return board, board.submit("check", {"ref": "somewhere"})


def test_a_job_is_claimed_once(waiting):
    board, job = waiting
    assert _claim(board.table, "compute") is None
    row = _claim(board.table, "quick")
    assert (row["id"], row["state"]) == (job, "running")
    assert _claim(board.table, "quick") is None


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (Cancelled(), "cancelled", "Continue"),
        (InputError("No such folder."), "failed", "No such folder."),
        (MemoryError(), "failed", "not enough memory"),
        (
            ImportError("a.so: failed to map segment from shared object"),
            "failed",
            "not enough memory",
        ),
        (ZeroDivisionError("by zero"), "failed", "ZeroDivisionError: by zero"),
    ],
)
def test_whatever_goes_wrong_is_a_state_and_a_sentence(waiting, monkeypatch, error, state, words):
    board, job = waiting

    def fail(payload, told):
        raise error

    monkeypatch.setitem(worker.KINDS, "check", fail)
    _work(board.table, _claim(board.table, "quick"))
    status = board.status(job)
    assert status.state == state
    assert words in status.error
    assert status.ended is not None
    assert ("Traceback" in board.log(job)) == (state == "failed")


def test_what_a_job_prints_lands_in_its_log(waiting, monkeypatch):
    board, job = waiting
    monkeypatch.setitem(
        worker.KINDS, "check", lambda payload, told: worker.os.write(1, b"hello from C\n") and {}
    )
    _work(board.table, _claim(board.table, "quick"))
    assert board.log(job) == "hello from C\n"


def test_progress_is_written_and_the_wish_to_stop_is_read(waiting):
    board, job = waiting
    _claim(board.table, "quick")
    watch = BoardWatch(board.table, job)
    watch.plan({"pictures": 1.0}, {})
    watch.update("pictures", "reading", 5, 10)
    status = board.status(job)
    assert (status.done, status.total, status.what) == (500, 1000, "Reading pictures, 5 of 10")
    assert (status.parts[0].state, status.parts[0].done) == ("reading", 5)
    board.cancel(job)
    with pytest.raises(Cancelled):
        watch.update("pictures", "done", 10, 10)


def test_a_job_is_told_whether_another_waits_in_its_lane(waiting):
    board, job = waiting
    _claim(board.table, "quick")
    watch = BoardWatch(board.table, job)
    board.submit("measures", {"run_id": "r"})  # of another lane
    assert not watch.is_waited_for()
    board.submit("check", {"ref": "elsewhere"})
    assert watch.is_waited_for()


def test_a_job_does_not_wait_for_all_that_is_imported_ahead(waiting, monkeypatch):
    board, _ = waiting
    said = []
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    monkeypatch.setattr(worker.os, "nice", lambda _: None)
    monkeypatch.setattr(worker, "LINGER_SECONDS", 0.6)
    monkeypatch.setitem(worker.AHEAD, "compute", ("one", "two", "three"))
    monkeypatch.setitem(worker.KINDS, "measures", lambda *_: said.append("job"))

    def imported(name):
        said.append(name)
        if name == "one":
            board.submit("measures", {"run_id": "r"})

    monkeypatch.setattr(worker, "_import_ahead", imported)
    worker.main(board.folder, "compute")
    assert said == ["one", "job", "two", "three"]


def test_a_worker_lingers_from_its_last_import_on(waiting, monkeypatch):
    """Three imports of 0.6 s each are all done by a worker that lingers for 0.5 s."""
    board, _ = waiting
    said, clock = [], [100.0]
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    monkeypatch.setattr(worker.os, "nice", lambda _: None)
    monkeypatch.setattr(worker, "LINGER_SECONDS", 0.5)
    monkeypatch.setitem(worker.AHEAD, "compute", ("one", "two", "three"))
    monkeypatch.setitem(worker.KINDS, "measures", lambda *_: None)
    monkeypatch.setattr(worker.time, "monotonic", lambda: clock[0])

    def passed(seconds):
        clock[0] += seconds

    def imported(name):
        said.append(name)
        passed(0.6)

    monkeypatch.setattr(worker.time, "sleep", passed)
    monkeypatch.setattr(worker, "_import_ahead", imported)
    worker.main(board.folder, "compute")
    assert said == ["one", "two", "three"]


def test_a_job_that_is_gone_from_the_table_stops(waiting):
    """The work folder was deleted, or a damaged table replaced: nobody could see or stop it any
    more.
    """
    board, job = waiting
    _claim(board.table, "quick")
    watch = BoardWatch(board.table, job)
    watch.update("pictures", "reading", 1, 10)
    for path in board.folder.glob("board.sqlite*"):
        path.unlink()
    with pytest.raises(Cancelled):
        watch.update("pictures", "done", 10, 10)


def test_progress_is_not_written_more_often_than_needed(waiting, monkeypatch):
    board, job = waiting
    _claim(board.table, "quick")
    written = []
    monkeypatch.setattr(BoardWatch, "_tell", lambda self, what: written.append(what))
    watch = BoardWatch(board.table, job)
    for done in range(1000):
        watch.update("pictures", "reading", done, 1000)
    watch.update("pictures", "done")  # a change of state is always told
    assert 2 <= len(written) < 20
    assert written[-1] == "Reading pictures"


def test_a_table_that_fails_does_not_stop_the_work(waiting, monkeypatch):
    board, job = waiting
    watch = BoardWatch(board.table, job)

    def refuse(path, **options):
        raise sqlite3.OperationalError("disk is full")

    monkeypatch.setattr(sqlite3, "connect", refuse)
    watch.update("pictures", "reading", 1, 2)
    with pytest.raises(StoreError, match="disk is full"):
        board.recent()


def test_questions_are_equal_up_to_what_only_names_them():
    run = {"id": "a", "created": "now", "title": "x", "ref": "/p", "models": ["m"]}
    same = {**run, "id": "b", "created": "later", "title": ""}
    assert question_of("rank", {"run": run}) == question_of("rank", {"run": same})
    assert question_of("rank", {"run": run}) != question_of(
        "rank", {"run": {**run, "models": ["n"]}}
    )
    assert question_of("check", {"ref": "a"}) != question_of("map", {"ref": "a"})


def test_space_is_made_when_nothing_waits_any_more(waiting, monkeypatch):
    """After jobs of source models, once; a limit that is none does not end the worker."""
    board, _ = waiting
    board.submit("map", {"run_id": "r", "model": "m", "method": "pca"})
    board.submit("measures", {"run_id": "r"})
    called = []
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    monkeypatch.setattr(worker.os, "nice", lambda _: None)
    monkeypatch.setattr(worker, "_import_ahead", lambda _: None)
    monkeypatch.setattr(worker, "LINGER_SECONDS", 0.6)
    monkeypatch.setattr(worker, "KINDS", dict.fromkeys(worker.KINDS, lambda payload, told: {}))

    def clean(_settings):
        called.append([job.id for job in board.active() if job.kind == "measures"])
        raise InputError("SRCSEL_CACHE is no number.")

    monkeypatch.setattr(worker.cache, "clean", clean)
    worker.main(board.folder, "draw")
    assert not called
    worker.main(board.folder, "compute")
    assert called == [[]]


def test_a_table_that_cannot_be_used_for_now_does_not_end_the_worker(waiting, monkeypatch):
    board, job = waiting
    claim, tried = worker._claim, []

    def refuse(table, lane):
        tried.append(lane)
        if len(tried) < 3:
            raise StoreError("The disk is full.")
        return claim(table, lane)

    monkeypatch.setattr(worker, "_claim", refuse)
    assert worker._next(board.table, "quick") is None
    assert worker._next(board.table, "quick") is None
    assert worker._next(board.table, "quick")["id"] == job


def test_the_log_tells_of_each_job_with_run_and_person_and_of_no_picture(waiting, monkeypatch):
    board, _ = waiting
    run = {"id": "20260101-000000-000000-aaaa", "ref": "/secret/leaves", "person": "p-anna"}
    failed = board.submit("rank", {"run": run})

    def fail(payload, told):
        told.update("demo/a", "failed", note="leaf.jpg is damaged")
        raise InputError("/secret/leaves is gone.")

    monkeypatch.setitem(worker.KINDS, "rank", fail)
    monkeypatch.setitem(worker.KINDS, "check", lambda payload, told: {})
    path = log.begin(load_settings().log, "worker-compute")
    for lane in ("quick", "compute"):
        _work(board.table, _claim(board.table, lane))
    log.end()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [
        ("job started", "info"),
        ("job done", "info"),
        ("job started", "info"),
        ("part failed", "warning"),
        ("job failed", "error"),
    ]
    for line in lines[2:]:
        assert (line["job"], line["run"], line["person"]) == (failed, run["id"], "p-anna")
    quiet = " ".join(json.dumps(line) for line in lines if line["level"] == "info")
    assert "secret" not in quiet
    assert "somewhere" not in quiet
    assert lines[-1]["error"] == "/secret/leaves is gone."


def test_of_two_servers_with_other_limits_the_earlier_is_told(waiting, monkeypatch):
    board, _ = waiting
    access.announce(board.folder)
    board.submit("check", {"ref": "a"})
    monkeypatch.setenv("SRCSEL_ROOTS", "/elsewhere")
    access.announce(board.folder)  # the later server
    board.submit("check", {"ref": "b"})
    monkeypatch.delenv("SRCSEL_ROOTS")
    with pytest.raises(StoreError, match=r"Another dashboard.*SRCSEL_HOME"):
        board.submit("check", {"ref": "c"})
    started = []
    monkeypatch.setattr(starting, "_start", lambda folder, table, lane: started.append(lane))
    starting.tend(board.folder, board.table, "quick")
    assert not started
    monkeypatch.setenv("SRCSEL_ROOTS", "/elsewhere")
    starting.tend(board.folder, board.table, "quick")
    assert started == ["quick"]
