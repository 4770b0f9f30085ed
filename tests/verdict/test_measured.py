"""What was measured, in words and in the verdict, against numbers written by hand."""

import dataclasses

import numpy as np
import pytest

import srcsel
from srcsel.base.records import Accuracy, Dropped, Failure, Gap, Protocol, Race, Settled, Verdict
from srcsel.verdict.measured import answered, badge, contest, sentence, unfinished, why_not
from srcsel.verdict.wording import headline

THREE = ("good", "fair", "poor")


@pytest.fixture
def tie():
    """A run of three models, of which the verdict cannot tell any apart."""
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    centers = rng.standard_normal((3, 8))
    sets = {name: rng.standard_normal((90, 8)) + centers[y] for name in THREE}
    result = srcsel.rank_features(sets, y)
    verdict = Verdict("tie", "good", "Start from good. Text.", {}, THREE, why="Text.")
    run = dataclasses.replace(result.run, ref="pictures")
    return dataclasses.replace(result, run=run, verdict=verdict)


def trained(count, **means):
    return tuple(Accuracy(m, (v,) * count, v, v - 0.031, v + 0.029) for m, v in means.items())


CLEAR = Settled(
    THREE,
    Protocol("finetune", seeds=(0, 1, 2)),
    (*trained(3, fair=0.731), *trained(3, good=0.71), *trained(2, poor=0.6)),
    (Gap("good", 0.021, 0.004, 0.038), Gap("poor", 0.13, 0.06, 0.2)),
    ("fair",),
    "fair",
    "clear",
)
OPEN = dataclasses.replace(
    CLEAR,
    accuracies=(*trained(6, fair=0.731, good=0.72), *trained(2, poor=0.6)),
    gaps=(Gap("good", 0.011, -0.01, 0.032), Gap("poor", 0.13, 0.06, 0.2)),
    close=("fair", "good"),
    winner=None,
    ended="most",
)


def settled(result, known):
    return dataclasses.replace(result, settled=known)


def test_a_clear_order(tie):
    said = (
        "Measured: fair reached 73 % (70 to 76), 2.1 points (0.4 to 3.8) more than good, in 8"
        " trainings on 10 pictures of each class."
    )
    assert sentence(CLEAR, tie) == said
    result = answered(settled(tie, CLEAR))
    verdict = result.verdict
    assert (verdict.kind, verdict.winner, verdict.close) == ("clear", "fair", ("fair",))
    assert verdict.measured == said
    assert verdict.why == f"{said} By the scores alone good, fair and poor were too close to call."
    assert verdict.text == f"Start from fair. {verdict.why}"
    assert (headline(result), badge(verdict)) == ("Start from fair", "Measured")
    assert tie.verdict.winner == "good"  # what the scores said is as it was


def test_still_too_close(tie):
    said = (
        "Measured: fair (73 %, 70 to 76) and good (72 %, 68 to 75) still cannot be told apart, at"
        " most 3.2 points between them, in 14 trainings on 10 pictures of each class. poor fell"
        " behind. More pictures would tell more than further trainings."
    )
    assert sentence(OPEN, tie) == said
    verdict = answered(settled(tie, OPEN)).verdict
    assert (verdict.kind, verdict.winner) == ("tie", "good")  # the cheaper one, as before
    assert badge(verdict) == "Measured: too close to call"
    late = dataclasses.replace(OPEN, ended="time")
    assert sentence(late, tie).endswith("The time allowed is spent; more may tell.")


def test_the_one_named_before_fell_behind(tie):
    gone = dataclasses.replace(
        OPEN,
        close=("fair", "poor"),
        accuracies=(*trained(6, fair=0.731, poor=0.72), *trained(2, good=0.6)),
        gaps=(Gap("poor", 0.011, -0.01, 0.032), Gap("good", 0.13, 0.06, 0.2)),
    )
    verdict = answered(settled(tie, gone)).verdict
    assert (verdict.winner, verdict.notes) == ("fair", ())


def test_it_makes_no_difference(tie):
    same = dataclasses.replace(
        OPEN, gaps=(Gap("good", 0.0, -0.01, 0.01), OPEN.gaps[1]), winner="good", ended="alike"
    )
    assert "it makes no difference, at most 1.0 point between them, in 14" in sentence(same, tie)
    assert sentence(same, tie).endswith("good costs no more than the others.")
    unsure = dataclasses.replace(tie.verdict, kind="cannot tell", cause="alike")
    verdict = answered(settled(dataclasses.replace(tie, verdict=unsure), same)).verdict
    assert (verdict.kind, verdict.winner, verdict.cause) == ("tie", "good", "")


def test_no_choice_stays_none_where_it_is_still_open(tie):
    unsure = dataclasses.replace(tie.verdict, kind="cannot tell", cause="alike")
    result = answered(settled(dataclasses.replace(tie, verdict=unsure), OPEN))
    assert headline(result) == "No clear choice yet"
    assert result.verdict.text.startswith("No clear choice yet. Measured: fair (73 %")


@pytest.mark.parametrize("ended", ["", "failed"])
def test_what_is_not_over_says_nothing(tie, ended):
    known = dataclasses.replace(CLEAR, ended=ended)
    assert answered(settled(tie, known)).verdict == tie.verdict
    assert unfinished(settled(tie, known))


def test_one_round_says_nothing_whatever_ended_it(tie):
    once = dataclasses.replace(CLEAR, gaps=(), ended="time")
    result = settled(tie, once)
    assert answered(result).verdict == tie.verdict
    assert unfinished(result).startswith("The time allowed was spent before each model")


def test_trainings_of_other_models_say_nothing(tie):
    other = dataclasses.replace(CLEAR, models=("good", "fair"))
    assert answered(settled(tie, other)).verdict == tie.verdict


def test_twice_is_once(tie):
    for known in (CLEAR, OPEN):
        once = answered(settled(tie, known))
        assert answered(once).verdict == once.verdict


def test_few_pictures_are_not_promised(tie):
    few = dataclasses.replace(tie.dataset, labels=np.repeat([0, 1, 2], 11))
    assert "on at most 10 pictures" in sentence(CLEAR, dataclasses.replace(tie, dataset=few))
    enough = dataclasses.replace(tie.dataset, labels=np.repeat([0, 1, 2], 12))
    assert "on 10 pictures" in sentence(CLEAR, dataclasses.replace(tie, dataset=enough))


def test_what_could_not_be_trained_is_said(tie):
    broken = dataclasses.replace(CLEAR, failures=(Failure("poor", "", "It broke."),))
    assert answered(settled(tie, broken)).verdict.why.endswith(
        "poor could not be trained: It broke."
    )


def test_who_is_trained(tie):
    assert contest(tie) == THREE
    many = tuple(f"m{i}" for i in range(9))
    alike = dataclasses.replace(tie.verdict, kind="cannot tell", cause="alike", close=many)
    assert contest(dataclasses.replace(tie, verdict=alike)) == many[:5]
    for cause in ("same", "chance", "yardstick"):
        unsure = dataclasses.replace(alike, cause=cause)
        assert contest(dataclasses.replace(tie, verdict=unsure)) == ()
    aside = Dropped("fair", 20, "good", 70.0, "budget")
    raced = dataclasses.replace(
        tie,
        verdict=dataclasses.replace(tie.verdict, close=("good",)),
        race=Race((20, 90), 2, 3, (aside, dataclasses.replace(aside, model="poor", behind=99.0))),
    )
    assert contest(raced) == ("good", "fair")  # set aside, and maybe as good
    assert why_not(raced) == ""


def test_it_goes_into_the_json(tie):
    told = srcsel.to_json(settled(tie, CLEAR))
    assert told["headline"] == "Start from fair"
    assert told["verdict"]["winner"] == "fair"
    assert told["verdict"]["measured"] in told["verdict"]["text"]
    gap = {"model": "good", "mean": 0.021, "low": 0.004, "high": 0.038}
    assert told["settled"]["gaps"][0] == gap
    assert srcsel.to_json(tie)["settled"] is None
    assert srcsel.to_json(settled(tie, dataclasses.replace(CLEAR, ended="")))["settled"] is None
