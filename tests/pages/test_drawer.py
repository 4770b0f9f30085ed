"""The drawer: a picture with its label, its nearest in two models, and what each model took it
for.
"""

import dataclasses

import numpy as np
import pytest

from srcsel.base.records import Inside
from srcsel.runs.taken import Taken
from srcsel.ui.parts import drawers, making
from srcsel.ui.parts.show import figure

RUN_ID = "20260301-101500-000000-ab12"


def inside_of(model: str, shift: int) -> Inside:
    """Picture i of 30 has the six after i + shift - 1 as neighbours; every third is named class
    0.
    """
    rows = np.arange(30)
    return Inside(
        model,
        (rows[:, None] + shift + np.arange(6)) % 30,
        np.linspace(0.9, 0.4, 6, dtype=np.float32) * np.ones((30, 1), np.float32),
        np.where(rows % 3 == 0, (rows // 10 + 1) % 3, rows // 10),
        *(np.zeros(30, np.float32) for _ in range(2)),
    )


@pytest.fixture
def given(monkeypatch):
    """What the drawer is given."""
    found = {}
    monkeypatch.setattr(drawers, "_component", lambda: lambda **known: found.update(known))
    return found


@pytest.fixture
def known(monkeypatch):
    """Two models have looked at every picture, four said what they took ten of them for."""
    there = {"demo/m0": inside_of("demo/m0", 1), "demo/m1": inside_of("demo/m1", 4)}
    monkeypatch.setattr(making, "known_inside", lambda result, model: there.get(model))
    guess = np.array([[0] * 10, [1] * 10, [0] * 10, [2] * 10])
    models = ("demo/m0", "demo/m1", "demo/m2", "demo/m5")
    monkeypatch.setattr(making, "known_guesses", lambda _: Taken(models, np.arange(10), guess))


@pytest.fixture
def unknown(monkeypatch):
    """Nobody has looked at the pictures yet."""
    for place in ("srcsel.explore.inside", "srcsel.runs.taken"):
        monkeypatch.setattr(f"{place}.stored", lambda *_: None)


def test_a_picture_has_its_label_path_and_nearest_in_both_models(visit, stored, given, known):
    tab = visit("explore", run=RUN_ID, picture="6")
    assert not tab.exception
    facts = given["data"]["facts"]
    assert facts["row"] == 6
    assert facts["label"] == "<b>*spot*<b>"
    assert facts["path"].endswith("/leaves/<b>*spot*<b>/06.png")
    first, second = facts["near"]
    assert (first["title"], second["title"]) == ("Strokes", "Textures")
    assert first["told"] == (
        "3 of 6 neighbours share its label. By the vote of the nearest five it would be mildew."
    )
    assert second["told"].startswith("0 of 6 neighbours share its label.")
    assert [one["row"] for one in first["pictures"]] == [7, 8, 9, 10, 11, 12]
    assert [one["same"] for one in first["pictures"]] == [True] * 3 + [False] * 3
    assert first["pictures"][0]["likeness"] == "0.90"
    assert facts["wait"] == ""


def test_what_each_model_took_it_for_yardsticks_last_and_not_counted(result, known):
    control = dataclasses.replace(result.models[1], yardstick=True)
    changed = dataclasses.replace(result, models=(result.models[0], control, *result.models[2:]))
    found = drawers.taken_by(changed, 6, making.known_guesses(changed))
    assert found["told"].startswith("2 of 3 models name its class.")
    assert [(one["title"], one["guess"], one["right"]) for one in found["models"]] == [
        ("Strokes", "<b>*spot*<b>", True),
        ("Colors", "<b>*spot*<b>", True),
        ("Shuffled labels", "rust", False),
        ("Textures", "mildew", False),
    ]


def test_a_picture_that_was_not_asked_about_shows_no_guesses(visit, stored, given, known):
    visit("results", run=RUN_ID, picture="20")
    facts = given["data"]["facts"]
    assert facts["taken"] is None
    assert len(facts["near"]) == 2
    assert given["data"]["side"] == "left"  # the map stands at the right


@pytest.mark.parametrize("picture", ["30", "-1", "x", "9" * 12])
def test_a_picture_that_is_not_there_opens_nothing(visit, stored, given, known, picture):
    tab = visit("explore", run=RUN_ID, picture=picture)
    assert not tab.exception
    assert given["data"]["facts"] is None


def test_what_takes_long_begins_when_it_is_asked_for_and_not_before(
    visit, stored, given, board, unknown, words_of, monkeypatch
):
    monkeypatch.setattr("srcsel.explore.inside.foretold", lambda *_: 5400.0)
    tab = visit("explore", run=RUN_ID, picture="3")
    assert [job.kind for job in board.active()] == ["taken"]
    said = "Finding neighbours among all 30 pictures takes about 1 h 30 min on this"
    assert given["data"]["facts"]["wait"].startswith("Asking the models")  # what each took it for
    job = board.find("taken", {"run_id": RUN_ID})
    assert job is not None
    board.cancel(job.id)
    tab.run()
    assert given["data"]["facts"]["wait"].startswith(said)
    assert "neighbours among all 30 pictures are not known yet for this model" in words_of(tab)
    tab.button(key="inside-demo/m0").click().run()
    assert [(j.kind, j.payload["model"]) for j in board.active()] == [("inside", "demo/m0")]
    assert "Looking at every picture with this model" in words_of(tab)


def test_what_is_missing_is_asked_of_the_worker_once_and_said(visit, stored, given, board, unknown):
    visit("explore", run=RUN_ID, picture="3").run()
    facts = given["data"]["facts"]
    assert facts["label"] == "<b>*spot*<b>"
    assert facts["near"] == []
    assert facts["wait"].startswith("Asking the models about this picture.")
    asked = [(job.kind, job.payload.get("model")) for job in board.active()]
    assert sorted(asked, key=str) == [
        ("inside", "demo/m0"),
        ("inside", "demo/m1"),
        ("taken", None),
    ]


def test_a_failed_answer_is_said(visit, stored, given, board, settle, unknown):
    visit("explore", run=RUN_ID, picture="3")
    for job in board.active():
        settle(job.id, "failed", error="The pictures have changed. Run it again.")
    visit("explore", run=RUN_ID, picture="3")
    assert given["data"]["facts"]["wait"] == "The pictures have changed. Run it again."


def test_others_who_look_see_no_folders_of_this_computer(visit, stored, given, known, monkeypatch):
    monkeypatch.setattr(drawers, "shared", lambda: True)
    visit("explore", run=RUN_ID, picture="6")
    assert given["data"]["facts"]["path"] == "<b>*spot*<b>/06.png"


def test_the_picture_of_another_run_is_forgotten(visit, stored, result, given, known):
    other = dataclasses.replace(result.run, id="20260302-101500-000000-cd34")
    stored.save(dataclasses.replace(result, run=other))
    tab = visit("results", run=RUN_ID, picture="6")
    tab.query_params["run"] = other.id
    assert not tab.run().exception
    assert given["data"]["facts"] is None


def test_a_figure_is_opened_by_the_drawer_and_is_no_link_to_a_file():
    made = figure("f" * 24, 7, 'a"<b>.png', "r&b")
    assert '<b title="r&amp;b">r&amp;b</b>' in made  # whole on hover, where it is cut off
    assert "target=" not in made
    assert f'<a href="#" data-set="{"f" * 24}" data-picture="7"' in made
    assert 'data-file="a&quot;&lt;b&gt;.png" data-label="r&amp;b"' in made


def test_a_figure_says_the_class_once_and_the_whole_name_under_the_pointer():
    made = figure("f" * 24, 7, "026_oak/1.png", "026_oak")
    assert '<span title="026_oak/1.png"><bdi>1.png</bdi></span>' in made
    assert "<bdi>other/1.png</bdi>" in figure("f" * 24, 7, "other/1.png", "oak")
