"""Leaving pictures out and relabelling them, on Explore, in the drawer and on Results."""

import dataclasses

import numpy as np
import pytest

from srcsel.base.records import Corrections, Projection
from srcsel.store import drafts
from srcsel.store.serialize import from_plain
from srcsel.ui.parts import correcting, drawers
from srcsel.ui.parts.maps import Selection
from srcsel.verdict.correction import kept

RUN_ID = "20260301-101500-000000-ab12"


@pytest.fixture(autouse=True)
def looked(monkeypatch):
    for name in ("get_inside", "known_inside"):
        monkeypatch.setattr(f"srcsel.ui.parts.making.{name}", lambda result, model: None)
    monkeypatch.setattr("srcsel.ui.parts.making.known_guesses", lambda result: None)


@pytest.fixture
def opened(visit, stored):
    return lambda page="explore", **address: visit(page, run=RUN_ID, **address)


@pytest.fixture
def known(stored):
    return lambda: drafts.read(stored.drafts(RUN_ID), "", Corrections()).now


def select(tab, rows, how="lasso", run_id=RUN_ID):
    tab.session_state["explore.selection"] = (run_id, Selection(tuple(rows), how))
    return tab.run()


def keys(tab):
    return {str(b.key) for b in tab.button}


def test_without_a_choice_there_is_nothing_to_do(opened):
    assert not [key for key in keys(opened()) if key.startswith("correct-")]


def test_a_lasso_is_left_out_marked_kept_and_undone(opened, known, result, words_of):
    tab = select(opened(), [3, 4, 12])
    assert tab.button(key="correct-out").label == "Leave out 3 pictures"
    tab.button(key="correct-out").click().run()
    assert not tab.exception
    paths = result.dataset.paths
    assert known().left_out == tuple(sorted((paths[3], paths[4], paths[12])))
    assert sum(h.value.count("<em>left out</em>") for h in tab.html) == 3
    assert "correct-out" not in keys(tab)  # they all are
    again = opened()  # another tab
    assert "Corrections: 3 pictures left out" in words_of(again)
    again.button(key=f"correct-one-{paths[4]}").click().run()
    assert paths[4] not in known().left_out
    again.button(key="correct-none").click().run()
    assert not known()
    assert "No corrections any more" in words_of(again)
    again.button(key="correct-undo").click().run()
    assert len(known().left_out) == 2


def test_a_class_is_given_another_label_that_is_typed(opened, known, result, words_of):
    tab = opened(classes="1")
    assert tab.button(key="explore-all").label == "Select all of mildew"
    tab.button(key="explore-all").click().run()
    # AppTest cannot type what is not among the choices
    correcting.relabel(result, dict.fromkeys(range(10, 20), "  powdery   mildew "))
    tab.run()
    assert not tab.exception
    assert "powdery mildew" in tab.selectbox(key="correct-name").options
    assert {name for _, name in known().relabeled} == {"powdery mildew"}
    assert len(known().relabeled) == 10
    assert "No picture of mildew stays, so that is no class any more" in words_of(tab)
    tab = select(opened(), [10], "page")
    tab.session_state["correct-name"] = "mildew"  # its label in the folder is no correction
    tab.run().button(key="correct-give").click().run()
    assert len(known().relabeled) == 9


def test_what_cannot_be_ranked_cannot_be_run_and_says_why(opened, words_of):
    tab = select(opened(), range(20), "page")
    tab.button(key="correct-out").click().run()
    assert "All 10 pictures belong to one class" in words_of(tab)
    assert tab.button(key="correct-again").disabled
    tab = select(opened(), range(12), "page")
    tab.button(key="correct-none").click().run()
    tab.button(key="correct-out").click().run()
    assert "has fewer than 10 pictures" in words_of(tab)
    assert not tab.button(key="correct-again").disabled


def test_a_run_of_its_own_carries_the_corrections(opened, board, result):
    tab = select(opened(), [3], "find")
    tab.session_state["correct-name"] = "rust"
    tab.run().button(key="correct-give").click().run()
    tab.button(key="correct-again").click().run()
    (job,) = [job for job in board.recent(10) if job.kind == "rank"]
    run = from_plain(type(result.run), job.payload["run"])
    assert run.relabeled == ((result.dataset.paths[3], "rust"),)
    assert (run.left_out, run.corrects) == ((), RUN_ID)
    assert run.title == "leaves with 1 new label"


def test_a_corrected_run_knows_the_folder_it_came_from(visit, stored, result, words_of):
    out = result.dataset.paths[0]
    run = dataclasses.replace(
        result.run,
        id="20260302-101500-000000-cd34",
        corrects=RUN_ID,
        left_out=(out,),
        relabeled=((result.dataset.paths[1], "rust"),),
    )
    rows = np.arange(1, 30)
    labels = result.dataset.labels.copy()
    labels[1] = 2  # as the run relabels it
    part = dataclasses.replace(result.dataset, labels=labels).take(rows, "d2")
    stored.save(dataclasses.replace(result, run=run, dataset=part, before=kept(result)))
    xy = np.random.default_rng(0).uniform(-1, 1, (29, 2)).astype(np.float32)
    for model in result.models:
        drawn = Projection(model.id, "umap", 0, np.arange(29), xy)
        stored.save_projection(run.id, drawn)
    place = stored.drafts(run.id)
    tab = visit("explore", run=run.id)
    assert not tab.exception
    assert "This run: 1 picture left out, 1 with another label" in words_of(tab)
    assert tab.button(key="correct-again").disabled  # as it is, it was asked already
    tab.button(key=f"correct-one-{out}").click().run()
    assert drafts.read(place, "", run.corrections).now == Corrections((), run.relabeled)
    assert "Since then: 1 picture taken in again" in words_of(tab)
    tab = select(tab, [0], run_id=run.id)  # in the folder it is of class 0
    tab.session_state["correct-name"] = result.dataset.classes[0]
    tab.run().button(key="correct-give").click().run()
    assert not drafts.read(place, "", run.corrections).now


@pytest.fixture
def corrected(stored, result):
    """A run that leaves out one picture and gives another a new label, its answer before beside."""
    out, new = result.dataset.paths[:2]
    run = dataclasses.replace(
        result.run,
        id="20260302-101500-000000-cd34",
        corrects=RUN_ID,
        title="leaves without 1 picture, with 1 new label",
        left_out=(out,),
        relabeled=((new, "rust"),),
    )
    part = result.dataset.take(np.arange(1, 30), "d2")
    notes = ("You left out 1 picture.", "You gave 1 picture another label.", "Else.")
    found = dataclasses.replace(result, run=run, dataset=part, before=kept(result), notes=notes)
    stored.save(found)
    return found


def test_results_say_once_what_was_corrected(corrected, visit, words_of):
    text = words_of(visit("results", run=corrected.run.id)).replace("\\", "")
    assert "**leaves**: 29 pictures in 3 classes" in text
    assert text.count("1 picture left out, 1 with another label: the verdict") == 1
    assert "Else." in text
    for again in ("left out by hand", "You left out", "You gave", "new label"):
        assert again not in text


def test_without_the_answer_before_the_line_of_the_pictures_says_it(
    corrected, stored, visit, words_of
):
    stored.save(dataclasses.replace(corrected, before=None))
    text = words_of(visit("results", run=corrected.run.id)).replace("\\", "")
    assert "29 pictures in 3 classes, 1 left out by hand and 1 given another label" in text
    assert "You left out" not in text


def test_on_results_waiting_corrections_stand_in_one_line(corrected, visit, stored, words_of):
    place, run = stored.drafts(corrected.run.id), corrected.run.corrections
    more = Corrections(tuple(sorted((*run.left_out, corrected.dataset.paths[5]))), run.relabeled)
    drafts.change(place, "", drafts.read(place, "", run), more)
    tab = visit("results", run=corrected.run.id)
    assert "**Corrected since: 1 picture left out**" in words_of(tab)
    assert "This run:" not in words_of(tab)
    assert "A run of its own" not in words_of(tab)  # the button's help says it
    assert "Nothing on disk is touched" in tab.button(key="correct-again").help
    assert not tab.button(key="correct-again").disabled


def test_presenter_mode_only_shows(opened):
    tab = select(opened(), [3])
    tab.button(key="correct-out").click().run()
    tab.toggle(key="presenter").set_value(True).run()
    assert not tab.exception
    assert not [key for key in keys(tab) if key.startswith("correct-")]


def test_the_drawer_corrects_its_picture(opened, known, stored, result, monkeypatch):
    given = {}
    monkeypatch.setattr(drawers, "_component", lambda: lambda **told: given.update(told))
    opened(picture="6")
    assert given["data"]["classes"] == ["<b>*spot*<b>", "mildew", "rust"]
    assert (given["data"]["facts"]["out"], given["data"]["facts"]["mark"]) == (False, "")
    path = result.dataset.paths[6]
    for said, after in (
        ({"row": 6, "act": "out"}, Corrections((path,))),
        ({"row": 6, "act": "label", "label": "rust"}, Corrections((), ((path, "rust"),))),
        ({"row": 6, "act": "back"}, Corrections()),
    ):
        assert correcting.from_drawer(result, said)
        assert known() == after
    for said in (None, [], {}, {"row": True, "act": "out"}, {"row": 30, "act": "out"}, {"row": 6}):
        assert not correcting.from_drawer(result, said)
    assert not known()
    correcting.from_drawer(result, {"row": 6, "act": "out"})
    opened(picture="6")
    assert (given["data"]["facts"]["out"], given["data"]["facts"]["mark"]) == (True, "left out")


def test_results_says_before_and_after_in_words_and_bars(opened, save, result, words_of):
    run = dataclasses.replace(result.run, left_out=("x/1.png", "x/2.png"), corrects="gone")
    save(result, run=run, before=kept(result))
    tab = opened("results")
    assert not tab.exception
    said = "2 pictures left out: the verdict is the same, start from Strokes"
    assert said in words_of(tab).replace("\\", "")
    assert "Thin outlines: before the correction." in words_of(tab)
