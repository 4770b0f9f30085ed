"""Pictures worth a look: the lists, ticking over all of them, the list to take away, leaving
out and giving other labels.
"""

import dataclasses

import pytest

from srcsel.base.records import Corrections, Suspect, Suspects, Unreadable
from srcsel.base.settings import load_settings
from srcsel.store import drafts
from srcsel.store.features import open_runs
from srcsel.store.serialize import from_plain
from srcsel.ui.explore import suspects

RUN_ID = "20260301-101500-000000-ab12"
FOUND = Suspects(
    models=("demo/m0", "demo/m1"),
    labels=(
        Suspect(12, "2 of 2 models place this with rust", 2, 2, strength=0.8),
        Suspect(3, "1 of 2", 1, 1),
    ),
    copies=(
        Suspect(5, "The same picture is also in rust", group=5, strength=1.0),
        Suspect(25, "The same picture is also in mildew", group=5, strength=1.0),
        Suspect(14, "The first of 2 alike", group=14),
        Suspect(15, "A copy of mildew/04.png", group=14),
    ),
    odd=(Suspect(7, "2 of 2 models find nothing like it", 2, strength=3.25),),
    tiny=(),
    notes=("One class has fewer than 5 pictures.",),
)
NOTHING = Suspects(("demo/m0",), (), (), (), ())


@pytest.fixture
def opened(visit, stored, monkeypatch):
    def open_with(found, **address):
        monkeypatch.setattr("srcsel.explore.suspects.stored", lambda result, store: found)
        return visit("explore", run=RUN_ID, view="suspects", **address)

    return open_with


def box(tab, row, which="labels"):
    (found,) = [
        b for b in tab.checkbox if str(b.key).startswith(f"suspects-tick-{RUN_ID}-{which}-{row}-")
    ]
    return found


def cards(tab):
    return [h.value for h in tab.html if "<figure>" in h.value]


def cards_of(tab):
    return [h.value for h in tab.html if "<figure" in h.value]


def test_each_list_shows_its_pictures_with_reason_and_box(opened, words_of):
    tab = opened(FOUND)
    assert not tab.exception
    assert "2 of 2 models place this with rust; it leads by 0.80<" in cards(tab)[0]
    assert "/12/320.jpg" in cards(tab)[0]
    assert [c.label for c in tab.checkbox] == ["Choose 02.png", "Choose 03.png"]
    assert "One class has fewer than 5 pictures" in words_of(tab)
    assert "Asked: Strokes, Textures" in words_of(tab)
    tab.segmented_control(key=f"suspects-list-{RUN_ID}").set_value("copies").run()
    assert len(cards(tab)) == 4
    assert "The same picture is also in rust" in cards(tab)[0]
    assert "&lt;b&gt;*spot*" in cards(tab)[0]
    assert "<b>*spot*" not in cards(tab)[0].replace("<b>&lt;", "")
    tab.segmented_control(key=f"suspects-list-{RUN_ID}").set_value("odd").run()
    assert "2 of 2 models find nothing like it; 3.2 deviations farther<" in cards(tab)[0]
    assert "The farthest come first" in words_of(tab)


def test_ticks_stay_over_the_lists_and_can_be_taken_back(opened):
    tab = opened(FOUND)
    box(tab, 12).check().run()
    tab.segmented_control(key=f"suspects-list-{RUN_ID}").set_value("copies").run()
    tab.button(
        key="suspects-select_all"
    ).click().run()  # a copy within a class; which of two labels is wrong, we ask
    assert suspects_of(tab) == {12, 15}
    assert box(tab, 15, "copies").value
    assert not box(tab, 25, "copies").value
    assert tab.button(key="correct-out").label == "Leave out 2 pictures"
    tab.segmented_control(key=f"suspects-list-{RUN_ID}").set_value("labels").run()
    assert box(tab, 12).value
    assert not box(tab, 3).value
    box(tab, 12).uncheck().run()
    assert suspects_of(tab) == {15}
    tab.button(key="suspects-close").click().run()
    assert suspects_of(tab) == set()
    assert not [b for b in tab.button if b.key == "correct-out"]
    assert not tab.exception


def suspects_of(tab):
    return set(tab.session_state["suspects.ticked"][1])


def test_the_worker_is_kept_warm_while_pictures_are_ticked(opened, monkeypatch):
    asked = []
    monkeypatch.setattr("srcsel.jobs.board.Board.warm", lambda self: asked.append("warm"))
    tab = opened(FOUND)
    before = len(asked)
    assert before
    box(tab, 12).check().run()
    assert len(asked) > before


def test_what_is_ticked_is_left_out_and_scored_again(opened, board, result, words_of):
    tab = opened(FOUND)
    tab.button(key="suspects-select_all").click().run()
    tab.button(key="correct-out").click().run()
    assert suspects_of(tab) == set()  # done with
    assert "Corrections: 2 pictures left out" in words_of(tab)
    assert '<figure class="marked">' in cards_of(tab)[0]
    assert "<em>left out</em>" in cards_of(tab)[0]
    tab.button(key="correct-again").click().run()
    (job,) = [job for job in board.recent(10) if job.kind == "rank"]
    run = from_plain(type(result.run), job.payload["run"])
    paths = result.dataset.paths
    assert run.left_out == tuple(sorted((paths[3], paths[12])))
    assert run.title == "leaves without 2 pictures"
    assert run.corrects == result.run.id
    assert run.id != result.run.id
    same = {"id": result.run.id, "created": result.run.created, "left_out": (), "title": "leaves"}
    assert dataclasses.replace(run, **same, corrects="") == result.run


def test_the_models_label_is_taken_at_once_for_those_that_they_place_elsewhere(opened, result):
    tab = opened(FOUND)
    box(tab, 12).check().run()
    tab.button(key="correct-suggested").click().run()
    assert not tab.exception
    assert "<em>now rust</em>" in cards_of(tab)[0]
    known = drafts.read(load_place(), "", Corrections()).now
    assert known == Corrections((), ((result.dataset.paths[12], "rust"),))


def load_place():
    return open_runs(load_settings()).drafts(RUN_ID)


def test_nothing_suspicious_is_said_kindly(opened, words_of):
    tab = opened(NOTHING)
    assert not tab.exception
    assert any("Nothing looks suspicious" in s.value for s in tab.success)
    assert not cards(tab)
    assert not tab.checkbox
    assert not [b for b in tab.button if str(b.key).startswith("correct-")]


def test_files_that_cannot_be_read_are_listed_with_the_reason(opened, save, result):
    bad = (Unreadable("rust/<i>x</i>.png", "It is empty."),)
    save(result, dataset=dataclasses.replace(result.dataset, unreadable=bad))
    tab = opened(NOTHING)
    assert tab.segmented_control(key=f"suspects-list-{RUN_ID}").value == "tiny"
    assert tab.dataframe[0].value["File"].tolist() == ["rust/<i>x</i>.png"]
    assert not tab.exception


def test_the_list_has_a_line_for_each_suspicion(result):
    unreadable = (Unreadable("rust/bad.png", "It is empty."),)
    lines = suspects.listing(dataclasses.replace(result.dataset, unreadable=unreadable), FOUND)
    assert list(lines.columns) == [
        "file",
        "label",
        "list",
        "suggestion",
        "models_agreeing",
        "models_asked",
        "strength",
        "reason",
    ]
    assert len(lines) == 8
    first = lines.iloc[0].to_dict()
    assert first == {
        "file": "mildew/02.png",
        "label": "mildew",
        "list": "Maybe wrong label",
        "suggestion": "rust",
        "models_agreeing": 2,
        "models_asked": 2,
        "strength": 0.8,
        "reason": "2 of 2 models place this with rust",
    }
    rows = lines.to_csv(index=False).splitlines()
    assert (
        rows[1]
        == "mildew/02.png,mildew,Maybe wrong label,rust,2,2,0.8,2 of 2 models place this with rust"
    )
    assert rows[3].endswith("Near copies,,,,,The same picture is also in rust")
    assert lines["file"].iloc[-1] == "rust/bad.png"


def test_many_are_paged(opened, monkeypatch):
    monkeypatch.setattr("srcsel.ui.explore.suspects.PAGE", 20)
    tab = opened(
        dataclasses.replace(NOTHING, labels=tuple(Suspect(i, "x", 1, 0) for i in range(30)))
    )
    assert len(cards(tab)) == len(tab.checkbox) == 20
    assert tab.get("pagination")
    tab.button(key="suspects-select_all").click().run()  # all of the list, also on the other pages
    assert suspects_of(tab) == set(range(30))


def test_the_worker_is_asked_once_where_there_are_no_lists(opened, board, words_of):
    tab = opened(None)
    (job,) = [job for job in board.recent(10) if job.kind == "suspects"]
    assert job.payload == {"run_id": RUN_ID}
    assert "Looking for pictures that deserve a second look" in words_of(tab)
    tab.run()
    assert len([job for job in board.recent(10) if job.kind == "suspects"]) == 1


def test_a_failed_search_says_why_and_offers_to_go_on(opened, board, settle, words_of):
    tab = opened(None)
    (job,) = [job for job in board.recent(10) if job.kind == "suspects"]
    settle(job.id, "failed", error="The pictures in <b>leaves</b> have changed.")
    tab.run()
    assert "have changed" in words_of(tab)
    assert "<b>leaves" not in words_of(tab)
    assert tab.button(key=f"continue-{job.id}")


def test_presenter_mode_shows_pictures_and_reasons_only(opened):
    tab = opened(FOUND)
    tab.toggle(key="presenter").set_value(True).run()
    assert not tab.exception
    assert len(cards(tab)) == 2
    assert not tab.checkbox
    assert not [b for b in tab.button if str(b.key).startswith("suspects-")]


def test_what_the_button_says_is_left_out_whatever_a_box_reports_with_it(opened, result):
    tab = opened(FOUND)
    box(tab, 12).check().run()
    tab.segmented_control(key=f"suspects-list-{RUN_ID}").set_value("copies").run()
    tab.button(key="suspects-select_all").click().run()
    assert tab.button(key="correct-out").label == "Leave out 2 pictures"
    box(tab, 15, "copies").uncheck()  # not redrawn yet, so its old state comes with the press
    tab.button(key="correct-out").click().run()
    known = drafts.read(load_place(), "", Corrections()).now
    assert set(known.left_out) == {result.dataset.paths[12], result.dataset.paths[15]}
