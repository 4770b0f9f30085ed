"""A run under way on the pages: rows, who is ahead in words, the sketch, how long it takes."""

import dataclasses
import time

import numpy as np
import pytest

from srcsel.base.records import Glimpse, JobStatus, Part, Prior
from srcsel.jobs.looks import write_glimpse
from srcsel.jobs.progress import GUESS
from srcsel.store.serialize import to_plain
from srcsel.ui.parts import live, watch

RUN_ID = "20260301-101500-000000-ab12"


def job(*parts, state="running", **known):
    return JobStatus(RUN_ID, "rank", state, 5, 10, "Running", parts=parts, **known)


def only(result, *models):
    """The answer when these models are scored."""
    keep = set(models)
    return dataclasses.replace(
        result,
        scores=tuple(s for s in result.scores if s.model in keep),
        literal=tuple(s for s in result.literal if s.model in keep),
        rankings=tuple(
            dataclasses.replace(
                r, models=tuple(m for m in r.models if m in keep), ranks=r.ranks[: len(keep)]
            )
            for r in result.rankings
        ),
        verdict=dataclasses.replace(result.verdict, winner=models[0] if models else None),
        complete=False,
    )


PARTS = (
    Part("pictures", "done", 30, 30),
    Part("demo/m0", "done"),
    Part("demo/m1", "scoring"),
    Part("demo/m2", "running", 10, 30),
    Part("demo/m3", "waiting"),
    Part("demo/m4", "failed", note="Out of memory."),
    Part("demo/m5", "stored"),
)


def glimpse(model="demo/m2", m=4):
    rows = tuple(range(0, 5 * m, 5))
    return Glimpse(
        model, 10, 30, {"silhouette": (0.1, 0.4), "supcon": (0.0, 1.0)}, rows, rows, rows
    )


def test_rows_stand_best_first_then_by_what_is_to_come(result):
    shown = live.shown(job(*PARTS), only(result, "demo/m5", "demo/m0"), glimpse())
    rows = {row["id"]: row for row in shown["models"]}
    assert list(rows) == ["demo/m5", "demo/m0", "demo/m1", "demo/m2", "demo/m3", "demo/m4"]
    assert [row["kind"] for row in rows.values()] == [
        *("finished", "finished", "at-work", "soon", "to-come", "to-come")
    ]
    assert [row["said"] for row in rows.values()] == [
        *("Reused from before", "Scored", "Scoring", "10 of 30", "Waiting", "Failed")
    ]
    assert [row["share"] for row in rows.values()] == [
        *(None, None, -1.0, pytest.approx(1 / 3), None, None)
    ]
    assert rows["demo/m4"]["full"] == "Out of memory."
    # of 30 pictures it has seen 10: a third of the way to what these say, from where the two
    # scored models begin, whose chances are their values less their gains
    starts = [
        s.value - s.gain
        for s in result.scores
        if s.measure == "silhouette" and s.model in ("demo/m0", "demo/m5")
    ]
    start = sum(starts) / 2
    assert rows["demo/m2"]["bars"] == {
        "silhouette": (pytest.approx(start), pytest.approx(start + 0.1)),
        "supcon": (pytest.approx(0), pytest.approx(1 / 3)),
    }
    assert rows["demo/m3"]["bars"] == {}
    assert [row["ahead"] for row in rows.values()] == [True, *[False] * 5]


def test_bars_of_scored_models_are_those_of_the_answer_whatever_a_glimpse_says(result):
    """A glimpse that is late speaks of a model that is scored by now."""
    shown = live.shown(job(*PARTS), only(result, "demo/m0", "demo/m2"), glimpse())
    rows = {row["id"]: row for row in shown["models"]}
    assert rows["demo/m2"]["kind"] == "finished"
    score = next(s for s in result.scores if (s.model, s.measure) == ("demo/m2", "silhouette"))
    assert rows["demo/m2"]["bars"]["silhouette"] == (
        pytest.approx(score.value - score.gain),
        score.value,
    )


def test_who_is_ahead_in_words(result):
    said = lambda scored: live.lead(job(*PARTS), list(PARTS[1:]), scored)  # noqa: E731
    assert said(None)[0] == "Getting the pictures ready"
    assert said(only(result)) == ("No model is scored yet", ", 5 models to go")
    assert said(only(result, "demo/m1")) == ("Scored so far: Textures", ", 4 models to go")
    two = only(result, "demo/m1", "demo/m0")
    assert said(two) == ("Ahead so far: Textures", ", 3 models to go")
    last = only(result, *(f"demo/m{i}" for i in (0, 1, 2, 3, 5)))
    assert said(last) == ("Ahead so far: Strokes", ", the answer is being written")


def test_a_yardstick_is_never_ahead(result):
    models = (dataclasses.replace(result.models[0], yardstick=True), *result.models[1:])
    alone = dataclasses.replace(only(result, "demo/m0"), models=models)
    assert live.lead(job(*PARTS), list(PARTS[1:]), alone)[0] == "No model is scored yet"
    shown = live.shown(job(*PARTS), alone, None)
    assert not any(row["ahead"] for row in shown["models"])


def test_the_sketch_has_a_dot_a_picture_in_the_colours_of_its_class(result):
    shown = live.shown(job(*PARTS), only(result, "demo/m0"), glimpse(m=6))
    assert shown["sketch"]["rows"] == [0, 5, 10, 15, 20, 25]
    assert shown["sketch"]["classes"] == [0, 0, 1, 1, 2, 2]  # ten pictures of each
    assert shown["names"] == {"0": "<b>*spot*<b>", "1": "mildew", "2": "rust"}
    assert "Colors sees the pictures so far." in shown["caption"]
    assert live.shown(job(*PARTS), only(result), None)["sketch"] is None


def test_pictures_that_the_run_does_not_have_are_not_drawn(result):
    """A glimpse of before: pictures were left out meanwhile."""
    rows = (0, 99, 29)
    late = dataclasses.replace(glimpse(), rows=rows, x=(1, 2, 3), y=(4, 5, 6))
    sketch = live.shown(job(*PARTS), only(result, "demo/m0"), late)["sketch"]
    assert [list(sketch[name]) for name in ("rows", "x", "y")] == [[0, 29], [1, 3], [4, 6]]
    assert sketch["classes"] == [0, 2]


def test_200_classes_keep_nine_colours(result):
    labels = np.arange(400) % 200
    dataset = dataclasses.replace(
        result.dataset,
        labels=labels,
        classes=tuple(f"class {i}" for i in range(200)),
        paths=tuple(map(str, range(400))),
    )
    many = dataclasses.replace(only(result), dataset=dataset)
    rows = tuple(range(400))
    shown = live.shown(job(*PARTS), many, Glimpse("demo/m2", 400, 400, {}, rows, rows, rows))
    assert len(shown["groups"]) == 10
    assert len(shown["names"]) == 9
    assert set(shown["sketch"]["groups"]) == set(range(10))


@pytest.fixture
def under_way(visit, stored, save, result, board, settle):
    """The results page of the run while it goes."""
    save(result, complete=False)
    run = dataclasses.replace(result.run, ref=result.dataset.ref)
    board.submit("rank", {"run": to_plain(run)})
    settle(
        RUN_ID, "running", parts=PARTS, seconds_left=40.0, seconds_least=5.0, told=time.time() + 60
    )
    return lambda key="results", **address: visit(key, run=RUN_ID, **address)


def test_a_run_under_way_is_one_card_and_no_verdict(under_way, words_of, board):
    write_glimpse(board.folder, RUN_ID, glimpse())
    tab = under_way()
    assert not tab.exception
    assert "about 40 s left" in words_of(tab)
    assert "Nothing is decided before all are scored" in words_of(tab)
    assert len(tab.get("bidi_component")) == 2  # the run, theme
    assert not tab.get("plotly_chart")
    assert "<h1" not in "".join(h.value for h in tab.html)
    assert "Start from" not in words_of(tab)


def test_a_reused_model_is_done_when_it_is_scored_and_stays_so(
    under_way, save, settle, result, words_of
):
    """Its features are there from the first; said to be done, it would be undone by its scoring."""
    parts = [Part(f"demo/m{i}", "stored") for i in range(5)]
    save(only(result, "demo/m0"), complete=False)
    settle(RUN_ID, "running", parts=parts)
    assert "1 of 5 models done" in words_of(under_way())
    parts[1] = Part("demo/m1", "scoring")
    settle(RUN_ID, "running", parts=parts)
    assert "1 of 5 models done" in words_of(under_way())


def test_what_the_order_rests_on_is_one_quiet_line(under_way, save, result):
    said = "The likeliest are tried first, by their published accuracy on ImageNet\\."
    assert said not in [caption.value for caption in under_way().caption]
    order = Prior(tuple(m.id for m in result.models))
    save(dataclasses.replace(result, prior=order), complete=False)
    assert said in [caption.value for caption in under_way().caption]


def test_stop_answers_at_once(under_way, words_of, board):
    tab = under_way()
    tab.button(key=f"stop-{RUN_ID}").click().run()
    assert board.status(RUN_ID).stopping
    assert "**Stopping**" in words_of(tab)
    assert "What is finished is kept" in words_of(tab)
    assert tab.button(key=f"stop-{RUN_ID}").label == "Stopping"
    assert tab.button(key=f"stop-{RUN_ID}").disabled


def test_the_models_page_shows_the_run_of_the_same_pictures(under_way, result, words_of):
    tab = under_way("models", images=result.dataset.ref)
    assert "A run on these pictures is under way" in words_of(tab)
    assert "about 40 s left" in words_of(tab)
    tab = under_way("models", images="demo:digits")
    assert "under way" not in words_of(tab)


@pytest.mark.parametrize(
    ("left", "least", "quiet", "said"),
    [
        (40.0, 5.0, 0.0, "about 40 s left"),
        (40.0, 5.0, 20.0, "about 20 s left"),  # it counts down
        (25.0, 20.0, 7.0, "about 20 s left"),  # not below what comes after this step
        (25.0, 20.0, 34.0, "this step takes longer than thought, then about 20 s"),
        (4.0, 0.0, 34.0, "this step takes longer than thought"),
        (None, None, 3.0, ""),
        (None, None, 34.0, "no news for 35 s"),
        (60.0, None, 2.0, "about 1 min left"),  # of a job whose steps are not known
        (60.0, None, 34.0, "about 1 min left when last heard 35 s ago"),
    ],
)
def test_the_time_left_is_honest_while_nothing_is_told(left, least, quiet, said):
    status = job(seconds_left=left, seconds_least=least, told=1000.0)
    assert watch.time_left(status, 1000.0 + quiet) == said


def test_a_rise_of_the_time_left_says_why():
    why = "ResNet-50 [a] takes longer than thought"
    status = job(seconds_left=90.0, seconds_least=5.0, told=1000.0, why=why)
    said = watch.time_left(status, 1000.0)
    assert said == r"about 2 min left: ResNet\-50 \[a\] takes longer than thought"
    assert watch.time_left(status, 1083.0) == "a few seconds left"


def test_a_first_guess_is_said_as_one_and_stands():
    status = job(seconds_left=45.0, seconds_least=45.0, told=1000.0, why=GUESS)
    for quiet in (0.0, 20.0):
        assert watch.time_left(status, 1000.0 + quiet) == "about 45 s left: a first guess"


def test_a_run_of_an_older_table_has_no_time_of_its_last_word():
    assert watch.time_left(job(seconds_left=60.0)) == "about 1 min left"


def test_a_queued_run_says_once_what_it_waits_for():
    """The head of the card says it."""
    waiting = dataclasses.replace(job(state="queued"), what="Next in the queue")
    assert live.lead(waiting, [], None) == ("No model is scored yet", "")


def test_before_the_worker_says_anything_its_models_stand_there():
    asked = job(payload={"run": {"models": ["demo/m0", "demo/m1"]}})
    rows = live.shown(live.announced(asked), None, None)["models"]
    assert [(row["id"], row["said"]) for row in rows] == [
        ("demo/m0", "Waiting"),
        ("demo/m1", "Waiting"),
    ]
    told = job(*PARTS, payload={"run": {"models": ["demo/m0"]}})
    assert live.announced(told) is told
