"""The bars say what the records say: order, direction, whiskers, ties, names."""

import dataclasses
import json
import math
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from srcsel import charts
from srcsel.base.phrases import plain
from srcsel.base.records import Dataset, Failure, Ranking, Result, Run, Score, SourceModel, Verdict
from srcsel.charts.bars import _ticks
from srcsel.verdict.correction import kept

CHANCE = math.log(99)  # of the loss, with 100 pictures


def make(values, titles=None, *, winner=None, close=(), kind="clear") -> Result:
    """A result whose gains are `values`, in the order the models were chosen; MSC is a tenth of the
    gain.
    """
    ids = tuple(f"demo/m{i}" for i in range(len(values)))
    titles = titles or [f"Model {i}" for i in range(len(values))]
    models = tuple(
        SourceModel(m, t, "r", None, None, None, None, "", "MIT")
        for m, t in zip(ids, titles, strict=True)
    )
    scores, literal = [], []
    for m, v in zip(ids, values, strict=True):
        for reading, out, k in (("whitened", scores, 1.0), ("raw", literal, 0.5)):
            loss = CHANCE - v * k
            out.append(Score(m, "supcon", reading, loss, CHANCE, v * k, loss - 0.2, loss + 0.1))
            out.append(
                Score(
                    m,
                    "silhouette",
                    reading,
                    v * k / 10,
                    0.0,
                    v * k / 10,
                    v * k / 10 - 0.01,
                    v * k / 10 + 0.02,
                )
            )
    order = tuple(ids[i] for i in np.argsort([-v for v in values], kind="stable"))
    rankings = tuple(
        Ranking(measure, reading, order, tuple(range(1, len(ids) + 1)), tuple(close))
        for measure in ("supcon", "silhouette")
        for reading in ("whitened", "raw")
    )
    dataset = Dataset("x", "x", Path("/x"), ("a/1.png",), np.zeros(1, int), ("a",), "d")
    run = Run("r", "2026-01-01T00:00:00+00:00", "x", ids)
    verdict = Verdict(kind, winner or (order[0] if order else None), "", close=tuple(close))
    return Result(run, dataset, models, tuple(scores), tuple(literal), (), rankings, verdict)


def top_down(chart) -> list[str]:
    """Model ids of the bars as the eye meets them, from the top."""
    return [row.model for row in chart.rows]


def shades(chart) -> list[str]:
    return [row.model for row in chart.rows if row.shaded]


@pytest.mark.parametrize("measure", ["silhouette", "supcon"])
def test_best_on_top_and_longest_although_the_loss_is_lowest(measure):
    chart = charts.score_bars(make([0.2, 1.5, 0.9]), measure, "whitened")
    assert top_down(chart) == ["demo/m1", "demo/m2", "demo/m0"]
    lengths = {row.model: row.end - row.start for row in chart.rows}
    assert lengths["demo/m1"] > lengths["demo/m2"] > lengths["demo/m0"]


def test_zero_has_no_sign():
    result = make([-0.0003])
    for measure in ("silhouette", "supcon"):
        (row,) = charts.score_bars(result, measure, "whitened").rows
        assert (row.text, row.about[1]) == ("0.000", "0.000")
        assert "Model 0 0.000" in charts.bars_alt(result, measure, "whitened")


def test_loss_becomes_gain_and_its_whiskers_swap_sides():
    (row,) = charts.score_bars(make([1.5]), "supcon", "whitened").rows
    assert (row.start, row.end) == pytest.approx((0, 1.5))
    # the loss may be 0.2 lower, so the gain 0.2 higher
    assert (row.low, row.high) == pytest.approx((1.4, 1.7))


def test_msc_keeps_its_value_and_sides():
    (row,) = charts.score_bars(make([1.5]), "silhouette", "whitened").rows
    assert (row.low, row.end, row.high) == pytest.approx((0.14, 0.15, 0.17))


def test_raw_reading_shows_the_literal_scores():
    (row,) = charts.score_bars(make([1.5]), "supcon", "raw").rows
    assert row.end == pytest.approx(0.75)


def test_same_order_and_role_of_a_model_in_every_chart():
    result = make([0.2, 1.5, 0.9, 1.4], close=("demo/m1", "demo/m3"))
    figures = [
        charts.score_bars(result, m, r)
        for m in ("silhouette", "supcon")
        for r in ("whitened", "raw")
    ]
    looks = [{row.model: row.role for row in chart.rows} for chart in figures]
    assert all(look == looks[0] for look in looks)
    assert all(top_down(f) == top_down(figures[0]) for f in figures)
    assert [looks[0][m] for m in ("demo/m1", "demo/m3")] == ["winner", "close"]
    assert looks[0]["demo/m0"] not in ("winner", "close")


def test_cheaper_winner_of_a_tie_stands_on_top():
    result = make([1.5, 1.4], winner="demo/m1", close=("demo/m0", "demo/m1"), kind="tie")
    assert top_down(charts.score_bars(result, "supcon", "whitened")) == ["demo/m1", "demo/m0"]


def test_tied_rows_are_shaded_and_explained():
    result = make([0.2, 1.5, 1.4], close=("demo/m1", "demo/m2"))
    chart = charts.score_bars(result, "supcon", "whitened")
    assert shades(chart) == ["demo/m1", "demo/m2"]
    assert chart.key == "too close to call"


def test_both_charts_shade_what_the_verdict_cannot_tell_apart_whatever_one_score_says():
    result = make([0.2, 1.5, 1.4, 1.3], close=("demo/m1", "demo/m2", "demo/m3"))
    alone = tuple(dataclasses.replace(r, close=r.models[:1]) for r in result.rankings)
    result = dataclasses.replace(result, rankings=alone)
    for measure in ("silhouette", "supcon"):
        chart = charts.score_bars(result, measure, "whitened")
        assert shades(chart) == ["demo/m1", "demo/m2", "demo/m3"]
        assert "For the verdict 3 models" in charts.bars_alt(result, measure, "whitened")


def test_nothing_is_shaded_where_the_leader_stands_alone():
    chart = charts.score_bars(make([0.2, 1.5], close=("demo/m1",)), "supcon", "whitened")
    assert (shades(chart), chart.key) == ([], "")
    # nor where only one of the close models is on show
    result = make([1.5, 1.4, 1.3], winner="demo/m1", close=("demo/m0", "demo/m1"), kind="tie")
    chart = charts.score_bars(result, "supcon", "whitened", most=2, chosen="demo/m2")
    assert top_down(chart) == ["demo/m1", "demo/m2"]
    assert (shades(chart), chart.key) == ([], "")


def test_chance_is_on_the_axis_and_below_chance_goes_left():
    chart = charts.score_bars(make([-0.3, 1.5]), "supcon", "whitened")
    assert (0, "chance") in chart.marks
    assert list(chart.marks) == sorted(chart.marks)
    assert chart.limits[0] < -0.3 < 1.5 < chart.limits[1]


def test_model_without_this_score_keeps_its_row_and_says_so():
    result = make([0.2, 1.5])
    kept = tuple(
        s for s in result.scores if not (s.model == "demo/m0" and s.measure == "silhouette")
    )
    first, last = charts.score_bars(replace(result, scores=kept), "silhouette", "whitened").rows
    assert (first.label, last.label) == ("Model 1", "Model 0")
    assert (last.text, last.start, last.end, last.about) == ("n/a", None, None, ("Model 0",))
    why = (Failure("demo/m0", "supcon", "Other."), Failure("demo/m0", "silhouette", "Too wide."))
    result = replace(result, scores=kept, failures=why)
    last = charts.score_bars(result, "silhouette", "whitened").rows[-1]
    assert last.about == ("Model 0", "Too wide.")


@pytest.mark.parametrize("count", [1, 20])
def test_one_and_twenty_models(count):
    titles = [f"vit_base_patch16_clip_224.laion2b_ft_in{i:02d}" for i in range(count)]
    chart = charts.score_bars(make([float(i) for i in range(count)], titles), "supcon", "whitened")
    labels = [row.label for row in chart.rows]
    assert len(labels) == len(set(labels)) == count  # cut in the middle, and still told apart
    assert max(map(len, labels)) <= 27
    assert charts.bars_height(count) < 450


@pytest.mark.parametrize("values", [[], [0.0], [0.0, 0.0, 0.0]])
def test_no_value_or_equal_values_still_draw_finite_numbers(values):
    chart = charts.score_bars(make(values), "supcon", "whitened")
    assert chart.limits[0] < chart.limits[1]
    json.dumps(dataclasses.asdict(chart), allow_nan=False)


def test_score_without_rechecks_has_no_whisker():
    result = make([1.5])
    bare = tuple(replace(s, low=None, high=None) for s in result.scores)
    (row,) = charts.score_bars(replace(result, scores=bare), "supcon", "whitened").rows
    assert row.low == row.high == row.end


def test_names_are_plain_text():
    """The page writes them as text, so that they are not escaped here."""
    title = "<b>q</b> & R\n\u202e"
    (row,) = charts.score_bars(make([1.5], [title]), "supcon", "whitened").rows
    assert row.label == row.about[0] == plain(title)
    assert plain(title).startswith("<b>q</b> & R")
    assert charts.short_names([title])[0].startswith("&lt;b&gt;q&lt;/b&gt; &amp; R")


def test_names_cut_short_stay_told_apart():
    names = [f"EfficientNet-Lite{i} at 64 px" for i in range(3)]
    assert charts.short_names(names, 24) == [f"…cientNet-Lite{i} at 64 px" for i in range(3)]
    assert charts.short_names([names[0], "Flowers"], 24) == ["EfficientNet-Li…at 64 px", "Flowers"]
    assert charts.short_names(["Shuffled labels (yardstick)"], 18) == ["Shuffled labels…"]
    assert charts.short_names(["(control of all the models)"], 18) == ["(control of…odels)"]
    north = [f"Rattlesnake {i:03d} of the northern hemisphere" for i in range(90, 110)]
    assert charts.short_names(north, 20)[:11:10] == ["Rattle…090 of the n…", "Rattle…100 of the n…"]
    assert len(set(charts.short_names(north, 20))) == len(north)
    assert charts.short_names([names[0], names[0]], 24) == ["EfficientNet-Li…at 64 px"] * 2


def test_an_audience_sees_the_first_models_and_the_chosen_one():
    result = make([0.5, 0.4, 0.3, 0.2, 0.1])
    draw = partial(charts.score_bars, result, "supcon", "whitened", most=3)
    assert top_down(draw()) == ["demo/m0", "demo/m1", "demo/m2"]
    assert top_down(draw(chosen="demo/m4")) == ["demo/m0", "demo/m1", "demo/m4"]
    assert top_down(draw(chosen="demo/m1")) == ["demo/m0", "demo/m1", "demo/m2"]


def test_more_than_a_hundred_models_are_drawn():
    many = charts.score_bars(make([float(i) for i in range(150)]), "supcon", "whitened")
    assert len(top_down(many)) == 150


def test_an_audience_reads_shorter_names_and_which_way_is_better():
    result = make([0.2, 1.5], ["EfficientNet-Lite0 at 64 px", "B"], close=("demo/m0", "demo/m1"))
    large = charts.score_bars(result, "supcon", "whitened", large=True)
    assert all(len(row.label) <= 18 for row in large.rows)
    assert large.scale == "Higher is better"
    assert large.key == "too close"


def test_alt_text_orders_by_the_score_itself():
    result = make([0.2, 1.5, 0.9], ["Zebra", "Apple", "Mango"], close=("demo/m1", "demo/m2"))
    text = charts.bars_alt(result, "supcon", "whitened")
    assert text.index("Apple 1.500") < text.index("Mango 0.900") < text.index("Zebra 0.200")
    assert text.endswith("For the verdict 2 models are too close to call.")


def test_nine_largest_classes_have_their_own_look_the_rest_is_gray():
    counts = np.arange(1, 13)
    groups = charts.class_groups(tuple(f"c{i}" for i in range(12)), counts)
    assert [g.classes for g in groups] == [
        (3,),
        (4,),
        (5,),
        (6,),
        (7,),
        (8,),
        (9,),
        (10,),
        (11,),
        (0, 1, 2),
    ]
    assert groups[-1].name == "other (3 classes)"
    for field in ("light", "dark", "shape"):
        assert len({getattr(g, field) for g in groups[:-1]}) == 9


def test_nine_classes_need_no_other():
    groups = charts.class_groups(tuple("abcdefghi"), np.ones(9, int))
    assert [g.name for g in groups] == list("abcdefghi")


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [
        (-0.01, 0.075, [0.0, 0.05]),
        (-0.03, 0.004, [-0.03, 0.0]),
        (-0.024, 0.03, [0.0]),
        (0.0, 0.21, [0.0, 0.2]),
    ],
)
def test_in_large_type_marks_never_stand_on_one_another(low, high, marks):
    values, texts = _ticks(low, high, few=True)
    assert values == pytest.approx(marks)
    assert "chance" in texts


def test_thin_outlines_say_where_the_bars_ended_before_a_correction():
    first = make([0.5, 0.3])
    result = replace(make([0.7, 0.2]), before=kept(first))
    assert all(row.before is None for row in charts.score_bars(first, "supcon", "whitened").rows)
    for reading, k in (("whitened", 1.0), ("raw", 0.5)):
        rows = charts.score_bars(result, "supcon", reading).rows
        ends = {row.model: row.before for row in rows}
        assert ends == pytest.approx({"demo/m0": 0.5 * k, "demo/m1": 0.3 * k})
        assert rows[1].about[-1] == f"before the correction: {0.3 * k:.3f}"
    said = charts.bars_alt(result, "supcon", "whitened")
    assert "Model 0 0.700 (0.500 before) and Model 1 0.200 (0.300 before)" in said


def test_the_axis_holds_what_was_there_before():
    result = replace(make([0.2, 0.1]), before=kept(make([0.9, 0.1])))
    assert charts.score_bars(result, "supcon", "whitened").limits[1] > 0.9
