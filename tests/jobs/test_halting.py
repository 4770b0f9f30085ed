"""Stop answers at once, also where the work itself would not for a long time."""

import time

from srcsel.base.records import Glimpse
from srcsel.base.settings import load_settings
from srcsel.jobs import halting
from srcsel.jobs.looks import read_glimpse, write_glimpse

LONG = 120.0  # seconds of one batch
AT_ONCE = 30.0  # on a computer that is very busy; 2 where it is not


def test_a_batch_that_takes_minutes_is_left(jobs, monkeypatch):
    monkeypatch.setenv("SLOW_SECONDS", str(LONG))
    job = jobs.board.submit("rank", jobs.question("slow/one"))
    jobs.until(lambda: any(p.state == "running" for p in jobs.board.status(job).parts))
    time.sleep(0.5)  # it is in its batch
    (worker,) = [one for one in jobs.workers() if one.poll() is None]  # one may have misfired
    start = time.monotonic()
    jobs.board.cancel(job)
    assert jobs.board.status(job).stopping
    jobs.wait(job, "cancelled")
    assert time.monotonic() - start < AT_ONCE
    assert worker.wait(AT_ONCE) == 0  # no misfire, and the lane is free
    assert not jobs.board.status(job).stopping
    monkeypatch.setenv("SLOW_SECONDS", "0")
    jobs.board.resume(job)
    jobs.wait(job, "done")


def test_work_that_stops_by_itself_is_not_ended(monkeypatch, tmp_path):
    """What stops within its patience keeps its worker, for the next job."""
    left = []
    monkeypatch.setattr(halting.os, "_exit", left.append)
    monkeypatch.setattr(halting, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(halting, "_is_to_stop", lambda table, job: True)
    monkeypatch.setattr(halting, "_stopped", lambda *_: True)
    monkeypatch.setattr(halting, "PATIENCE", 60.0)
    with halting.halting(None, "job"):
        time.sleep(0.1)
    assert left == []
    monkeypatch.setattr(halting, "PATIENCE", 0.01)
    with halting.halting(None, "job"):
        end = time.monotonic() + AT_ONCE
        while not left and time.monotonic() < end:
            time.sleep(0.01)
    assert left == [0]


def test_a_glimpse_goes_with_its_job(jobs):
    folder = load_settings().jobs
    job = jobs.board.submit("rank", jobs.question("slow/one"))
    jobs.until(lambda: jobs.board.glimpse(job) is not None)
    glimpse = jobs.board.glimpse(job)
    assert (glimpse.model, glimpse.total) == ("slow/one", jobs.board.status(job).parts[2].total)
    jobs.wait(job, "done")
    jobs.until(lambda: jobs.board.glimpse(job) is None)
    write_glimpse(folder, job, Glimpse("m", 1, 2, {}, (), (), ()))
    (folder / "looks" / f"{job}.json").write_text("{")  # cut off
    assert read_glimpse(folder, job) is None
