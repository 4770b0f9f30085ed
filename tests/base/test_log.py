"""The log: one JSON object a line, with run, job and person, bounded, and nothing that need not be
in it.
"""

import json
import logging

import pytest

from srcsel.base import log
from srcsel.base.errors import InputError


@pytest.fixture
def lines(tmp_path):
    """Begin a log; return what reads its lines."""
    path = log.begin(tmp_path / "log", "server")
    yield lambda: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    log.end()


def test_each_line_says_when_what_and_whose(lines):
    log.event("run asked", run="r1", job="j1", person="anna", models=3)
    log.event("server started")
    asked, started = lines()
    assert (asked["event"], asked["level"], asked["models"]) == ("run asked", "info", 3)
    assert (asked["run"], asked["job"], asked["person"]) == ("r1", "j1", "anna")
    assert (started["run"], started["job"], started["person"]) == ("", "", "")
    assert asked["time"].endswith("+00:00")


def test_what_modules_log_is_in_it_with_its_trace(lines):
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        logging.getLogger("srcsel.ui.server").exception("A page failed")
    (line,) = lines()
    assert line["level"] == "error"
    assert "ZeroDivisionError" in line["trace"]


def test_hostile_text_stays_on_one_line_and_short(lines):
    log.event("part failed", "warning", reason='a\nb"\u2028' + "x" * 9000)
    (line,) = lines()
    assert len(line["reason"]) <= log.LONGEST + 4


def test_where_no_log_was_begun_nothing_is_printed(monkeypatch, capsys):
    monkeypatch.setattr(log.LOG, "propagate", False)  # pytest listens at the root
    log.end()
    log.event("part failed", "warning", reason="no weights")
    assert capsys.readouterr().err == ""


def test_files_are_bounded(lines, tmp_path, monkeypatch):
    monkeypatch.setattr(log, "MOST", 2000)
    log.begin(tmp_path / "log", "small")
    for number in range(500):
        log.event("job done", job=f"j{number}")
    files = sorted((tmp_path / "log").glob("small*"))
    assert len(files) == log.BACK + 1
    assert all(path.stat().st_size <= 2000 for path in files)


@pytest.mark.parametrize(("level", "expected"), [("warning", ["b"]), ("", ["a", "b"]), ("off", [])])
def test_the_level_is_chosen(tmp_path, monkeypatch, level, expected):
    monkeypatch.setenv("SRCSEL_LOG", level)
    path = log.begin(tmp_path, "server")
    log.event("a")
    log.event("b", "warning")
    log.end()
    found = path.read_text().splitlines() if path else []
    assert [json.loads(line)["event"] for line in found] == expected


def test_a_level_that_is_none_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("SRCSEL_LOG", "loud")
    with pytest.raises(InputError, match="SRCSEL_LOG is debug, info"):
        log.begin(tmp_path, "server")


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "log").write_text("in the way")
    assert log.begin(tmp_path / "log", "server") is None
    log.event("a")
