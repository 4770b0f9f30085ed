"""A worker outlives its server; what it may open is what the next server says."""

from srcsel.base import access
from srcsel.base.settings import load_settings


def test_a_worker_from_before_takes_no_job_of_a_server_with_other_limits(jobs, monkeypatch):
    monkeypatch.setenv("SRCSEL_WORKER_LINGER", "120")
    access.announce(load_settings().jobs)
    first = jobs.board.submit("check", {"ref": str(jobs.pictures)})
    assert jobs.wait(first, "done").error == ""
    monkeypatch.setenv("SRCSEL_ROOTS", "nowhere")  # as the server that is started next
    access.announce(load_settings().jobs)
    second = jobs.board.submit("check", {"ref": str(jobs.pictures)})
    assert "opens no folders by path" in jobs.wait(second, "failed").error


def test_limits_are_announced_once_and_told_apart(work_folder, monkeypatch):
    place = load_settings().jobs
    assert access.outdated(place) is None
    access.announce(place)
    written = (place / "limits").stat().st_mtime_ns
    access.announce(place)
    assert access.outdated(place) is False
    assert (place / "limits").stat().st_mtime_ns == written
    for name in ("SRCSEL_ROOTS", "SRCSEL_WEIGHTS"):
        with monkeypatch.context() as other:
            other.setenv(name, "/elsewhere")
            assert access.outdated(place) is True
