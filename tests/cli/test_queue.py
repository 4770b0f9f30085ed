"""What `srcsel status` says is what the board says."""

import json
import time

import pytest

from srcsel.base.records import Run
from srcsel.base.settings import load_settings
from srcsel.cli.commands import main
from srcsel.jobs import Board, starting
from srcsel.jobs.base import lane_lock
from srcsel.store.serialize import to_plain


@pytest.fixture
def board(work_folder, monkeypatch):
    """A board nobody works for; a run of Ada's is under way, one of hers and one of Bob's wait."""
    monkeypatch.setattr(starting, "_start", lambda *_: None)
    board = Board(load_settings().jobs)
    for number, person in enumerate(("ada", "ada", "bob")):
        name = f"r{number}"
        run = Run(name, "2026-01-31T10:00:00+00:00", "demo:digits", (name,), title=f"<{name}>")
        board.submit("rank", {"run": to_plain(run)}, person)
    with board.table.open(write=True) as db:
        db.execute(
            "update jobs set state='running', turn=1, done=25, total=100,"
            f" seconds_left=40, seconds_least=20, told={time.time() - 34} where id='r0'"
        )
    with lane_lock(board.folder, "compute"):
        yield board


def test_the_place_in_the_queue_is_told(board, capsys):
    assert main(["status", "--json", "-"]) == 0
    jobs = json.loads(capsys.readouterr().out)["jobs"]
    assert [(job["id"], job["ahead"]) for job in jobs] == [("r0", 0), ("r2", 1), ("r1", 2)]
    assert [job["what"] for job in jobs[1:]] == [board.status(i).what for i in ("r2", "r1")]
    assert "ada" not in json.dumps(jobs)
    assert main(["status"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert "25 %" in rows[1]
    assert "this step takes longer than thought, then about 20 s" in rows[1]  # as on the page
    assert "<r2>" in rows[2]
    assert "Next in the queue" in rows[2]
    assert "2 runs before this one" in rows[3]


def test_an_empty_queue_is_said(work_folder, capsys):
    assert main(["status"]) == 0
    assert capsys.readouterr().out == "Nothing runs and nothing waits.\n"
