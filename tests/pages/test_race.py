"""The fast answer on the pages: the switch and what it asks, the race on the results page, the
exact run after it.
"""

import dataclasses

import numpy as np
import pytest

from srcsel.base.records import Dropped, Failure, Race
from srcsel.runs import race_rules as rules
from srcsel.ui.models import starting
from srcsel.ui.results import race as drawn
from srcsel.verdict import doubt


@pytest.fixture
def many(monkeypatch):
    """Folders of any size can have a race."""
    monkeypatch.setattr(rules, "no_race", lambda counts, models, stored=0: "")


@pytest.fixture
def raced(result, save):
    """The run as a race: two models in full, one set aside, two surely behind, one yardstick; 30
    pictures.
    """
    ids = result.run.models
    full = set(ids[:2])
    chosen = {
        name: tuple(s for s in getattr(result, name) if s.model in full)
        for name in ("scores", "literal")
    }
    partial = {m: tuple(s for s in result.scores if s.model == m) for m in ids}
    left = tuple(
        Dropped(ids[i], seen, ids[0], behind, why, partial[ids[i]])
        for i, seen, behind, why in (
            (5, 8, 100.0, "yardstick"),
            (4, 8, 100.0, "behind"),
            (3, 8, 99.0, "behind"),
            (2, 15, 93.0, "budget"),
        )
    )
    titles = {m.id: m.title for m in result.models}
    rankings = tuple(
        dataclasses.replace(r, models=ids[:2], ranks=(1, 2), close=ids[:1]) for r in result.rankings
    )
    race = Race((8, 15, 30), 3, 6, left, passes=99, exact=180)
    return save(
        result,
        **chosen,
        run=dataclasses.replace(result.run, race=True),
        rankings=rankings,
        failures=tuple(Failure(d.model, "", doubt.reason(d, titles, 30)) for d in left),
        notes=(doubt.summary(race),),
        race=race,
    )


def html_of(tab):
    return "\n".join(e.proto.body for e in tab.get("html"))


def switch(tab):
    return tab.toggle(key="models-fast")


def test_off_unless_asked_for_and_asked_for_by_one_press(visit, board, picture_folder, many):
    tab = visit("models", images=str(picture_folder), models="demo")
    assert switch(tab).value is False
    assert "--race" not in tab.code[-1].value
    switch(tab).set_value(True).run()
    assert tab.query_params["fast"] == "on"
    assert tab.code[-1].value.endswith("--models demo --race")
    next(button for button in tab.button if button.label.startswith("Score")).click().run()
    assert board.active()[0].payload["run"]["race"] is True


def test_on_for_the_strongest_models_and_off_by_one_press(visit, picture_folder, many):
    tab = visit("models", images=str(picture_folder), models="strongest")
    assert switch(tab).value is True
    assert "--race" in tab.code[-1].value
    switch(tab).set_value(False).run()
    assert tab.query_params["fast"] == "off"
    assert "--race" not in tab.code[-1].value


def test_a_link_says_whether(visit, picture_folder, many):
    assert (
        switch(visit("models", images=str(picture_folder), models="demo", fast="on")).value is True
    )


def test_few_pictures_have_no_race_and_the_switch_says_so(visit, picture_folder, words_of):
    tab = visit("models", images=str(picture_folder), models="demo", fast="on")
    assert "With 3 classes a race saves time from about 320 pictures on" in words_of(tab).replace(
        "\\", ""
    )


def test_the_price_is_that_of_a_race(result):
    labels = np.arange(900) % 3
    paths = tuple(f"{row}.png" for row in range(900))
    listing = dataclasses.replace(result.dataset, paths=paths, labels=labels)
    models = [dataclasses.replace(result.models[0], id=f"demo/m{k}", gmacs=2.0) for k in range(10)]

    def seconds(race):
        return starting.pace_for(listing, models, {"race": race}).foretold(900)

    assert seconds(True) == pytest.approx(seconds(False) / 3, rel=0.3)


def test_the_race_shows_with_the_answer(raced, visit, words_of):
    tab = visit("results", run=raced.run.id)
    said = words_of(tab)
    assert "Fast answer: 4 of 6 models left early, 81 of 180 forward passes" in said.replace(
        "\\", ""
    )
    told = html_of(tab)
    assert (
        "Dropped after 8 of 30 pictures: behind the leader, Strokes, in 99 of 100 re-checks."
        in told
    )
    assert "Set aside after 15 of 30 pictures to save time, not ruled out" in told
    assert "A yardstick, dropped after 8 of 30 pictures" in told
    assert "Could not be scored" not in said
    assert said.count("Fast answer") == 1
    assert any(code.value.endswith("--race") for code in tab.code)


def test_partial_scores_are_marked_and_stand_apart(raced):
    rows = drawn.partial(raced, raced.race)
    assert rows["Starting model"].tolist() == ["Colors", "Shapes", "Untrained", "Shuffled labels"]
    assert rows["Pictures seen"].tolist() == [15, 8, 8, 8]
    assert rows["Left because"].tolist() == [
        "Set aside to save time",
        "Behind the leader",
        "Behind the leader",
        "A yardstick",
    ]
    assert rows["MSC, partial"].tolist() == pytest.approx([0.22, 0.17, 0.02, 0.05])
    assert not [name for name in rows if "rank" in name.lower()]


def test_all_can_be_scored_in_full_afterwards(raced, visit, board):
    tab = visit("results", run=raced.run.id)
    tab.button(key="race-in-full").click().run()
    run = board.active()[0].payload["run"]
    assert run["race"] is False
    assert run["models"] == list(raced.run.models)
    assert run["id"] != raced.run.id
    assert tab.query_params["run"] == run["id"]


def test_a_race_under_way_says_its_stage(raced, save, visit, words_of):
    under_way = dataclasses.replace(raced.race, stage=1, dropped=raced.race.dropped[:3])
    save(raced, race=under_way, complete=False, notes=())
    said = words_of(visit("results", run=raced.run.id)).replace("\\", "")
    assert (
        "Stage 2 of 3: 15 of 30 pictures, 3 of 6 models in the race, 66 forward passes saved so far"
        in said
    )


def test_history_says_which_answers_were_fast(raced, visit):
    assert visit("history").dataframe[0].value["How sure"].tolist() == [
        "Clear choice (fast answer)"
    ]
