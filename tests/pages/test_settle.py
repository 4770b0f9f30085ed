"""Settling on the results page: the offer, how it goes, what was measured, when it is silent."""

import dataclasses
import re

import pytest

from srcsel.base.records import Accuracy, Gap, Part, Protocol, Settled, Verdict
from srcsel.base.settings import load_settings
from srcsel.runs.settled import listed_so, remember
from srcsel.store.features import open_runs
from srcsel.ui.results.settle import NO_LIMIT, price_of

RUN_ID = "20260301-101500-000000-ab12"
TWO = ("demo/m0", "demo/m1")
TIE = Verdict("tie", TWO[0], "Start from Strokes. Text.", {}, TWO, why="Too *close*.")
PROTOCOL = Protocol("finetune", seeds=(0, 1, 2))
CLEAR = Settled(
    TWO,
    PROTOCOL,
    (Accuracy(TWO[1], (0.7,) * 3, 0.7, 0.65, 0.75), Accuracy(TWO[0], (0.6,) * 3, 0.6, 0.55, 0.65)),
    (Gap(TWO[0], 0.1, 0.05, 0.15),),
    (TWO[1],),
    TWO[1],
    "clear",
)


def ready(tab):
    assert not tab.exception, tab.exception
    return tab


def html_of(tab):
    return "\n".join(h.value for h in tab.html)


def keys(tab):
    return {button.key for button in tab.button}


@pytest.fixture
def results(visit, save, result):
    """Open the run with another verdict: results(verdict)."""

    def show(verdict=TIE, settled=None, **address):
        changed = save(result, verdict=verdict)
        if settled is not None:
            remember(changed, settled, load_settings())
        return ready(visit("results", run=RUN_ID, **address))

    return show


def test_a_tie_ends_in_a_button_with_its_price(results, board, result):
    tab = results()
    button = tab.button(key="settle-start")
    assert button.label.startswith("Settle it: train these two for real, about ")
    button.click().run()
    (job,) = [job for job in board.recent() if job.kind == "settle"]
    assert job.payload == {"run_id": RUN_ID, "minutes": 10}
    assert "settle-start" not in keys(ready(tab))


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (5, "5 min of about 40 min"),  # no order can be told until then
        (60, "about 40 min to 1 h"),
        (NO_LIMIT, "about 40 min to 1 h 20 min"),
    ],
)
def test_the_price_is_what_the_press_does(minutes, said):
    assert price_of(2400, 4800, minutes) == said
    assert price_of(240, 480, 5) == "about 4 min to 5 min"
    assert price_of(299, 301, 10) == "about 5 min"
    assert price_of(1750, 4000, 30) == "about 30 min"  # not "about 29 min to 30 min"


def test_what_takes_longer_than_the_time_allowed_says_so(visit, save, result, board, words_of):
    large = tuple(dataclasses.replace(m, gmacs=5000.0) for m in result.models)
    save(result, verdict=TIE, models=large, seconds_per_picture={})
    tab = ready(visit("results", run=RUN_ID))
    said = r"An order is told after three trainings of each, about \d+ h"
    button = tab.button(key="settle-start")
    assert re.search(r"Settle it: .* for real, about \d+ h.* to \d+ h", button.label)
    assert tab.segmented_control(key="settle-minutes").value == NO_LIMIT  # no other would do
    assert not re.search(said, words_of(tab))
    tab.segmented_control(key="settle-minutes").set_value(10).run()
    button = tab.button(key="settle-start")
    assert re.search(r"Begin to settle it: .* for real, 10 min of about \d+ h", button.label)
    assert re.search(said, words_of(tab))
    tab.segmented_control(key="settle-minutes").set_value(NO_LIMIT).run()
    tab.button(key="settle-start").click().run()
    (job,) = [job for job in board.recent() if job.kind == "settle"]
    assert job.payload == {"run_id": RUN_ID, "minutes": None}


def test_while_it_goes_it_can_be_stopped_and_then_continued(results, board, settle, words_of):
    tab = results()
    tab.button(key="settle-start").click().run()
    (job,) = [job for job in board.recent() if job.kind == "settle"]
    said = "Training Strokes, round 1 of at most 6: step 4 of 90"
    settle(job.id, "running", parts=[Part("demo/m0", "running", 4, 540, said)], done=7, total=1000)
    tab.run()
    assert said in html_of(ready(tab))
    assert f"stop-{job.id}" in keys(tab)
    settle(job.id, "cancelled")
    tab.run()
    assert f"continue-{job.id}" in keys(ready(tab))


def test_what_was_measured_stands_in_the_card(results, words_of):
    tab = results(settled=CLEAR)
    assert ">Start from Textures</h1>" in html_of(tab)
    said = words_of(tab).replace("\\", "")
    assert "**Measured: Textures reached 70 % (65 to 75), 10.0 points (5.0 to 15.0) more" in said
    assert "By the scores alone Strokes and Textures were too close to call." in said
    assert "settle-start" not in keys(tab)


@pytest.mark.parametrize("ended", ["", "time"])
def test_what_is_unfinished_says_nothing_and_can_go_on(results, words_of, ended):
    once = dataclasses.replace(CLEAR, gaps=(), winner=None, ended=ended)
    tab = results(settled=once)
    assert ">Start from Strokes</h1>" in html_of(tab)
    assert "Measured" not in words_of(tab)
    assert "nothing is settled yet" in words_of(tab)
    assert "settle-start" in keys(tab)


def test_where_time_was_spent_more_can_be_given(results, words_of):
    late = dataclasses.replace(CLEAR, close=(TWO[1], TWO[0]), winner=None, ended="time")
    tab = results(settled=late)
    assert "The time allowed is spent; more may tell." in words_of(tab).replace("\\", "")
    assert "settle-start" in keys(tab)


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict("clear", TWO[0], "Text.", {}, TWO[:1]),
        Verdict("cannot tell", TWO[0], "Text.", {}, TWO, cause="yardstick"),
        Verdict("cannot tell", TWO[0], "Text.", {}, TWO[:1], cause="alone"),
    ],
)
def test_no_offer_where_there_is_nothing_to_settle(results, verdict):
    assert "settle-start" not in keys(results(verdict))


def test_a_class_of_one_picture_is_said_instead(visit, save, result, words_of):
    labels = result.dataset.labels.copy()
    labels[labels == 2] = 1
    labels[-1] = 2
    save(result, verdict=TIE, dataset=dataclasses.replace(result.dataset, labels=labels))
    tab = ready(visit("results", run=RUN_ID))
    assert "has one picture only" in words_of(tab)
    assert "settle-start" not in keys(tab)


def test_within_a_limit_nothing_is_offered(results):
    assert "settle-start" not in keys(results(cost="params", limit="1"))


def test_the_report_says_it_too(results):
    from srcsel.report.make import stored, write

    results(settled=CLEAR)
    html = write({"run_id": RUN_ID}).decode()
    assert "<h1>Start from Textures</h1>" in html
    assert "Measured: Textures reached 70 %" in html
    assert ">Measured</p>" in html
    run = open_runs(load_settings()).load(RUN_ID)
    assert stored({"run_id": RUN_ID}, run, load_settings()) == html.encode()
    late = dataclasses.replace(CLEAR, ended="")
    remember(run, late, load_settings())
    assert stored({"run_id": RUN_ID}, run, load_settings()) is None


def test_history_says_it_was_measured(results, visit, result):
    results(settled=CLEAR)
    runs = open_runs(load_settings())
    (before,) = runs.list()
    assert (before.winner_title, before.measured) == ("Strokes", False)
    listed_so(runs.load(RUN_ID), runs, load_settings())
    (after,) = runs.list()
    assert (after.winner_title, after.kind, after.measured) == ("Textures", "clear", True)
    assert runs.load(RUN_ID).verdict.winner == TWO[0]  # the run itself is as it was
    tab = ready(visit("history"))
    (row,) = tab.dataframe[0].value.to_dict("records")
    assert "Measured" in row.values()


def test_what_names_other_models_counts_as_absent(results):
    tab = results(settled=dataclasses.replace(CLEAR, close=("demo/other",)))
    assert "settle-start" in keys(tab)
