"""The rules of a race, by values worked out by hand."""

import numpy as np
import pytest

from srcsel.base.records import Dropped, Race, Score, SourceModel, Verdict
from srcsel.runs import race_rules as rules
from srcsel.runs.race_rules import Leaving, Place
from srcsel.verdict import doubt


def test_order_is_a_stratified_permutation():
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    order = rules.order(labels, seed=3)
    np.testing.assert_array_equal(np.sort(order), np.arange(100))
    np.testing.assert_array_equal(np.bincount(labels[order[:6]]), [2, 2, 2])
    for size in (20, 50, 80):
        assert (
            np.abs(
                np.bincount(labels[order[:size]], minlength=3) - size * np.array([0.6, 0.3, 0.1])
            ).max()
            <= 1
        )
    np.testing.assert_array_equal(order, rules.order(labels, seed=3))
    assert (order != rules.order(labels, seed=4)).any()


def test_a_class_of_one_picture_comes_early():
    labels = np.array([0] * 50 + [1])
    assert 50 in rules.order(labels)[:3]


@pytest.mark.parametrize(
    ("counts", "stages"),
    [
        ([50] * 10, (62, 125, 250, 500)),  # 60 at least: six of each of ten classes
        ([60] * 8, (60, 120, 240, 480)),
        ([160, 160], (40, 80, 160, 320)),  # 40 at least
        ([159, 160], ()),  # its first stage, 79, would be a quarter of all
        ([10] * 100, ()),  # its first stage, 1,000, would be all
        ([500] * 10, (78, 156, 312, 625, 1250, 2500, 5000)),
    ],
)
def test_stages_double_up_to_all(counts, stages):
    assert rules.stages(np.array(counts)) == stages
    assert bool(rules.no_race(np.array(counts), 10)) == (not stages)


def test_there_is_no_race_of_two():
    assert "Two models are always scored in full" in rules.no_race(np.array([500, 500]), 2)
    assert rules.no_race(np.array([500, 500]), 3) == ""


def test_stored_models_leave_nothing_to_race():
    said = rules.no_race(np.array([500, 500]), 0, 10)
    assert said.startswith("What 10 models made of these pictures was there already, and two ")
    assert rules.no_race(np.array([500, 500]), 3, 10) == ""


def test_the_budget_is_a_third_for_ten_models():
    assert rules.budget(10, 600) == 10 * 600 // 3
    assert rules.budget(2, 600) == 1200
    assert rules.budget(5, 600) == 1200 + 300
    assert rules.budget(1, 600) == 600


def score(model, values, measure="supcon"):
    return Score(
        model, measure, "whitened", float(np.mean(values)), rechecks=np.array(values, float)
    )


def test_places_count_the_rechecks_before_the_leader():
    """SCL alone, lower is better: a leads on average; b is level in one of four and before it in
    one.
    """
    scores = [score("c", [5, 5, 5, 5]), score("b", [2, 1, 0.5, 3]), score("a", [1, 1, 1, 1])]
    assert rules.places(scores) == [Place("a", 0.0), Place("b", 50.0), Place("c", 100.0)]


def test_yardsticks_are_placed_beside_the_others_and_never_lead():
    scores = [score("y", [0, 0, 2, 2]), score("a", [1, 1, 1, 1]), score("b", [3, 3, 3, 3])]
    assert rules.places(scores, {"y"}) == [Place("a", 0.0), Place("b", 100.0), Place("y", 50.0)]


def test_a_model_without_the_measures_has_no_place():
    scores = [score("a", [1, 1]), score("b", [2, 2]), score("a", [1, 1], "knn")]
    assert [place.model for place in rules.places(scores)] == ["a"]
    assert rules.places([]) == []


LINE = [
    Place("a", 0.0),
    Place("b", 100.0),
    Place("c", 60.0),
    Place("d", 98.0),
    Place("e", 99.0),
    Place("f", 100.0),
]


def leave(line=LINE, free=(), yardsticks=(), used=0, allowed=10_000, sizes=(100, 200, 800)):
    return rules.leaving(
        line, free=set(free), yardsticks=set(yardsticks), sizes=sizes, used=used, allowed=allowed
    )


def test_who_is_surely_behind_leaves_but_two_stay():
    assert leave() == [Leaving(LINE[5], "behind"), Leaving(LINE[4], "behind")]


def test_the_last_in_line_leave_where_going_on_costs_too_much():
    """Four go on at 100 pictures each, and two to the end at 600: 1,600; three 1,500; two 1,400."""
    assert leave(allowed=1600)[2:] == []
    assert leave(allowed=1599)[2:] == [Leaving(LINE[3], "budget")]
    assert leave(allowed=1499)[2:] == [Leaving(LINE[3], "budget"), Leaving(LINE[2], "budget")]
    assert leave(allowed=0)[2:] == [Leaving(LINE[3], "budget"), Leaving(LINE[2], "budget")]
    assert leave(allowed=2000, used=500)[2:] == [Leaving(LINE[3], "budget")]


def test_what_costs_nothing_stays():
    """f is stored; so is a: three others go on, and one of the first two to the end, 300 + 600."""
    out = leave(free={"a", "f"}, allowed=900)
    assert out == [Leaving(LINE[4], "behind")]
    assert leave(free={"a", "f"}, allowed=899)[1:] == [Leaving(LINE[3], "budget")]


def test_yardsticks_leave_first_whatever_they_reach():
    line = [*LINE[:3], Place("y", 10.0), Place("z", 100.0)]
    assert leave(line, yardsticks={"y", "z"}) == [
        Leaving(line[4], "yardstick"),
        Leaving(line[3], "yardstick"),
    ]
    assert leave(line, yardsticks={"y", "z"}, free={"z"}) == [Leaving(line[3], "yardstick")]


def test_reasons_name_the_pictures_the_leader_and_the_rechecks():
    titles = {"a": "Oak"}
    assert (
        doubt.reason(Dropped("c", 120, "a", 99.4, "behind"), titles, 1500)
        == "Dropped after 120 of 1,500 pictures: behind the leader, Oak, in 99 of 100 re-checks."
    )
    assert (
        doubt.reason(Dropped("c", 120, "a", 93, "budget"), titles, 500)
        == "Set aside after 120 of 500 pictures to save time, not ruled out: "
        "behind the leader, Oak, in 93 of 100 re-checks."
    )


def test_the_summary_counts_what_was_saved():
    race = Race(
        (60, 480), 2, 10, (Dropped("c", 60, "a", 100, "behind"),) * 8, passes=1500, exact=4800
    )
    assert (
        doubt.summary(race)
        == "Fast answer: 8 of 10 models left early, 3,300 of 4,800 forward passes (one picture"
        " through one network) were saved."
    )
    none = Race((), note=rules.no_race(np.array([5, 5]), 5))
    assert doubt.summary(none).endswith(
        "With 2 classes a race saves time from about 320 pictures on."
    )


MODELS = [SourceModel(m, m.upper(), "1", 1, 1.0, 1, 1, "", "MIT") for m in "abcde"]
FIRST = "It came first."
CLEAR = Verdict(
    "clear", "a", f"Start from A. {FIRST} Small.", {"a": 98.0, "b": 2.0}, ("a",), why=FIRST
)


def raced(*behind, why="budget"):
    return Race(
        (60, 480),
        2,
        5,
        tuple(Dropped(m, 60, "a", b, why) for m, b in zip("cde", behind, strict=False)),
    )


def test_who_was_surely_behind_leaves_no_doubt():
    assert doubt.with_doubt(CLEAR, raced(99, 100, why="behind"), MODELS) == CLEAR
    # level in ten of 100 is what the verdict allows
    assert doubt.with_doubt(CLEAR, raced(90, 97), MODELS) == CLEAR


def test_who_may_be_as_good_makes_a_clear_choice_a_tie():
    verdict = doubt.with_doubt(CLEAR, raced(77, 95), MODELS)
    assert (verdict.kind, verdict.winner, verdict.firsts, verdict.close) == (
        "tie",
        "a",
        CLEAR.firsts,
        ("a",),
    )
    assert (
        verdict.why
        == "It came first. C was set aside early to save time and may be as good: level with the"
        " leader or before it in 23 of 100 re-checks then. Score it in full to be sure."
    )
    assert verdict.text == f"Start from A. {verdict.why} Small."


def test_many_who_may_be_as_good_leave_no_choice():
    verdict = doubt.with_doubt(CLEAR, raced(77, 60, 80), MODELS)
    assert verdict.kind == "cannot tell"
    assert verdict.winner == "a"
    assert verdict.text == f"No clear choice yet. {verdict.why}"
    assert "C, D and E were set aside early" in verdict.why
    assert "23, 40 and 20 of 100" in verdict.why


def test_a_yardstick_that_did_as_well_leaves_no_choice():
    verdict = doubt.with_doubt(CLEAR, raced(99, 60, why="yardstick"), MODELS)
    assert (verdict.kind, verdict.winner) == ("cannot tell", "a")
    assert verdict.why == (
        "It came first. D, a yardstick, was level with A or before it in 40 of 100 re-checks when"
        " it left the race, on 60 pictures. Score all models in full to be sure that any of them"
        " helps."
    )
    assert verdict.text == f"No clear choice yet. {verdict.why}"


def test_a_yardstick_surely_behind_changes_nothing():
    assert doubt.with_doubt(CLEAR, raced(99, 90, why="yardstick"), MODELS) == CLEAR
