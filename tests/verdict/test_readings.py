"""One order, one role and one set of numbers for page, shell, report and files."""

import csv
import io
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import srcsel
from srcsel.base.phrases import share, shares
from srcsel.base.records import Ranking, Score
from srcsel.charts import score_bars
from srcsel.cli.tables import print_result
from srcsel.report.drawing import score_rows
from srcsel.report.numbers import to_csv
from srcsel.report.sections import numbers
from srcsel.runs.run import to_json
from srcsel.store.runs import RunStore
from srcsel.ui.results.grid import _columns
from srcsel.ui.results.table import short_table
from srcsel.verdict.decide import decide
from srcsel.verdict.ranks import mean_ranks
from srcsel.verdict.readings import (
    bar_length,
    bar_start,
    chance_of,
    firsts_in_words,
    firsts_of_100,
    gain_of,
    model_order,
    model_places,
    pick_scores,
    role,
    titles_of,
    who_came_first,
    yardsticks_in_words,
)

RUNS = RunStore(Path(srcsel.__file__).parent / "demo" / "runs")
SHIPPED = sorted(summary.id for summary in RUNS.list())


@pytest.fixture(params=SHIPPED)
def shipped(request):
    return RUNS.load(request.param)


def test_page_shell_report_and_files_have_one_order(shipped, capsys):
    order, titles = model_order(shipped), titles_of(shipped)
    assert len(order) == len(shipped.models)
    for measure in ("silhouette", "supcon"):
        for reading in ("whitened", "raw"):
            drawn = score_bars(shipped, measure, reading).rows
            assert [row.model for row in drawn] == order
            rows = score_rows(shipped, measure, reading).rows
            assert [bar.name for bar in rows] == [titles[m] for m in order]
    assert short_table(shipped, "whitened")["Starting model"].tolist() == [titles[m] for m in order]
    assert [m.id for m in _columns(shipped)] == order
    assert [line[1] for line in numbers(shipped, "whitened")["lines"]] == order
    rows = csv.DictReader(io.StringIO(to_csv(shipped)))
    assert list(dict.fromkeys(row["Id"] for row in rows)) == order
    assert to_json(shipped)["order"] == order
    assert list(model_places(shipped)) == order
    print_result(shipped)
    out = capsys.readouterr().out
    lines = out.splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("model "))
    rows = lines[head + 1 : head + 1 + len(order)]
    assert [next(m for m in order if line.startswith(f"{titles[m]} ")) for line in rows] == order


def test_the_order_is_the_verdicts_own(shipped):
    """Rivals stand by the mean rank that `decide` itself computes without yardsticks."""
    yardsticks = {m.id for m in shipped.models if m.yardstick}
    ids, full, _ = mean_ranks([s for s in shipped.scores if s.model not in yardsticks])
    ranks = dict(zip(ids, full, strict=True))
    rivals = [m for m in model_order(shipped) if m not in yardsticks]
    assert rivals[0] == shipped.verdict.winner
    assert [ranks[m] for m in rivals[1:]] == sorted(ranks[m] for m in rivals[1:])


def test_a_yardstick_stands_before_the_first_model_that_it_ranks_before(shipped):
    ids, full, _ = mean_ranks(shipped.scores)
    ranks = dict(zip(ids, full, strict=True))
    order = model_order(shipped)
    for yardstick in (m.id for m in shipped.models if m.yardstick):
        assert role(shipped, yardstick) == "yardstick"
        later = [m for m in order[order.index(yardstick) + 1 :] if role(shipped, m) != "yardstick"]
        assert not later or ranks[later[0]] > ranks[yardstick]


def test_equal_mean_ranks_share_a_place(shipped):
    a, b, c = model_order(shipped)[:3]
    models = tuple(m for m in shipped.models if m.id in (a, b, c))
    verdict = replace(shipped.verdict, winner=a, firsts={}, close=())
    rankings = (
        Ranking("knn", None, (a, b, c), (1, 2, 3)),
        Ranking("logme", None, (b, a, c), (1, 2, 3)),
        Ranking("supcon", "raw", (c, b, a), (1, 2, 3)),
    )
    mixed = replace(
        shipped,
        models=models,
        rankings=rankings,
        verdict=verdict,
        scores=tuple(s for s in shipped.scores if s.model in (a, b, c)),
    )
    assert model_places(mixed) == {a: 1, b: 1, c: 3}


def test_stored_verdicts_are_those_of_todays_rule(shipped):
    again = decide(
        shipped.scores,
        shipped.models,
        shipped.dataset.counts,
        class_names=shipped.dataset.classes,
        literal=shipped.literal,
        diagnoses=shipped.diagnoses,
    )
    stored = shipped.verdict
    assert (again.kind, again.winner, again.why) == (stored.kind, stored.winner, stored.why)
    assert (again.close, again.cause) == (stored.close, stored.cause)


# chance


def test_bars_begin_at_chance_and_are_as_long_as_the_gain(shipped):
    blind = np.log(shipped.dataset.counts.sum() - 1)
    for measure in ("silhouette", "supcon"):
        for reading in ("whitened", "raw"):
            scores = pick_scores(shipped, measure, reading)
            for row in score_bars(shipped, measure, reading).rows:
                score = scores[row.model]
                assert row.end - row.start == pytest.approx(gain_of(score), abs=1e-12)
                expected = score.null if measure == "silhouette" else blind - score.null
                assert row.start == pytest.approx(expected, abs=1e-12)
                end = score.value if measure == "silhouette" else blind - score.value
                assert row.end == pytest.approx(end, abs=1e-12)
            rows = score_rows(shipped, measure, reading).rows
            for model, bar in zip(model_order(shipped), rows, strict=True):
                value, _, _ = bar_length(scores[model])
                assert (bar.end - bar.start > 0) == (abs(value - bar_start(scores[model])) > 1e-9)


def test_chance_stands_on_the_axis_at_the_null(shipped):
    at = {text: value for value, text in score_bars(shipped, "silhouette", "whitened").marks}
    nulls = [s.null for s in pick_scores(shipped, "silhouette", "whitened").values()]
    assert at["chance"] == pytest.approx(np.median(nulls))
    assert at["chance"] < -0.01
    at = {text: value for value, text in score_bars(shipped, "supcon", "whitened").marks}
    nulls = [s.null for s in pick_scores(shipped, "supcon", "whitened").values()]
    blind = np.log(shipped.dataset.counts.sum() - 1)
    assert at["chance"] == pytest.approx(blind - np.median(nulls))
    assert at["chance"] < -0.01


def test_tables_give_the_charts_values_chances_and_gains(shipped):
    table = short_table(shipped, "whitened")
    for measure, short in (("silhouette", "MSC"), ("supcon", "SCL")):
        scores = pick_scores(shipped, measure, "whitened")
        for model, gain in zip(model_order(shipped), table[f"{short} gain"], strict=True):
            assert gain == gain_of(scores[model])
        drawn = {row.model: row for row in score_bars(shipped, measure, "whitened").rows}
        order = model_order(shipped)
        assert table[short].tolist() == [drawn[m].end for m in order]
        assert table[f"{short} chance"].tolist() == [drawn[m].start for m in order]
        np.testing.assert_allclose(
            table[short] - table[f"{short} chance"], table[f"{short} gain"], atol=1e-12
        )


def test_files_say_value_chance_and_gain_that_fit(shipped):
    for score in to_json(shipped)["scores"]:
        if score["gain"] is not None and score["measure"] in ("silhouette", "supcon", "knn"):
            sign = -1 if score["measure"] == "supcon" else 1
            assert sign * (score["value"] - score["chance"]) == pytest.approx(score["gain"])
    for row in csv.DictReader(io.StringIO(to_csv(shipped))):
        if row["Gain over chance"] and row["Measure"].startswith("Neighbour agreement"):
            gain = float(row["Chance"]) - float(row["Value"])
            assert gain == pytest.approx(float(row["Gain over chance"]))


def test_the_shell_says_the_charts_numbers_and_chance(shipped, capsys):
    print_result(shipped)
    out = capsys.readouterr().out
    best = model_order(shipped)[0]
    msc, scl = (pick_scores(shipped, m, "whitened")[best] for m in ("silhouette", "supcon"))
    line = next(
        line for line in out.splitlines() if line.startswith(titles_of(shipped)[best] + " ")
    )
    assert f"{msc.value:.3f} ({gain_of(msc):+.3f})" in line
    assert f"{bar_length(scl)[0]:.3f} ({gain_of(scl):+.3f})" in line
    chance = next(line for line in out.splitlines() if line.startswith("chance, about "))
    nulls = [s.null for s in pick_scores(shipped, "silhouette", "whitened").values()]
    scls = pick_scores(shipped, "supcon", "whitened").values()
    told = [f"{np.median(nulls):.3f}", f"{np.median([bar_start(s) for s in scls]):.3f}"]
    assert chance.split()[2:4] == told


@pytest.mark.parametrize(
    ("score", "chance"),
    [
        (Score("m", "silhouette", "whitened", 0.1, -0.02, 0.12), -0.02),
        (Score("m", "supcon", "whitened", 5.0, 5.3, 0.3), 5.3),
        # of earlier versions: the gain was counted from what sees no difference
        (Score("m", "supcon", "whitened", 5.0, 5.3, 0.2), 5.3),
        (Score("m", "knn", None, 0.5, 0.25, 0.25), 0.25),
        (Score("m", "knn", None, 0.5, 0.25), 0.25),
        (Score("m", "knn", None, 0.5), None),
    ],
)
def test_chance_is_what_the_gain_is_counted_from(score, chance):
    assert chance_of(score) == (None if chance is None else pytest.approx(chance))


# firsts


@pytest.mark.parametrize(
    ("firsts", "whole"),
    [
        ((99.5, 0.5), (99, 1)),
        ((100.0, 0.0), (100, 0)),
        ((100 / 3, 100 / 3, 100 / 3), (34, 33, 33)),
        ((33.5, 33.5, 33.0), (34, 33, 33)),
        ((49.6, 49.6, 0.8), (50, 49, 1)),
        ((14.5, 14.5, 14.5, 14.5, 14.5, 14.5, 13.0), (15, 15, 15, 14, 14, 14, 13)),
    ],
)
def test_firsts_add_to_100_by_largest_remainder(firsts, whole):
    assert tuple(shares({str(i): v for i, v in enumerate(firsts)}).values()) == whole


@pytest.mark.parametrize("seed", range(20))
def test_firsts_always_add_to_100_and_100_means_always(seed):
    rng = np.random.default_rng(seed)
    drawn = rng.dirichlet(np.full(rng.integers(2, 12), rng.choice([0.02, 0.3, 5.0])))
    firsts = {str(i): float(100 * v) for i, v in enumerate(drawn)}
    whole = shares(firsts)
    assert sum(whole.values()) == 100
    assert all(abs(whole[m] - firsts[m]) < 1 + 1e-9 for m in firsts)
    assert all(n < 100 or firsts[m] > 100 - 1e-9 for m, n in whole.items())


def test_what_does_not_add_to_100_is_rounded_one_by_one():
    assert shares({"a": 99.6, "b": 0.0}) == {"a": share(99.6), "b": 0}
    assert shares({}) == {}


def test_shell_report_and_page_show_the_same_firsts(shipped, capsys):
    firsts = firsts_of_100(shipped)
    assert sum(firsts.values()) == 100
    table = short_table(shipped, "whitened")
    shown = dict(zip(model_order(shipped), table["First in 100"], strict=True))
    assert {m: n for m, n in shown.items() if n == n} == firsts
    lines = numbers(shipped, "whitened")["lines"]
    assert {m: cells[0] for _, m, cells in lines if m in firsts} == {
        m: str(n) for m, n in firsts.items()
    }
    print_result(shipped)
    out = capsys.readouterr().out
    assert all(f"{n} of 100" in out for n in firsts.values())


def test_what_yardsticks_are_for_is_said_of_those_that_were_scored():
    y = np.arange(60) % 3
    chance = np.random.default_rng(0)
    ranked = srcsel.rank_features({name: chance.standard_normal((60, 4)) for name in "abc"}, y)
    assert yardsticks_in_words(ranked) == ""

    def said(*yardsticks):
        models = (replace(m, yardstick=m.id in yardsticks) for m in ranked.models)
        return yardsticks_in_words(replace(ranked, models=tuple(models)))

    assert said("c") == (
        "c is a yardstick: it has learned nothing useful, so a real model should beat it. It is"
        " never where to start."
    )
    assert said("b", "c").startswith("b and c are yardsticks: they have learned nothing useful, so")
    assert "should beat them. They are never where to start." in said("b", "c")


def test_yardsticks_that_are_right_more_often_are_named(shipped):
    said = yardsticks_in_words(shipped)
    right = {a.model: round(100 * a.mean) for a in shipped.accuracies}
    yardsticks = {m.id: m.title for m in shipped.models if m.yardstick}
    best = max(yardsticks, key=right.__getitem__)
    models = [m.id for m in shipped.models if not m.yardstick]
    behind = sum(right[m] < right[best] for m in models)
    assert behind > 0
    own = next(a for a in shipped.accuracies if a.model == best)
    low, high = math.floor(100 * own.low), math.ceil(100 * own.high)
    assert (
        f"Here {yardsticks[best]} is right more often ({right[best]} %, {low} to {high}) than"
        f" {behind} of {len(models)} models" in said
    )
    none = replace(
        shipped, accuracies=tuple(a for a in shipped.accuracies if a.model not in yardsticks)
    )
    assert "is right more often" not in yardsticks_in_words(none)


def test_who_came_first_is_said_in_short_names_that_stay_apart(shipped):
    firsts = {m.id: x for m, x in zip(shipped.models, (61.6, 20.2, 12.2, 3.0, 3.0), strict=False)}
    models = tuple(
        replace(m, title=f"leaf disease, fold {i}, the best of all epochs and of all seeds")
        for i, m in enumerate(shipped.models)
    )
    verdict = replace(shipped.verdict, winner=models[2].id, firsts=firsts)
    said = firsts_in_words(replace(shipped, models=models, verdict=verdict))
    assert who_came_first(replace(shipped, models=models, verdict=verdict)) == [
        models[i].id for i in (2, 0, 1, 3, 4)
    ]
    assert said.startswith("First in 100 re-checks: leaf disease, fold 2")
    assert re.findall(r"fold (\d)[^(]* \((\d+)\)", said) == [("2", "12"), ("0", "62"), ("1", "20")]
    assert said.endswith(" (20), 2 others (6)")
    assert len(said) < 200
