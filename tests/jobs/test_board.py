"""The queue with real worker processes: order, stop, continue, kill, restart, two boards, a damaged
table.
"""

import itertools
import json
import signal
import subprocess
import sys
import time

import pytest

from srcsel.base.errors import UnknownNameError
from srcsel.base.settings import load_settings
from srcsel.jobs import Board, starting
from srcsel.jobs.base import LANES, lane_lock
from srcsel.jobs.starting import LOST
from srcsel.store.features import open_features, open_runs

PICTURES = 600


def test_a_check_hands_back_what_the_folder_holds(jobs, picture_folder):
    (picture_folder / "red" / "broken.png").write_bytes(b"")
    job = jobs.board.submit("check", {"ref": str(picture_folder)})
    done = jobs.wait(job, "done")
    found = jobs.board.result(job)
    assert (found["images"], found["classes"], found["counts"]) == (
        36,
        ["blue", "green", "red"],
        [12, 12, 12],
    )
    assert found["unreadable"][0]["path"] == "red/broken.png"
    assert done.done == done.total > 0
    assert done.created <= done.started <= done.ended
    assert done.payload == {"ref": str(picture_folder)}


@pytest.mark.parametrize("busy", ["map", "inside", "suspects"])
def test_no_part_of_a_page_waits_for_another_part(jobs, picture_folder, busy):
    with lane_lock(jobs.board.folder, LANES[busy]):  # as a worker that is at a long job holds it
        waiting = jobs.board.submit(busy, {"run_id": "x", "model": "y", "method": "pca"})
        jobs.wait(jobs.board.submit("check", {"ref": str(picture_folder)}), "done")
        assert jobs.board.status(waiting).state == "queued"
        assert [kind for kind in LANES if LANES[kind] == LANES[busy]] == [busy]
        jobs.board.cancel(waiting)


def test_a_job_that_cannot_work_says_why(jobs, tmp_path):
    job = jobs.board.submit("check", {"ref": str(tmp_path / "nowhere")})
    failed = jobs.wait(job, "failed")
    assert "nowhere" in failed.error
    assert "Traceback" in jobs.board.log(job)


def test_an_unknown_kind_or_job_is_refused_by_name(jobs):
    with pytest.raises(UnknownNameError, match="rank"):
        jobs.board.submit("rnak", {})
    with pytest.raises(UnknownNameError):
        jobs.board.status("check-nothing")
    assert jobs.board.for_run("20260131-000000-000000-abcd") is None
    assert jobs.board.result("check-nothing") is None


def test_stop_within_a_batch_then_continue_without_doing_anything_twice(jobs):
    question = jobs.question("slow/one")
    job = jobs.board.submit("rank", question)
    assert job == question["run"]["id"]
    jobs.until(lambda: jobs.board.status(job).state in ("running", "failed") and jobs.rows() >= 96)
    jobs.board.cancel(job)
    asked = jobs.rows()
    stopped = jobs.wait(job, "cancelled")
    assert "Continue" in stopped.error
    assert jobs.rows() - asked <= 2 * 32  # the batch that ran, and one between asking and reading
    before = jobs.rows()
    assert not open_runs(load_settings()).load(job).complete
    assert jobs.board.resume(job) == job
    jobs.wait(job, "done")
    assert before < PICTURES
    assert jobs.rows() == PICTURES
    result = open_runs(load_settings()).load(job)
    assert result.complete
    assert {score.model for score in result.scores} == {"slow/one"}
    assert open_runs(load_settings()).projection(job, "slow/one", "umap").xy.shape == (PICTURES, 2)


def test_a_killed_worker_is_seen_by_polling_and_its_parts_are_kept(jobs):
    job = jobs.board.submit("rank", jobs.question("slow/one"))
    jobs.until(lambda: jobs.board.status(job).state == "failed" or jobs.rows() >= 300)
    lost = jobs.lose(job)
    assert lost.error == LOST
    assert lost.parts  # what was known stays on the page
    before = jobs.rows()
    jobs.board.resume(job)
    jobs.wait(job, "done")
    assert jobs.rows() - before == PICTURES - 256  # from the end of the first part
    folder = open_features(load_settings()).folder
    assert len(list(folder.glob("slow-one-*.safetensors"))) == 1
    assert len(list(folder.glob("pictures/slow-one-*/*.safetensors"))) == 2  # before, and after


def test_a_killed_race_goes_on_from_its_stages(jobs):
    """Three models that see alike: one is set aside after 75 of 600 pictures, as the budget has
    it.
    """
    question = jobs.question("slow/one", "slow/two", "slow/three")
    question["run"]["race"] = True
    job = jobs.board.submit("rank", question)
    jobs.until(lambda: jobs.board.status(job).state == "failed" or jobs.rows() >= 3 * 75 + 32)
    assert jobs.lose(job).error == LOST
    before = jobs.rows()
    jobs.board.resume(job)
    done = jobs.wait(job, "done")
    race = open_runs(load_settings()).load(job).race
    assert race.stages == (75, 150, 300, 600)
    assert [(left.pictures, left.why) for left in race.dropped] == [(75, "budget")]
    assert race.passes == 75 + 2 * 600
    # nothing of the first stage again
    assert race.passes - before <= jobs.rows() - before <= race.passes - 3 * 75
    assert {part.state for part in done.parts if part.name == race.dropped[0].model} == {"dropped"}
    assert jobs.board.result(job)["failed"] == 0


def test_a_worker_that_is_told_to_end_says_so_and_keeps_its_rows(jobs):
    job = jobs.board.submit("rank", jobs.question("slow/one"))
    jobs.until(lambda: jobs.board.status(job).state == "failed" or jobs.rows() >= 64)
    jobs.workers()[0].send_signal(signal.SIGTERM)
    ended = jobs.wait(job, "failed")
    assert "ended from outside" in ended.error
    assert list((open_features(load_settings()).folder / "pictures").rglob("*.safetensors"))


def test_one_failing_model_is_part_of_the_answer(jobs, monkeypatch):
    monkeypatch.setenv("SLOW_SECONDS", "0")
    monkeypatch.setenv("SLOW_BROKEN", "two")
    job = jobs.board.submit("rank", jobs.question("slow/two", "slow/one"))
    done = jobs.wait(job, "done")
    states = {part.name: part.state for part in done.parts}
    assert states.pop("slow/two") == "failed"
    assert states == dict.fromkeys(("pictures", "opening", "slow/one", "maps"), "done")
    result = open_runs(load_settings()).load(job)
    assert [(f.model, f.reason) for f in result.failures] == [
        ("slow/two", "The weights are broken.")
    ]
    assert jobs.board.result(job)["winner"] == "slow/one"
    drawn = jobs.board.submit("map", {"run_id": job, "model": "slow/one", "method": "pca"})
    jobs.wait(drawn, "done")
    assert jobs.board.result(drawn) == {"points": PICTURES}
    assert open_runs(load_settings()).projection(job, "slow/one", "pca").xy.shape == (PICTURES, 2)


def test_the_same_question_waits_once(jobs, picture_folder):
    first = jobs.board.submit("rank", jobs.question("slow/one"))
    same = jobs.board.submit("rank", jobs.question("slow/one"))
    other = jobs.board.submit("rank", jobs.question("slow/one", seed=1))
    assert first == same != other
    assert [job.id for job in jobs.board.active()] == [first, other]
    jobs.board.cancel(other)  # it waits, so it is gone at once
    assert jobs.board.status(other).state == "cancelled"
    jobs.board.cancel(first)
    jobs.wait(first, "cancelled")
    again = jobs.board.submit("rank", jobs.question("slow/one"))
    assert again not in (first, other)
    jobs.board.cancel(again)


def test_jobs_run_one_at_a_time_in_the_order_they_came(jobs, tmp_path, picture_folder):
    folders = [tmp_path / f"copy{i}" for i in range(5)]
    for folder in folders:
        folder.symlink_to(picture_folder)
    ids = [jobs.board.submit("check", {"ref": str(folder)}) for folder in folders]
    done = [jobs.wait(job, "done") for job in ids]
    for before, after in itertools.pairwise(done):
        assert before.ended <= after.started
    assert [job.id for job in jobs.board.recent(3)] == ids[::-1][:3]
    assert not jobs.board.active()
    assert len(jobs.workers("quick")) == 1


def test_a_folder_check_need_not_wait_for_a_long_run(jobs, picture_folder):
    long = jobs.board.submit("rank", jobs.question("slow/one"))
    check = jobs.board.submit("check", {"ref": str(picture_folder)})
    jobs.wait(check, "done")
    assert jobs.board.status(long).state in ("queued", "running")
    jobs.board.cancel(long)


def test_a_job_outlives_the_server_and_a_new_one_takes_over(jobs):
    """The first server is a process that submits and ends; the second is this test's board."""
    script = (
        "import json, sys; from pathlib import Path; from srcsel.jobs import Board;"
        "print(Board(Path(sys.argv[1])).submit('rank', json.loads(sys.argv[2])))"
    )
    command = [
        sys.executable,
        "-c",
        script,
        str(jobs.board.folder),
        json.dumps(jobs.question("slow/one")),
    ]
    env = starting._environment(jobs.board.folder)
    job = subprocess.run(
        command, check=True, capture_output=True, text=True, env=env
    ).stdout.strip()
    jobs.until(lambda: jobs.rows() >= 32)
    new = Board(jobs.board.folder)
    running = new.for_run(job)
    assert running.state == "running"
    assert running.total > 0
    assert not jobs.workers()  # it is nobody's child here
    new.cancel(job)
    jobs.wait(job, "cancelled", the_board=new)


def test_a_worker_that_finds_its_lane_taken_ends(jobs):
    """Two servers may each start one in the moment before the first holds the lock."""
    jobs.board.warm()
    with lane_lock(jobs.board.folder, "quick"):
        second = subprocess.run(
            [sys.executable, "-m", "srcsel.jobs.worker", str(jobs.board.folder), "quick"],
            env={**starting._environment(jobs.board.folder), "SRCSEL_WORKER_LINGER": "600"},
            timeout=60,
            check=False,
        )
    assert second.returncode == 0  # though with the lane it would linger


def test_a_job_is_found_by_what_it_asks(jobs, monkeypatch):
    monkeypatch.setattr(Board, "wake", lambda self: None)
    asked = {"run_id": "r", "model": "m", "method": "pca"}
    usual = jobs.board.submit("map", asked)
    more = jobs.board.submit("map", {**asked, "points": 9000})
    assert jobs.board.find("map", asked).id == usual
    assert jobs.board.find("map", {**asked, "points": 9000}).id == more
    assert jobs.board.find("map", {"run_id": "r"}) is None
    assert jobs.board.find("map", {"run_id": "r"}, exact=False).id == more  # the newest
    assert jobs.board.find("inside", {"run_id": "r"}, exact=False) is None


def test_a_waiting_job_survives_a_restart(jobs, picture_folder, monkeypatch):
    with monkeypatch.context() as patch:
        # the server ends before a worker was started
        patch.setattr(Board, "wake", lambda self: None)
        job = jobs.board.submit("check", {"ref": str(picture_folder)})
    new = Board(jobs.board.folder)
    assert new.active()[0].id == job
    jobs.wait(job, "done", the_board=new)


def test_two_servers_share_one_queue(jobs, tmp_path, picture_folder):
    """Four processes submit at once; every question is one job, and no two jobs of a lane run at a
    time.
    """
    folders = [tmp_path / f"copy{i}" for i in range(4)]
    for folder in folders:
        folder.symlink_to(picture_folder)
    script = (
        "import sys; from pathlib import Path; from srcsel.jobs import Board; b ="
        " Board(Path(sys.argv[1]));[b.submit('check', {'ref': f}) for f in sys.argv[2:]]"
    )
    env = starting._environment(jobs.board.folder)
    command = [sys.executable, "-c", script, str(jobs.board.folder), *map(str, folders)]
    servers = [subprocess.Popen(command, env=env) for _ in range(4)]
    assert [server.wait(60) for server in servers] == [0] * 4
    for job in jobs.board.recent(100):
        jobs.wait(job.id, "done")
    found = sorted(jobs.board.recent(100), key=lambda job: job.started)
    assert {job.payload["ref"] for job in found} == set(map(str, folders))
    for before, after in itertools.pairwise(found):
        assert before.ended <= after.started


def test_a_damaged_table_is_moved_aside_with_a_sentence(jobs, picture_folder):
    job = jobs.board.submit("check", {"ref": str(picture_folder)})
    jobs.wait(job, "done")
    for child in jobs.workers("quick"):
        child.wait(30)
    for path in jobs.board.folder.glob("board.sqlite*"):
        path.unlink()
    jobs.board.table.path.write_bytes(b"not a database at all" * 500)
    assert Board(jobs.board.folder).recent() == []
    assert "moved aside" in jobs.board.notices()[0]
    kept = list(jobs.board.folder.glob("board-damaged-*.sqlite"))
    assert len(kept) == 1
    assert kept[0].read_bytes().startswith(b"not a database")
    again = jobs.board.submit("check", {"ref": str(picture_folder)})
    jobs.wait(again, "done")


def test_a_worker_that_cannot_start_is_not_tried_for_ever(jobs, monkeypatch, picture_folder):
    with monkeypatch.context() as patch:
        patch.setattr(starting.sys, "executable", "/bin/false")
        job = jobs.board.submit("check", {"ref": str(picture_folder)})
        failed = jobs.wait(job, "failed")
    assert "cannot be started" in failed.error
    jobs.board.resume(job)
    jobs.wait(job, "done")


def test_an_idle_worker_ends_and_a_poll_with_nothing_to_do_is_cheap(jobs, picture_folder):
    jobs.wait(jobs.board.submit("check", {"ref": str(picture_folder)}), "done")
    assert jobs.workers("quick")[0].wait(30) == 0
    start = time.perf_counter()
    for _ in range(20):
        jobs.board.wake()
    assert (time.perf_counter() - start) / 20 < 0.05


def test_warm_starts_the_worker_before_there_is_a_job(jobs, monkeypatch):
    monkeypatch.setenv("SRCSEL_WORKER_LINGER", "60")
    jobs.board.warm()
    jobs.board.warm()
    assert len(jobs.workers()) == 1
    monkeypatch.setenv("SLOW_SECONDS", "0")
    job = jobs.board.submit("rank", jobs.question("slow/one"))
    jobs.until(lambda: jobs.board.status(job).state != "queued")
    assert len(jobs.workers()) == 1
    jobs.board.cancel(job)
