"""A job table that is damaged, cut off, empty, replaced or locked: it heals, says so, and every
method of the board works.
"""

import contextlib
import json
import os
import random
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from srcsel.base.errors import StoreError, UnknownNameError
from srcsel.base.records import Run
from srcsel.base.settings import load_settings
from srcsel.jobs import Board, base, healing, starting
from srcsel.store.serialize import to_plain

OLD = Path(__file__).parents[1] / "store" / "data" / "before_the_move" / "runs"
ROWS = 60


@pytest.fixture
def filled(monkeypatch, work_folder):
    """A board without workers: 60 jobs in all states, and two runs on disk, one unfinished."""
    monkeypatch.setattr(starting, "tend", lambda *_, **__: None)
    shutil.copytree(OLD, work_folder / "runs")
    unfinished = sorted((work_folder / "runs").iterdir())[0]
    about = json.loads((unfinished / "run.json").read_text())
    about["summary"]["complete"] = False
    (unfinished / "run.json").write_text(json.dumps(about))
    board = Board(load_settings().jobs)
    jobs = [board.submit("check", {"ref": f"/pictures/{i}" * 20}) for i in range(ROWS - 1)]
    run = to_plain(Run("20260101-000000-000000-aaaa", "2026-01-01T00:00:00", "demo:digits", ("a",)))
    jobs.append(board.submit("rank", {"run": run}))
    with board.table.open(write=True) as db:
        for place, job in enumerate(jobs[:40]):
            state = ("done", "failed", "cancelled", "running")[place % 4]
            db.execute("update jobs set state=?, result='{}' where id=?", (state, job))
    return board, jobs, unfinished.name


def restarted(board):
    """Forget what this process has looked at, as a new one would."""
    base._looked_at.clear()
    return Board(board.folder)


def use(board, jobs):
    """Ask everything that pages ask; nothing may be raised but that a job is not there."""
    for job in jobs[::7]:
        with contextlib.suppress(UnknownNameError):
            board.status(job)
        board.for_run(job)
        board.result(job)
    listed = (board.recent(10**6), board.active())
    board.find("check", {"ref": "x"})
    board.find("check", {"ref": "x"}, exact=False)
    board.cancel(jobs[50])
    board.resume(jobs[1])
    again = board.submit("check", {"ref": "/new"})
    assert board.status(again).state == "queued"
    board.notices()
    return listed[0]


def aside(board):
    return [path for path in board.folder.glob("board-damaged-*") if path.suffix == ".sqlite"]


@pytest.mark.parametrize("running", [False, True], ids=["at a start", "under a running server"])
def test_two_hundred_flipped_bytes_heal(filled, running):
    board, jobs, unfinished = filled
    whole = board.table.path.read_bytes()
    moved = []
    for seed in range(30):
        chance, data = random.Random(seed), bytearray(whole)
        for _ in range(200):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        for path in board.folder.glob("board*"):
            path.unlink()
        board.table.path.write_bytes(data)
        one = board if running else restarted(board)
        found = use(one, jobs)
        assert all(job.kind in base.LANES for job in found)
        if aside(board):
            moved.append(seed)
            assert "moved aside" in one.notices()[0]
            listed = one.for_run(unfinished)
            assert (listed.state, listed.payload["run"]["id"]) == ("failed", unfinished)
            assert "press Continue" in listed.error
    assert len(moved) > 20


def test_what_can_be_read_is_kept(filled):
    board, jobs, _ = filled
    data = bytearray(board.table.path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = bytes(4096)
    board.table.path.write_bytes(data)
    found = use(restarted(board), jobs)
    assert ROWS // 2 < len(found) < ROWS + 1
    assert f"{len(found) - 1} entries could still be read and are kept" in board.notices()[0]
    assert len(aside(board)) == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("payload", "{"),
        ("payload", "[]"),
        ("parts", '[{"name": 1}]'),
        ("parts", b"\xff\xfe"),
        ("parts", "[" * 100_000),
        ("state", "rnuning"),
        ("kind", "chekc"),
        ("lane", "../../x"),
        ("done", "many"),
        ("created", "yesterday"),
        ("result", "{"),
        ("place", "first"),
        ("turn", "mine"),
    ],
)
def test_a_row_that_cannot_be_used_goes_and_is_said(filled, column, value):
    board, jobs, _ = filled
    with contextlib.closing(sqlite3.connect(board.table.path)) as db:
        db.execute(f"update jobs set {column}=? where id=?", (value, jobs[2]))
        db.commit()
    found = use(restarted(board), jobs)
    assert jobs[2] not in [job.id for job in found]
    assert len(found) == ROWS - 1
    assert not aside(board)
    assert board.notices() == [
        "1 entry of the list of jobs was damaged and is left out. Runs and stored features are not"
        " touched."
    ]


def test_text_that_is_none_is_found_under_a_running_server(filled):
    board, jobs, _ = filled
    with contextlib.closing(sqlite3.connect(board.table.path)) as db:
        db.execute("update jobs set what=cast(x'ff' as text) where id=?", (jobs[3],))
        db.commit()
    assert len(use(board, jobs)) == ROWS - 1
    assert "left out" in board.notices()[0]


def cut(path):
    path.write_bytes(path.read_bytes()[: 2 * 4096 + 100])


def empty(path):
    path.write_bytes(b"")
    os.utime(path, (time.time() - 3600,) * 2)


def folder(path):
    path.unlink()
    path.mkdir()
    (path / "file").write_text("x")


def link_to_nothing(path):
    path.unlink()
    path.symlink_to(path.parent / "nowhere" / "x")


def other_program(path):
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("create table jobs (something text)")
        db.commit()


def says_read_only(path):
    data = bytearray(path.read_bytes())
    data[18] = 9  # the version that is needed to write, which SQLite takes for read-only
    path.write_bytes(data)


def journal_of_another(path):
    path.with_name("board.sqlite-wal").write_bytes(random.Random(0).randbytes(9000))


def shared_memory(path):
    path.with_name("board.sqlite-shm").write_bytes(random.Random(0).randbytes(32768))


def journal_folder(path):
    path.with_name("board.sqlite-wal").mkdir()


def only_the_journal(path):
    path.rename(path.with_name("board.sqlite-wal"))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut, True),
        (empty, True),
        (folder, True),
        (link_to_nothing, True),
        (other_program, True),
        (says_read_only, True),
        (journal_folder, True),
        (only_the_journal, True),
        (journal_of_another, False),
        (shared_memory, False),
    ],
)
@pytest.mark.parametrize("running", [False, True], ids=["at a start", "under a running server"])
def test_whatever_lies_in_its_place(filled, damage, said, running):
    board, jobs, unfinished = filled
    damage(board.table.path)
    board = board if running else restarted(board)
    found = use(board, jobs)
    if not said:
        assert len(found) == ROWS
    elif not running or damage not in (empty, only_the_journal):
        assert "moved aside" in board.notices()[0]
        assert board.for_run(unfinished).state == "failed"


def test_a_table_that_another_program_holds_is_a_sentence_and_not_moved(filled, monkeypatch):
    board, _, _ = filled
    for module, name in ((base, "BUSY_SECONDS"), (healing, "SECONDS")):
        monkeypatch.setattr(module, name, 0.2)
    with contextlib.closing(sqlite3.connect(board.table.path, isolation_level=None)) as other:
        other.execute("pragma locking_mode=exclusive")
        other.execute("begin exclusive")
        with pytest.raises(StoreError, match=r"no other program has it open.*SRCSEL_HOME"):
            restarted(board).recent()
        other.execute("rollback")
    assert len(restarted(board).recent(10**6)) == ROWS
    assert not aside(board)
    assert not board.notices()


def test_a_disk_that_may_only_be_read_is_a_sentence_and_nothing_is_moved(filled, monkeypatch):
    board, _, _ = filled
    connect = sqlite3.connect

    def read_only(path, **options):
        name = path if path == ":memory:" else f"file:{path}?mode=ro"
        return connect(name, uri=True, **options)

    with monkeypatch.context() as patch:
        patch.setattr(
            sqlite3, "connect", lambda p, **o: connect(p) if p == ":memory:" else read_only(p, **o)
        )
        patch.setattr(healing.os, "access", lambda *_: False)
        with pytest.raises(StoreError, match="you may write there"):
            restarted(board).submit("check", {"ref": "x"})
    assert not aside(board)
    assert len(board.recent(10**6)) == ROWS


def test_a_mistake_of_the_caller_stays_what_it_is(filled):
    board, _, _ = filled
    with pytest.raises(ZeroDivisionError), board.table.open():
        1 / 0  # noqa: B018
    with pytest.raises(ValueError, match="mine"), board.table.open():
        raise ValueError("mine")
    assert not board.notices()
