"""The guided tour: five steps over the finished example, in the address, with a way back and out
everywhere.
"""

import dataclasses

import pytest

from srcsel.base.settings import load_settings
from srcsel.store import features
from srcsel.store.runs import RunStore
from srcsel.ui.app import frame
from srcsel.ui.app.navigation import STATIC
from srcsel.ui.app.tour import EXPERIMENT, MEASURED, STEPS


def press(tab, label):
    next(button for button in tab.button if button.label == label).click()
    tab.run()
    assert not tab.exception, tab.exception
    return tab


def said(tab) -> str:
    return "\n".join(m.value for m in tab.markdown)


def test_every_step_is_on_a_page_that_is_there():
    assert len(STEPS) == 5
    assert {step.page for step in STEPS} <= {entry.key for entry in frame.PAGES}


def test_the_stylesheet_frames_what_each_step_speaks_of():
    sheet = (STATIC / "tour.css").read_text()
    for target in {step.target for step in STEPS} - {""}:
        assert f":has(.st-key-tour-at-{target}) .st-key-{target}" in sheet


def test_from_home_to_the_last_step_and_out(visit, example):
    tab = press(visit(), "Take the tour (2 minutes)")
    for number, step in enumerate(STEPS, start=1):
        assert f"**{step.title}** · step {number} of 5" in said(tab)
        assert step.text in said(tab)
        assert tab.query_params["tour"] == str(number)
        if step.page != "images":
            assert tab.query_params["run"] == example
        if number < len(STEPS):
            press(tab, "Next")
    assert "Your pictures stay on this computer." in said(tab)
    assert "Next" not in [b.label for b in tab.button]
    press(tab, "Done")
    assert "tour" not in tab.query_params
    assert "step 5" not in said(tab)


def test_it_promises_nothing_of_pictures_that_a_cluster_reads(visit, example, monkeypatch):
    monkeypatch.setenv("SRCSEL_RAY", "10.0.0.5:6379")
    tab = press(visit(), "Take the tour (2 minutes)")
    for _ in STEPS[1:]:
        press(tab, "Next")
    assert STEPS[-1].text in said(tab)
    assert "Your pictures stay" not in said(tab)


@pytest.fixture
def experiment(example, result):
    """The experiment's butterflies shipped too, and newer than the example."""
    run = dataclasses.replace(
        result.run, id=EXPERIMENT, created="2026-09-01T10:00:00+00:00", ref="demo:butterflies"
    )
    RunStore(features.EXAMPLES).save(dataclasses.replace(result, run=run))


def test_the_fourth_step_opens_what_was_measured_and_the_way_back_the_example(
    visit, example, experiment
):
    tab = press(visit(), "Take the tour (2 minutes)")
    assert tab.query_params["run"] == example
    tab = press(visit("explore", run=example, tour="3"), "Next")
    assert tab.query_params["run"] == EXPERIMENT
    assert "**Is it true?** · step 4 of 5" in said(tab)
    assert MEASURED in said(tab)
    tab = press(visit("evidence", run=EXPERIMENT, tour="4"), "Back")
    assert tab.query_params["run"] == example
    assert "**A closer look** · step 3 of 5" in said(tab)


def test_back_leads_one_step_back(visit, example):
    assert "**The map** · step 2 of 5" in said(
        press(visit("explore", run=example, tour="3"), "Back")
    )
    tab = press(visit("results", run=example, tour="2"), "Back")
    assert "**The answer** · step 1 of 5" in said(tab)
    assert next(b for b in tab.button if b.label == "Back").disabled


def test_a_reload_keeps_the_step(visit, example):
    assert "**A closer look** · step 3 of 5" in said(visit("explore", run=example, tour="3"))


def test_on_another_page_the_tour_waits(visit, example):
    tab = visit("history", tour="3")
    assert "The tour waits for you." in said(tab)
    assert STEPS[2].text not in said(tab)
    press(tab, "Go on with the tour")
    assert tab.title[0].value == "Explore"


def test_on_another_run_the_tour_waits(visit, example, result):
    other = dataclasses.replace(result.run, id="20260305-000000-000000-0001")
    RunStore(load_settings().runs).save(dataclasses.replace(result, run=other))
    tab = visit("results", run=other.id, tour="1")
    assert "The tour waits for you." in said(tab)
    press(tab, "Go on with the tour")
    assert tab.query_params["run"] == example


def test_end_ends_it_where_it_is(visit, example):
    tab = press(visit("results", run=example, tour="2"), "End tour")
    assert "step" not in said(tab)
    assert tab.query_params["run"] == example


@pytest.mark.parametrize("step", ["0", "6", "-1", "x", "1.0", ""])
def test_a_step_that_is_none_is_forgotten(visit, example, step):
    assert "of 5" not in said(visit("history", tour=step))


def test_without_an_example_there_is_no_tour(visit):
    tab = visit("history", tour="2")
    assert "of 5" not in said(tab)
    assert "Take the tour (2 minutes)" not in [b.label for b in visit().button]
