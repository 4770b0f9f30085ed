"""More pictures? on the results page: a button, the job, the sentence with its chart."""

import dataclasses

import pytest

from srcsel.base.records import Accuracy, Ahead, Curve, CurvePoint, Outlook
from srcsel.base.settings import load_settings
from srcsel.evidence import outlook
from srcsel.store.features import open_features
from srcsel.store.serialize import to_plain

RUN_ID = "20260301-101500-000000-ab12"  # of the fixture `result`
TEXT = "Twice as many pictures would bring Strokes about 3 points (1 to 5)."


@pytest.fixture
def measured(save, result):
    told = tuple(Accuracy(m.id, (0.7,), 0.7, 0.6, 0.8) for m in result.models)
    return save(result, accuracies=told)


@pytest.fixture
def known(measured):
    points = tuple(CurvePoint(k, v, v - 0.1, v + 0.1) for k, v in ((2.0, 0.5), (8.0, 0.7)))
    ahead = (Ahead(2.0, 16.0, 0.73, 0.6, 0.83, 0.03, 0.01, 0.05),)
    found = Outlook(RUN_ID, (Curve("demo/m0", points, ahead),), (), TEXT)
    memory = open_features(load_settings()).memory
    memory.remember(outlook.KIND, outlook._question(measured), {}, to_plain(found))
    return found


def said(page):
    return [m.value for m in page.markdown if "More pictures?" in m.value]


def test_it_is_worked_out_on_demand_by_the_worker(visit, measured, board):
    page = visit("results", run=RUN_ID)
    assert not page.exception
    assert not [
        job for job in board.recent(10) if job.kind == "curve"
    ]  # the page alone asks nothing
    page.button(key="more-go").click().run()
    (job,) = [job for job in board.recent(10) if job.kind == "curve"]
    assert job.payload == {"run_id": RUN_ID}
    page.run()
    assert len([job for job in board.recent(10) if job.kind == "curve"]) == 1
    assert not [b for b in page.button if b.key == "more-go"]
    assert page.button(key=f"stop-{job.id}")


def test_what_went_wrong_is_said_and_can_go_on(visit, measured, board, settle):
    page = visit("results", run=RUN_ID)
    page.button(key="more-go").click().run()
    (job,) = [job for job in board.recent(10) if job.kind == "curve"]
    settle(job.id, "failed", error="The pictures <b>have</b> changed.")
    page.run()
    assert any("have" in e.value and "<b>" not in e.value for e in page.error)
    assert page.button(key=f"continue-{job.id}")


def test_the_sentence_and_the_chart_show_once_it_is_known(visit, known):
    page = visit("results", run=RUN_ID)
    (text,) = said(page)
    assert "about 3 points" in text
    assert not [b for b in page.button if b.key == "more-go"]
    chart = next(c for c in page.get("plotly_chart") if "growth" in str(c.proto.id))
    assert TEXT in chart.proto.alt


def test_presenter_mode_shows_what_is_known_and_offers_nothing(visit, measured):
    page = visit("results", run=RUN_ID)
    page.toggle(key="presenter").set_value(True).run()
    assert said(page) == []


def test_a_run_without_accuracies_is_not_asked(visit, stored):
    page = visit("results", run=RUN_ID)
    assert said(page) == []


def test_names_are_escaped(visit, save, measured, known):
    models = tuple(dataclasses.replace(m, title="<i>*x*</i>") for m in measured.models)
    save(measured, models=models)
    page = visit("results", run=RUN_ID)
    assert not page.exception
