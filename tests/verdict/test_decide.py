"""Rankings with ties, mean ranks, the verdict's rule case by case, and simulated models with a
known answer.
"""

from dataclasses import replace

import numpy as np
import pytest

from srcsel.base.records import Note, Score, SourceModel
from srcsel.runs.given import rank_features
from srcsel.scoring.score import score_model
from srcsel.verdict.decide import _beats_chance, decide
from srcsel.verdict.ranks import _mean_ranks, make_rankings


def model(name, params=1_000_000, gmacs=1.0, license="MIT"):
    return SourceModel(f"hub/{name}", name.title(), "1", params, gmacs, 64, 32, "a task", license)


def made(name, measure, value, spread=0.0, null=0.0, seed=0, b=200):
    """A score with independent normal re-checks around its value."""
    reading = "whitened" if measure in ("supcon", "silhouette") else None
    draws = value + spread * np.random.default_rng(
        [seed, *name.encode(), *measure.encode()]
    ).standard_normal(b)
    low, high = np.percentile(draws, (5, 95))
    return Score(
        f"hub/{name}", measure, reading, value, null=null, low=low, high=high, rechecks=draws
    )


def field(values, spread=0.0, null=0.0):
    """Scores of models whose quality is `values`, by all three measures of the verdict."""
    return [
        made(name, measure, -v if measure == "supcon" else v, spread, null)
        for name, v in values.items()
        for measure in ("supcon", "knn", "logme")
    ]


PLENTY = np.array([60, 70, 80])
NAMES = ("leaf", "rust", "soil")


def judge(values, spread=0.0, counts=PLENTY, models=None, **more):
    return decide(field(values, spread), models or [model(n) for n in values], counts, **more)


# rankings


def test_ranks_are_competition_ranks_in_the_measures_direction():
    scores = [
        made(n, "knn", v)
        for n, v in {"a": 0.5, "b": 0.7, "c": 0.7 * (1 + 1e-12), "d": 0.9, "e": 0.1}.items()
    ]
    (ranking,) = make_rankings(scores)
    assert (ranking.measure, ranking.reading) == ("knn", None)
    assert ranking.ranks == (1, 2, 2, 4, 5)
    assert ranking.models[0] == "hub/d"
    assert set(ranking.models[1:3]) == {"hub/b", "hub/c"}
    assert ranking.models[3:] == ("hub/a", "hub/e")


def test_lower_is_better_is_ranked_the_other_way_round():
    (ranking,) = make_rankings(
        [made(n, "supcon", v) for n, v in {"a": 5.0, "b": 4.0, "c": 6.0}.items()]
    )
    assert ranking.models == ("hub/b", "hub/a", "hub/c")


def test_one_ranking_for_each_measure_and_reading():
    scores = [made("a", m, 0.5) for m in ("silhouette", "supcon", "knn", "logme")]
    literal = [Score("hub/a", "supcon", "raw", 5.0)]
    found = [(r.measure, r.reading) for r in make_rankings(scores, literal)]
    assert found == [
        ("silhouette", "whitened"),
        ("supcon", "whitened"),
        ("knn", None),
        ("logme", None),
        ("supcon", "raw"),
    ]
    assert make_rankings([]) == ()


@pytest.mark.parametrize(("wins", "close"), [(20, False), (21, True)])
@pytest.mark.parametrize("measure", ["knn", "supcon"])
def test_close_means_more_than_a_tenth_of_the_paired_rechecks(measure, wins, close):
    sign = -1 if measure == "supcon" else 1
    draws = np.zeros(200)
    draws[:wins] = 2.0
    rival = Score("hub/b", measure, None, sign * 0.9, rechecks=sign * draws)
    leader = Score("hub/a", measure, None, sign * 1.0, rechecks=sign * np.ones(200))
    (ranking,) = make_rankings([rival, leader])
    assert ranking.close == (("hub/a", "hub/b") if close else ("hub/a",))


def test_without_rechecks_nothing_can_be_told_apart():
    (ranking,) = make_rankings([Score("hub/a", "knn", None, 0.9), Score("hub/b", "knn", None, 0.1)])
    assert ranking.close == ("hub/a", "hub/b")


def test_mean_ranks_share_ties():
    values = np.array([[[3.0], [2.0], [2.0], [1.0]], [[1.0], [1.0], [1.0], [1.0]]])
    np.testing.assert_allclose(_mean_ranks(values)[:, 0], [(1 + 2.5) / 2, 2.5, 2.5, (4 + 2.5) / 2])


# the rule


def test_clear():
    verdict = judge(
        {"a": 0.5, "b": 0.9, "c": 0.4},
        0.01,
        models=[model("a"), model("b", 28_000_000), model("c")],
    )
    assert verdict.kind == "clear"
    assert verdict.winner == "hub/b"
    assert verdict.close == ("hub/b",)
    assert (
        verdict.text
        == "Start from B. It came first in 100 of 100 re-checks on these 210 pictures. Next best:"
        " A. 28 million weights, licence MIT."
    )
    assert list(verdict.firsts) == ["hub/b", "hub/a", "hub/c"]
    assert sum(verdict.firsts.values()) == pytest.approx(100)


def test_why_stands_between_headline_and_facts():
    clear = judge({"a": 0.5, "b": 0.9}, 0.01)
    assert clear.text == f"Start from B. {clear.why} 1 million weights, licence MIT."
    tie = judge({"a": 0.91, "b": 0.90}, 0.02)
    assert tie.text == f"Start from A. {tie.why} 1 million weights, licence MIT."
    unsure = judge({"a": 0.9, "b": 0.9, "c": 0.9}, 0.02)
    assert unsure.text == f"No clear choice yet. {unsure.why}"
    nothing = decide([], [model("a")], PLENTY)
    assert nothing.text == nothing.why


def test_time_is_said_where_it_was_measured():
    verdict = judge({"a": 0.5, "b": 0.9}, 0.01, seconds_per_picture={"hub/b": 0.0142})
    assert verdict.text.endswith(
        "1 million weights, 14 ms per picture on this computer, licence MIT."
    )


def test_firsts_count_shared_firsts_in_shares():
    verdict = judge({"a": 0.9, "b": 0.9, "c": 0.1})
    assert verdict.firsts == {"hub/a": 50.0, "hub/b": 50.0, "hub/c": 0.0}


def test_one_hundred_is_said_only_if_always():
    scores = field({"a": 0.9, "b": 0.5}, 0.01)
    for s in scores[3:]:
        s.rechecks[0] += -9 if s.measure == "supcon" else 9
    verdict = decide(scores, [model("a"), model("b")], PLENTY)
    assert verdict.kind == "clear"
    assert "first in 99 of 100" in verdict.text


def test_tie_is_won_by_the_cheaper_model():
    models = [model("a", 86_000_000, 16.0), model("b", 25_000_000, 4.0), model("c", 1, 0.1)]
    verdict = judge({"a": 0.91, "b": 0.90, "c": 0.2}, 0.02, models=models)
    assert (verdict.kind, verdict.winner) == ("tie", "hub/b")
    assert verdict.close == ("hub/a", "hub/b")
    ahead, behind = (round(verdict.firsts[f"hub/{m}"]) for m in "ab")
    assert ahead > behind
    assert verdict.text.startswith(
        f"Start from B. A and B are too close to call (first in {ahead} and {behind} of 100"
    )
    assert "A came first more often: start from it where the cost does not matter." in verdict.text
    assert (
        "B is 3.4 times smaller and 4 times lighter to compute, so it is the better first try."
        in verdict.text
    )


def test_tie_named_for_its_rank_says_who_came_first_more_often():
    scores = field({"a": 0.9, "b": 0.89})
    for s in scores:
        worse = -0.1 if s.measure != "supcon" else 0.1
        s.rechecks[slice(0, 60) if s.model == "hub/b" else slice(60, 200)] += worse
    verdict = decide(scores, [model("a"), model("b")], PLENTY)
    assert (verdict.kind, verdict.winner) == ("tie", "hub/a")
    assert verdict.firsts == {"hub/a": 30.0, "hub/b": 70.0}
    said = "B came first more often in the re-checks, but ranks below it on all pictures."
    assert verdict.why.endswith(f"so it is the better first try. {said}")


def test_tie_goes_by_multiply_adds_and_not_by_a_time_that_other_programs_change():
    models = [model("a", 10, 16.0), model("b", 10, 4.0)]
    speeds = {"hub/a": 0.03, "hub/b": 0.01}
    verdict = judge({"a": 0.91, "b": 0.90}, 0.02, models=models, seconds_per_picture=speeds)
    assert "B is 4 times lighter to compute, so" in verdict.text


@pytest.mark.parametrize(
    ("slow", "params", "gmacs", "said"),
    [
        # equal work: the time is noise
        (0.014, (30, 10), (1.0, 1.0), "B is 3 times smaller, so"),
        # parameters agree with it, and it is too little to be believed
        (0.014, (30, 10), (1.0, None), "B is 3 times smaller, so"),
        # much longer, and parameters agree with it
        (0.016, (30, 10), (1.0, None), "B is 3 times smaller and 1.6 times faster, so"),
        # less work, and yet not faster here
        (
            0.009,
            (30, 10),
            (4.0, 1.0),
            "B is 3 times smaller and 4 times lighter to compute (that A ran faster here may be"
            " other programs' doing), so",
        ),
        # the winner is not the faster one
        (0.05, (10, 10), (None, None), "A ranks best on all pictures, so"),
    ],
)
def test_noise_in_measured_time_is_not_called_faster(slow, params, gmacs, said):
    models = [model("a", params[0], gmacs[0]), model("b", params[1], gmacs[1])]
    speeds = {"hub/a": slow, "hub/b": 0.01}
    verdict = judge({"a": 0.91, "b": 0.90}, 0.02, models=models, seconds_per_picture=speeds)
    assert said in verdict.text


@pytest.mark.parametrize(
    ("slow", "said"), [(0.0149, "A ranks best on all pictures, so"), (0.016, "1.6 times faster")]
)
def test_time_alone_must_differ_much(slow, said):
    models = [model("a", None, None), model("b", None, None)]
    speeds = {"hub/a": 0.01, "hub/b": slow}
    assert (
        said in judge({"a": 0.91, "b": 0.90}, 0.02, models=models, seconds_per_picture=speeds).text
    )


def test_tie_without_multiply_adds_goes_by_parameters():
    models = [model("a", 86_000_000, None), model("b", 25_000_000, 4.0)]
    assert judge({"a": 0.91, "b": 0.90}, 0.02, models=models).winner == "hub/b"


@pytest.mark.parametrize(("params", "gmacs"), [(1_000_000, 1.0), (950_000, 0.95), (None, None)])
def test_tie_at_equal_or_unknown_cost_goes_to_the_front_runner(params, gmacs):
    verdict = judge({"a": 0.91, "b": 0.90}, 0.02, models=[model("a"), model("b", params, gmacs)])
    assert (verdict.kind, verdict.winner) == ("tie", "hub/a")
    assert "A ranks best on all pictures, so it is the better first try." in verdict.text


def test_tie_of_three_names_the_cheapest():
    models = [model("a", 30), model("b", 20, 0.5), model("c", 10, 0.1), model("d")]
    verdict = judge({"a": 0.91, "b": 0.90, "c": 0.905, "d": 0.1}, 0.03, models=models)
    assert (verdict.kind, verdict.winner, len(verdict.close)) == ("tie", "hub/c", 3)
    assert "C is the lightest of them to compute, so it is the better first try." in verdict.text


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ({"a": 0.03, "b": 0.02, "c": 0.01}, "C is the lightest of them to compute, so"),
        # less to compute, and yet slower here: both are said, as the milliseconds stand beside it
        (
            {"a": 0.03, "b": 0.02, "c": 0.029},
            "C is the lightest of them to compute (that B ran faster here may be other programs'"
            " doing), so",
        ),
        # slower by no more than is told apart
        (
            {"a": 0.03, "b": 0.02, "c": 0.021},
            "C is the lightest of them to compute (by its multiply-adds; the times measured here do"
            " not tell it from B), so",
        ),
    ],
)
def test_what_a_tie_of_three_says_of_the_cost_agrees_with_the_times(times, said):
    models = [model("a", 30, 2.0), model("b", 20, 0.5), model("c", 10, 0.1), model("d")]
    speeds = {f"hub/{name}": seconds for name, seconds in times.items()}
    verdict = judge(
        {"a": 0.91, "b": 0.90, "c": 0.905, "d": 0.1},
        0.03,
        models=models,
        seconds_per_picture=speeds,
    )
    assert said in verdict.text


def test_a_tie_of_three_without_multiply_adds_goes_to_the_smallest():
    models = [model("a", 30, None), model("b", 20, 0.5), model("c", 10, None), model("d")]
    verdict = judge({"a": 0.91, "b": 0.90, "c": 0.905, "d": 0.1}, 0.03, models=models)
    assert "C is the smallest of them, so it is the better first try." in verdict.text


def test_the_names_of_bundled_models_cannot_be_taken_for_words():
    models = [
        SourceModel(f"demo/{name}", title, "r", 10, 1.0, 64, 8, "", "MIT")
        for name, title in (("flowers", "Flowers"), ("glyphs", "Invented letters"))
    ]
    scores = [
        replace(s, model=f"demo/{s.model[4:]}") for s in field({"flowers": 0.9, "glyphs": 0.9})
    ]
    text = decide(scores, models, PLENTY).text
    assert text.startswith("Start from the model trained on ")
    assert ". The model trained on " in text
    assert "Flowers" not in text
    assert "Invented" not in text


def test_cannot_tell_when_all_look_alike():
    verdict = judge(
        {"a": 0.9, "b": 0.9, "c": 0.9}, 0.02, np.array([18, 60]), class_names=["rust", "leaf"]
    )
    assert verdict.kind == "cannot tell"
    assert verdict.winner is not None
    assert verdict.text.startswith(
        "No clear choice yet. These three models look alike on these pictures. For now "
    )
    assert verdict.text.endswith("The smallest class, rust, has 18 pictures; 50 would help.")


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((18, 60, 70), "The smallest class, leaf, has 18 pictures; 50 would help."),
        ((18, 18, 70), "Two of the classes have 18 pictures each; 50 would help."),
        ((20, 20, 20), "Each of the classes has 20 pictures; 50 would help."),
    ],
)
def test_a_class_is_the_smallest_only_if_it_is_smaller(counts, said):
    verdict = judge({"a": 0.9, "b": 0.9, "c": 0.9}, 0.02, np.array(counts), class_names=NAMES)
    assert verdict.text.endswith(said)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((1, 60, 70), "The smallest class, leaf, has 1 picture: too few to say."),
        ((7, 7, 7), "Each of the classes has 7 pictures: too few to say."),
    ],
)
def test_too_few_says_it_of_all_where_all_are_as_small(counts, said):
    verdict = judge({"a": 0.9, "b": 0.1}, 0.01, np.array(counts), class_names=NAMES)
    assert said in verdict.text


def test_first_places_said_in_a_tie_add_to_100():
    scores = field({"a": 0.9, "b": 0.9})
    for s in scores:
        worse = -0.1 if s.measure != "supcon" else 0.1
        s.rechecks[slice(0, 67) if s.model == "hub/b" else slice(67, 200)] += worse
    verdict = decide(scores, [model("a"), model("b")], PLENTY)
    assert verdict.firsts == {"hub/a": 33.5, "hub/b": 66.5}
    assert "(first in 67 and 33 of 100 re-checks)" in verdict.why


def test_cannot_tell_when_more_than_three_of_many_are_close():
    verdict = judge({"a": 0.9, "b": 0.9, "c": 0.9, "d": 0.9, "e": 0.1}, 0.02)
    assert verdict.kind == "cannot tell"
    assert len(verdict.close) == 4
    assert "are too close to call (four of five models)" in verdict.text
    assert "would help" not in verdict.text


def test_cannot_tell_with_too_few_pictures():
    verdict = judge({"a": 0.9, "b": 0.1}, 0.01, np.array([40, 7, 50]), class_names=NAMES)
    assert verdict.kind == "cannot tell"
    assert verdict.winner == "hub/a"
    assert (
        "The smallest class, rust, has 7 pictures: too few to say. 10 are needed, 50 would help."
        in verdict.text
    )
    assert judge({"a": 0.9, "b": 0.1}, 0.01, np.array([40, 10])).kind == "clear"


@pytest.mark.parametrize(("good", "kind"), [(1, "cannot tell"), (2, "clear")])
def test_the_leader_must_beat_chance_on_most_measures(good, kind):
    scores = [
        made(
            name,
            m,
            -v if m == "supcon" else v,
            0.01,
            null=(
                (-0.2 if m == "supcon" else 0.2)
                if i < good
                else v + (m != "supcon") - 2 * v * (m == "supcon")
            ),
        )
        for name, v in {"a": 0.9, "b": 0.5}.items()
        for i, m in enumerate(("supcon", "knn", "logme"))
    ]
    verdict = decide(scores, [model("a"), model("b")], PLENTY)
    assert verdict.kind == kind
    assert ("no better than chance" in verdict.text) == (kind == "cannot tell")


def test_one_model_has_nothing_to_compare_with():
    verdict = judge({"a": 0.9}, 0.01)
    assert (verdict.kind, verdict.winner) == ("cannot tell", "hub/a")
    assert "nothing to compare it with" in verdict.text


def test_no_model_was_scored():
    verdict = decide([], [model("a")], PLENTY)
    assert (verdict.kind, verdict.winner) == ("cannot tell", None)
    assert verdict.text.startswith("No model could be scored")


def test_without_rechecks_the_values_decide_the_front_runner():
    scores = [
        Score(f"hub/{n}", "knn", None, v, null=0.1, gain=v - 0.1)
        for n, v in {"a": 0.5, "b": 0.8}.items()
    ]
    verdict = decide(scores, [model("a"), model("b")], np.array([2, 2]))
    assert (verdict.kind, verdict.winner) == ("cannot tell", "hub/b")


def test_a_model_that_lacks_a_measure_is_left_out_and_noted():
    scores = field({"a": 0.9, "b": 0.5, "c": 0.95}, 0.01)
    scores = [s for s in scores if (s.model, s.measure) != ("hub/c", "logme")]
    verdict = decide(scores, [model("a"), model("b"), model("c")], PLENTY)
    assert verdict.winner == "hub/a"
    assert "hub/c" not in verdict.firsts
    assert "1 model lacked a measure that the verdict uses and took no part in it." in [
        n.text for n in verdict.notes
    ]


def test_other_measures_decide_where_the_usual_ones_were_not_asked_for():
    scores = [made("a", "silhouette", 0.2, 0.01), made("b", "silhouette", 0.4, 0.01)]
    verdict = decide(scores, [model("a"), model("b")], PLENTY)
    assert (verdict.kind, verdict.winner) == ("clear", "hub/b")
    assert verdict.notes[0].text.startswith("The verdict rests on Class separation (MSC) alone")


def test_text_is_plain_and_titles_stay_as_they_are():
    odd = SourceModel("hub/b", "<b>*x*</b>_[y](z)", "1", None, None, None, None, "", "unknown")
    verdict = judge({"a": 0.1, "b": 0.9}, 0.01, models=[model("a"), odd])
    assert verdict.text.startswith("Start from <b>*x*</b>_[y](z). It came")
    assert verdict.text.endswith("Licence unknown.")


# yardsticks

PLAIN = replace(model("plain", 0, 0.0), yardstick=True)
THREE = [model("a"), model("b"), PLAIN]


NO_HELP = "None of these models helps with these pictures. "


def test_a_yardstick_within_the_leaders_tie_leaves_no_choice():
    verdict = judge({"a": 0.9, "b": 0.2, "plain": 0.899}, 0.02, models=THREE)
    assert (verdict.kind, verdict.winner, verdict.close) == ("cannot tell", "hub/a", ("hub/a",))
    assert verdict.cause == "yardstick"
    assert set(verdict.firsts) == {"hub/a", "hub/b"}
    assert sum(verdict.firsts.values()) == pytest.approx(100)
    assert verdict.text.startswith(
        f"{NO_HELP}Plain, a yardstick that has learned nothing useful, does as well as the first"
        " of them, A: that one comes before it in "
    )
    assert "Try models trained on other kinds of picture" in verdict.why


def test_a_yardstick_that_beats_all_is_not_where_to_start():
    verdict = judge({"a": 0.8, "b": 0.2, "plain": 0.95}, 0.01, models=THREE)
    assert (verdict.kind, verdict.winner) == ("cannot tell", "hub/a")
    assert verdict.text.startswith(NO_HELP)
    assert (
        "does better than the first of them, A: that one comes before it in 0 of 100" in verdict.why
    )
    assert verdict.notes[0] == Note(
        "Plain comes first by neighbour agreement (SCL). It is a yardstick, not a model to start"
        " from.",
        "whitened",
    )


def test_any_yardstick_that_is_level_decides_not_only_the_first_of_them():
    steady, wild = PLAIN, replace(model("wild", 0, 0.0), yardstick=True)
    scores = field({"a": 0.9, "b": 0.2, "plain": 0.5, "wild": 0.4})
    for s in scores:
        if s.model == "hub/wild":
            s.rechecks[:40] += -9 if s.measure == "supcon" else 9
    verdict = decide(scores, [model("a"), model("b"), steady, wild], PLENTY)
    assert verdict.kind == "cannot tell"
    assert verdict.why.startswith("Wild, a yardstick that has learned")
    assert "comes before it in 80 of 100 re-checks" in verdict.why


def test_a_beaten_yardstick_changes_nothing():
    values = {"a": 0.9, "b": 0.2}
    assert judge({**values, "plain": 0.1}, 0.01, models=THREE) == judge(values, 0.01)
    assert judge(values, 0.01).notes == ()


@pytest.mark.parametrize(("wins", "kind"), [(20, "clear"), (21, "cannot tell")])
def test_a_yardstick_counts_from_more_than_a_tenth_of_the_rechecks(wins, kind):
    scores = field({"a": 0.9, "b": 0.2, "plain": 0.5})
    for s in scores:
        if s.model == "hub/plain":
            s.rechecks[:wins] += -9 if s.measure == "supcon" else 9
    assert decide(scores, THREE, PLENTY).kind == kind


def test_a_yardstick_is_not_among_those_that_look_alike():
    verdict = judge({"a": 0.9, "b": 0.9, "plain": 0.9}, 0.02, models=THREE)
    assert (verdict.kind, verdict.cause) == ("cannot tell", "yardstick")
    assert verdict.close == ("hub/a", "hub/b")


@pytest.mark.parametrize(
    ("plain", "head", "said"),
    [
        (0.1, "No clear choice yet. ", "It beats Plain, a yardstick, in 100 of 100 re-checks."),
        (0.9, NO_HELP, "Plain, a yardstick, does as well: A beats it in"),
        (0.99, NO_HELP, "Plain, a yardstick, does better: A beats it in 0 of 100 re-checks."),
    ],
)
def test_one_model_beside_a_yardstick(plain, head, said):
    verdict = judge({"a": 0.9, "plain": plain}, 0.01, models=[model("a"), PLAIN])
    assert (verdict.kind, verdict.winner, verdict.firsts) == ("cannot tell", "hub/a", {})
    assert verdict.text.startswith(f"{head}Only one model was scored, A. {said}")


def test_a_yardstick_alone_is_no_answer():
    verdict = judge({"plain": 0.9}, 0.01, models=[PLAIN])
    assert (verdict.kind, verdict.winner, verdict.close, verdict.notes) == (
        "cannot tell",
        None,
        (),
        (),
    )
    assert "yardsticks were scored, not a model to start from" in verdict.text


def test_rankings_keep_the_yardstick():
    for ranking in make_rankings(field({"a": 0.8, "plain": 0.95}, 0.01)):
        assert ranking.models == ("hub/plain", "hub/a")


# chance


def level(value, low, high, measure="knn", null=0.5, name="a"):
    return Score(f"hub/{name}", measure, None, value, null=null, low=low, high=high)


@pytest.mark.parametrize(
    ("score", "beats"),
    [
        (level(0.6, 0.51, 0.7), True),
        (level(0.6, 0.5, 0.7), False),
        (level(0.6, 0.5 + 1e-15, 0.7), False),
        (level(0.6, 0.4, 0.8), False),
        (level(0.5, 0.5, 0.5), False),
        (level(0.5, None, None), False),
        (level(0.6, None, None), True),
        (level(0.4, 0.3, 0.45, "supcon"), True),
        (level(0.4, 0.3, 0.5 - 1e-15, "supcon"), False),
        (level(0.5, 0.5, 0.5, "logme"), False),
    ],
)
def test_chance_is_beaten_beyond_rounding_and_beyond_the_spread(score, beats):
    assert _beats_chance(score) is beats


@pytest.mark.parametrize("counts", [(14, 14, 14), (30, 12, 10), (100, 10)])
@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("rounding", [0.0, 1e-7])
def test_models_that_see_no_difference_are_no_choice(counts, mixed, rounding):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(len(counts)), counts)
    y = rng.permutation(y) if mixed else y
    one = np.maximum(rng.standard_normal(32), 0) * (
        1 + rounding * rng.standard_normal((len(y), 32))
    )
    features = {"one": one.astype(np.float32), "two": 2 * one, "black": np.zeros((len(y), 8))}
    for names in (("one", "two"), ("black",), ("one", "two", "black")):
        verdict = rank_features({name: features[name] for name in names}, y).verdict
        assert (verdict.kind, verdict.cause) == ("cannot tell", "same")
        assert "the models see no difference" in verdict.text


def test_a_model_that_sees_something_is_chosen_beside_a_dead_one():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(3), 30)
    seeing = np.eye(3)[y] @ rng.standard_normal((3, 16)) * 3 + rng.standard_normal((90, 16))
    verdict = rank_features({"dead": np.ones((90, 8)), "seeing": seeing}, y).verdict
    assert (verdict.kind, verdict.winner) == ("clear", "seeing")


# known answers


def simulate(kind, seed, count=5):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(6), 50)
    centers = rng.standard_normal((6, 64))
    first = rng.standard_normal((300, 64)) + 0.4 * centers[y]
    features = {
        "winner": lambda i: rng.standard_normal((300, 64)) + (0.6 if i == 2 else 0.3) * centers[y],
        "noise": lambda i: rng.standard_normal((300, 64)),
        "identical": lambda i: first,
    }[kind]
    scores = [
        s
        for i in range(count)
        for s in score_model(f"hub/m{i}", features(i), y, rechecks=50).scores
    ]
    models = [model(f"m{i}", 1_000_000 * (9 - i), 9.0 - i) for i in range(count)]
    return decide(scores, models, np.bincount(y))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_planted_winner_is_clear(seed):
    verdict = simulate("winner", seed)
    assert (verdict.kind, verdict.winner) == ("clear", "hub/m2")


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_noise_cannot_be_told(seed):
    assert simulate("noise", seed).kind == "cannot tell"


def test_identical_models_cannot_be_told_and_two_of_them_tie():
    verdict = simulate("identical", 0)
    assert verdict.kind == "cannot tell"
    assert "five models look alike" in verdict.text
    assert list(verdict.firsts.values()) == pytest.approx([20.0] * 5)
    pair = simulate("identical", 0, count=2)
    assert (pair.kind, pair.winner) == ("tie", "hub/m1")
