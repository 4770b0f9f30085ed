import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from srcsel.base import phrases
from srcsel.base.records import Failure, Part
from srcsel.jobs.base import lane_lock
from srcsel.store.serialize import to_plain
from srcsel.ui.parts import watch, words

PARTS = (
    Part("pictures", "done", 30, 30),
    Part("pixels/thumbnail", "downloading", 120_000_000, 350_000_000),
    Part("timm/resnet18.a1_in1k", "running", 640, 1240),
    Part("demo/<b>x</b>", "failed", note="Out of memory."),
    Part("maps", "waiting"),
)


@pytest.fixture
def job(board, result) -> str:
    return board.submit("rank", {"run": to_plain(result.run)})


@pytest.fixture
def panel(job):
    """The panel of the run on a page of its own."""
    return lambda: AppTest.from_string(
        f"from srcsel.ui.parts import watch\nwatch.watch_run({job!r})"
    ).run()


def table(tab) -> str:
    return next(html.value for html in tab.html if 'class="srcsel-parts"' in html.value)


def labels(tab) -> list[str]:
    return [button.label for button in tab.button]


def test_a_waiting_job_says_so_and_can_be_stopped(panel, words_of, board, job):
    tab = panel()
    assert "Getting ready" in words_of(tab)
    tab.button[0].click().run()
    assert board.status(job).state == "cancelled"


def test_a_job_behind_another_says_what_it_waits_for(panel, settle, board, result, words_of, job):
    first = board.submit(
        "rank", {"run": to_plain(dataclasses.replace(result.run, id="earlier", seed=7))}
    )
    settle(first, "running")
    waiting = lane_lock(board.folder, "compute")
    with waiting:  # as the worker of the first holds it
        assert "Next in the queue" in words_of(panel())


def test_a_running_job_has_a_row_for_each_model(panel, settle, job, words_of):
    settle(job, "running", parts=PARTS, done=30, total=100, seconds_left=190)
    tab = panel()
    rows = table(tab)
    for text in (
        "Downloading 120 MB of 350 MB",
        "Looking at pictures, 640 of 1,240",
        "Waiting",
        "Failed",
        "width:52%",
    ):
        assert text in rows
    assert "<b>x</b>" not in rows
    assert "&lt;b&gt;x&lt;/b&gt;" in rows
    assert "0 of 3 models done, 1 failed, about 3 min left" in words_of(tab)
    assert "the work goes on" in words_of(tab)
    assert tab.progress[0].value == 30


def test_who_left_a_race_is_counted_and_says_why(panel, settle, job, words_of):
    why = "Dropped after 62 of 500 pictures: behind the leader, <b>x</b>, in 100 of 100 re-checks."
    race = Part("race", "running", 1, 4, "Stage 2 of 4")
    settle(
        job,
        "running",
        parts=[race, Part("demo/textures", "dropped", 62, 500, why), *PARTS[1:3]],
        total=1000,
    )
    tab = panel()
    assert "0 of 3 models done, 1 dropped" in words_of(tab)
    assert "The race" in table(tab)
    assert (
        "Dropped after 62 of 500 pictures: behind the leader, &lt;b&gt;x&lt;/b&gt;, in 100"
        in table(tab)
    )
    assert 'style="width:12%"' in table(tab)  # what it saw


def test_a_failed_model_keeps_its_reason_and_details(panel, settle, job, stored, save, result):
    save(
        result,
        failures=(Failure("demo/<b>x</b>", "", "Out of memory.", "Traceback: the end"),),
        complete=False,
    )
    settle(job, "running", parts=PARTS)
    tab = panel()
    assert "Failed: Out of memory." in table(tab)
    assert tab.expander[0].label == "Copy details"
    assert tab.code[0].value == "demo/<b>x</b>\nOut of memory.\nTraceback: the end"


def test_a_stopped_job_can_be_continued(panel, settle, job, board):
    settle(job, "cancelled", parts=PARTS)
    tab = panel()
    assert "What was finished is kept" in tab.info[0].value
    assert labels(tab) == ["Continue"]
    tab.button[0].click().run()
    assert board.status(job).state == "queued"


def test_a_lost_worker_is_told_in_its_words(panel, settle, job):
    settle(job, "failed", error="The worker stopped *unexpectedly*.")
    tab = panel()
    assert tab.error[0].value == r"The worker stopped \*unexpectedly\*\."
    assert labels(tab) == ["Continue"]


def test_a_finished_job_and_an_unknown_run_draw_nothing(panel, settle, job, board):
    settle(job, "done", parts=PARTS)
    tab = panel()
    assert not tab.html
    assert not tab.button
    assert (
        not AppTest.from_string("from srcsel.ui.parts import watch\nwatch.watch_run('nope')")
        .run()
        .exception
    )


def test_only_an_active_job_is_polled(settle, job, board, monkeypatch):
    asked = []
    monkeypatch.setattr(
        watch.st,
        "fragment",
        lambda look, run_every: asked.append(run_every) or (lambda *given: None),
    )
    watch.watch_job(board.status(job))
    settle(job, "failed", error="x")
    watch.watch_job(board.status(job))
    assert asked == [watch.EVERY, None]


def test_the_page_is_drawn_again_when_a_model_finished_or_the_job_ended(
    settle, job, board, monkeypatch
):
    drawn = []
    monkeypatch.setattr(watch.st, "rerun", lambda: drawn.append("again"))
    settle(job, "running", parts=PARTS)
    look = lambda had: watch._look(job, True, had, lambda status: None)  # noqa: E731
    look(2)
    assert drawn == []  # pictures and the failed model had finished before
    look(1)
    assert drawn == ["again"]
    settle(job, "done", parts=PARTS)
    look(2)
    assert drawn == ["again", "again"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (2, "a few seconds"),
        (12, "10 s"),
        (58, "1 min"),
        (230, "4 min"),
        (3600, "1 h"),
        (4790, "1 h 20 min"),
    ],
)
def test_durations(seconds, text):
    assert phrases.duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "under 1 MB"), (609_500_000, "610 MB"), (1_440_000_000, "1.4 GB")]
)
def test_sizes(size, text):
    assert words.megabytes(size) == text


def test_dates_are_told_as_people_say_them():
    now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    local = now.astimezone()
    assert phrases.when(now.isoformat(), now) == f"today {local:%H:%M}"
    assert phrases.when((now - timedelta(days=1)).isoformat(), now) == f"yesterday {local:%H:%M}"
    assert phrases.when((now - timedelta(days=40)).isoformat(), now) == "21 Jan 2026"
    assert phrases.when("no date", now) == ""


def test_shares():
    assert [words.share(part) for part in PARTS] == [
        1.0,
        pytest.approx(12 / 35),
        pytest.approx(64 / 124),
        0.0,
        0.0,
    ]
    assert words.progress(Part("maps", "running", 1, 5)) == "Drawing, 1 of 5"
    assert (
        words.progress(dataclasses.replace(PARTS[4], state="stored")) == "Done, reused from before"
    )
