"""A run that the shell answers by itself: the pages see it like one of a worker."""

import json
import subprocess
import sys

import pytest

from srcsel.base.errors import InputError
from srcsel.base.records import Run
from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.cli.commands import main
from srcsel.jobs import Board, shell
from srcsel.jobs.base import LANES
from srcsel.jobs.left import time_left
from srcsel.jobs.pace import Pace
from srcsel.jobs.shell import FAILED, STOPPED
from srcsel.jobs.starting import LOST

RUN = Run("20260131-000000-000000-abcd", "2026-01-31T10:00:00+00:00", "leaves", ("demo/strokes",))


@pytest.fixture
def board():
    return Board(load_settings().jobs)


def test_it_is_under_way_with_its_progress(board):
    with shell.told(RUN, board.folder, Watch()) as told:
        told.plan({"pictures": 1.0, "demo/strokes": 1.0}, {"demo/strokes": "Strokes"})
        told.watch.update("pictures", "done")
        told.watch.update("demo/strokes", "running", 5, 10)
        [job] = board.active()
        assert board.status(RUN.id).state == "running"  # whose process lives is not lost
    assert (job.id, job.kind, job.payload["run"]["ref"]) == (RUN.id, "rank", "leaves")
    assert {part.name: part.done for part in job.parts} == {"pictures": 0, "demo/strokes": 5}
    assert 0.5 < job.share < 1.0
    assert board.for_run(RUN.id).state == "done"
    assert board.active() == []
    assert list(board.folder.glob("worker-shell*")) == []


class Alike(Pace):
    """Thinks that 20 s are left."""

    def left(self, now):
        return 20.0


def test_shell_and_pages_say_the_same_time_left(board):
    class Listening(Watch):
        def promise(self, left):
            self.left = left

    listening = Listening()
    with shell.told(RUN, board.folder, listening) as told:
        assert listening.left() == ""
        told.plan({"demo/strokes": 1.0}, {}, Alike({"demo/strokes": 1.0}, cores=8))
        told.watch.update("pictures", "done", 10, 10)
        assert listening.left() == "about 20 s left: a first guess"
        assert time_left(board.status(RUN.id)) == listening.left()


def test_the_same_question_of_a_page_joins_it(board):
    again = {"run": {**shell.to_plain(RUN), "id": "20260131-000000-000000-ffff"}}
    with shell.told(RUN, board.folder, Watch()):
        assert board.submit("rank", again) == RUN.id


def test_a_page_stops_it_and_a_worker_goes_on(board, monkeypatch):
    def work():
        with shell.told(RUN, board.folder, Watch()) as told:
            board.cancel(RUN.id)
            told.watch.update("pictures", "done")

    with pytest.raises(shell.Cancelled):
        work()
    stopped = board.status(RUN.id)
    assert (stopped.state, stopped.error) == ("cancelled", STOPPED)
    monkeypatch.setattr(board, "wake", lambda: None)
    board.resume(RUN.id)
    with board.table.open() as db:
        [row] = db.execute("select state, lane from jobs").fetchall()
    assert tuple(row) == ("queued", LANES["rank"])


@pytest.mark.parametrize(
    ("error", "state", "said"),
    [
        (KeyboardInterrupt(), "cancelled", STOPPED),
        (InputError("No pictures."), "failed", "No pictures."),
        (ValueError("/home/me"), "failed", FAILED),
    ],
)
def test_how_it_ends_is_told(board, error, state, said):
    with pytest.raises(type(error)), shell.told(RUN, board.folder, Watch()):
        raise error
    ended = board.status(RUN.id)
    assert (ended.state, ended.error) == (state, said)


def test_a_killed_one_is_lost(board):
    killed = (
        "import json, os, sys; from pathlib import Path\n"
        "from srcsel.base.records import Run; from srcsel.base.watch import Watch\n"
        "from srcsel.jobs import shell; from srcsel.store.serialize import from_plain\n"
        "with shell.told(from_plain(Run, json.loads(sys.argv[2])), Path(sys.argv[1]), Watch()):\n"
        "    os.kill(os.getpid(), 9)"
    )
    asked = json.dumps(shell.to_plain(RUN))
    subprocess.run([sys.executable, "-c", killed, str(board.folder), asked], check=False)
    lost = board.status(RUN.id)
    assert (lost.state, lost.error) == ("failed", LOST)


def test_the_table_is_not_healed_of_it(board):
    from srcsel.jobs import base

    with shell.told(RUN, board.folder, Watch()), board.table.open() as db:
        assert base._is_readable(db.execute("select * from jobs").fetchone())


def test_srcsel_rank_tells_the_pages(board, picture_folder, capsys):
    assert main(["rank", str(picture_folder), "--models", "pixels", "--json", "-"]) in (0, 1)
    run = json.loads(capsys.readouterr().out)["run"]["id"]
    job = board.for_run(run)
    assert job.state == "done"
    assert [part.state for part in job.parts if "pixels" in part.name] == ["done"]


def test_ctrl_c_ends_work_that_does_not_stop_by_itself(board):
    busy = (
        "import json, os, signal, sys, threading, time; from pathlib import Path\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from srcsel.base.records import Run; from srcsel.base.watch import Watch\n"
        "from srcsel.jobs import halting, shell; from srcsel.store.serialize import from_plain\n"
        "halting.PATIENCE = 0.1\n"
        # a program that a shell starts in the background hears no Ctrl-C, nor do its own
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with shell.told(from_plain(Run, json.loads(sys.argv[2])), Path(sys.argv[1]), Watch()):\n"
        "    with ThreadPoolExecutor() as helpers:\n"
        "        helpers.submit(time.sleep, 600)\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        time.sleep(600)"
    )
    asked = json.dumps(shell.to_plain(RUN))
    command = [sys.executable, "-c", busy, str(board.folder), asked]
    assert subprocess.run(command, check=False, timeout=120).returncode == 130
    ended = board.status(RUN.id)
    assert (ended.state, ended.error) == ("cancelled", STOPPED)
