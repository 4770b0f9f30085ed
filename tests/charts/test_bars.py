"""The figures say what the records say: order, direction, whiskers, ties, names."""

import dataclasses
import json
import math
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from srcsel import charts
from srcsel.base.records import Dataset, Ranking, Result, Run, Score, SourceModel, Verdict
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


def top_down(figure) -> list[str]:
    """Model ids of the bars as the eye meets them, from the top."""
    bars = figure.data[0]
    return [model for _, model in sorted(zip(bars.y, bars.customdata, strict=True), reverse=True)]


@pytest.mark.parametrize("measure", ["silhouette", "supcon"])
def test_best_on_top_and_longest_although_the_loss_is_lowest(measure):
    figure = charts.score_bars(make([0.2, 1.5, 0.9]), measure, "whitened")
    assert top_down(figure) == ["demo/m1", "demo/m2", "demo/m0"]
    lengths = dict(zip(figure.data[0].customdata, figure.data[0].x, strict=True))
    assert lengths["demo/m1"] > lengths["demo/m2"] > lengths["demo/m0"]


def test_zero_has_no_sign():
    result = make([-0.0003])
    for measure in ("silhouette", "supcon"):
        figure = charts.score_bars(result, measure, "whitened")
        texts = [a.text for a in figure.layout.annotations] + [
            str(figure.data[0].hovertext[0]).split("<br>")[1]
        ]
        assert texts == ["0.000", "0.000"]
        assert "Model 0 0.000" in charts.bars_alt(result, measure, "whitened")


def test_loss_becomes_gain_and_its_whiskers_swap_sides():
    figure = charts.score_bars(make([1.5]), "supcon", "whitened")
    bar = figure.data[0]
    assert bar.x[0] == pytest.approx(1.5)
    # the loss may be 0.2 lower, so the gain 0.2 higher
    assert bar.error_x.array[0] == pytest.approx(0.2)
    assert bar.error_x.arrayminus[0] == pytest.approx(0.1)


def test_msc_keeps_its_value_and_sides():
    bar = charts.score_bars(make([1.5]), "silhouette", "whitened").data[0]
    assert (bar.x[0], bar.error_x.array[0], bar.error_x.arrayminus[0]) == pytest.approx(
        (0.15, 0.02, 0.01)
    )


def test_raw_reading_shows_the_literal_scores():
    assert charts.score_bars(make([1.5]), "supcon", "raw").data[0].x[0] == pytest.approx(0.75)


def test_same_order_and_color_of_a_model_in_every_chart():
    result = make([0.2, 1.5, 0.9, 1.4], close=("demo/m1", "demo/m3"))
    figures = [
        charts.score_bars(result, m, r)
        for m in ("silhouette", "supcon")
        for r in ("whitened", "raw")
    ]
    looks = [dict(zip(f.data[0].customdata, f.data[0].marker.color, strict=True)) for f in figures]
    assert all(look == looks[0] for look in looks)
    assert all(top_down(f) == top_down(figures[0]) for f in figures)
    # winner, tied, others
    assert len({looks[0][m] for m in ("demo/m1", "demo/m3", "demo/m0")}) == 3


def test_cheaper_winner_of_a_tie_stands_on_top():
    result = make([1.5, 1.4], winner="demo/m1", close=("demo/m0", "demo/m1"), kind="tie")
    assert top_down(charts.score_bars(result, "supcon", "whitened")) == ["demo/m1", "demo/m0"]


def test_tied_rows_are_shaded_and_explained():
    figure = charts.score_bars(
        make([0.2, 1.5, 1.4], close=("demo/m1", "demo/m2")), "supcon", "whitened"
    )
    rows = dict(zip(figure.data[0].customdata, figure.data[0].y, strict=True))
    shaded = sorted((s.y0 + s.y1) / 2 for s in figure.layout.shapes)
    assert shaded == sorted([rows["demo/m1"], rows["demo/m2"]])
    assert any("too close to call" in a.text for a in figure.layout.annotations)


def test_both_charts_shade_what_the_verdict_cannot_tell_apart_whatever_one_score_says():
    result = make([0.2, 1.5, 1.4, 1.3], close=("demo/m1", "demo/m2", "demo/m3"))
    alone = tuple(dataclasses.replace(r, close=r.models[:1]) for r in result.rankings)
    result = dataclasses.replace(result, rankings=alone)
    for measure in ("silhouette", "supcon"):
        figure = charts.score_bars(result, measure, "whitened")
        rows = dict(zip(figure.data[0].customdata, figure.data[0].y, strict=True))
        looks = dict(zip(figure.data[0].customdata, figure.data[0].marker.color, strict=True))
        shaded = sorted((s.y0 + s.y1) / 2 for s in figure.layout.shapes)
        assert shaded == sorted(rows[m] for m in looks if looks[m] != looks["demo/m0"])
        assert len(shaded) == 3
        assert "For the verdict 3 models" in charts.bars_alt(result, measure, "whitened")


def test_nothing_is_shaded_where_the_leader_stands_alone():
    figure = charts.score_bars(make([0.2, 1.5], close=("demo/m1",)), "supcon", "whitened")
    assert not figure.layout.shapes
    assert not any("too close" in a.text for a in figure.layout.annotations)


def test_chosen_model_is_marked_by_more_than_color():
    figure = charts.score_bars(make([0.2, 1.5]), "supcon", "whitened", chosen="demo/m0")
    bar = figure.data[0]
    assert dict(zip(bar.customdata, bar.marker.line.width, strict=True)) == {
        "demo/m0": 2,
        "demo/m1": 0,
    }
    marked = [t for t in figure.layout.yaxis.ticktext if t.startswith("<b>▸")]
    assert marked == ["<b>▸ Model 0</b>"]


def test_chance_is_on_the_axis_and_below_chance_goes_left():
    figure = charts.score_bars(make([-0.3, 1.5]), "supcon", "whitened")
    ticks = dict(zip(figure.layout.xaxis.ticktext, figure.layout.xaxis.tickvals, strict=True))
    assert ticks["chance"] == 0
    assert figure.layout.xaxis.range[0] < -0.3 < 1.5 < figure.layout.xaxis.range[1]


def test_model_without_this_score_keeps_its_row_and_says_so():
    result = make([0.2, 1.5])
    kept = tuple(
        s for s in result.scores if not (s.model == "demo/m0" and s.measure == "silhouette")
    )
    figure = charts.score_bars(replace(result, scores=kept), "silhouette", "whitened")
    assert list(figure.layout.yaxis.ticktext) == ["Model 1", "Model 0"]
    assert "n/a" in [a.text for a in figure.layout.annotations]


@pytest.mark.parametrize("count", [1, 20])
def test_one_and_twenty_models(count):
    titles = [f"vit_base_patch16_clip_224.laion2b_ft_in{i:02d}" for i in range(count)]
    figure = charts.score_bars(make([float(i) for i in range(count)], titles), "supcon", "whitened")
    labels = figure.layout.yaxis.ticktext
    assert len(labels) == len(set(labels)) == count  # cut in the middle, and still told apart
    assert max(map(len, labels)) <= 27
    assert figure.layout.height == charts.bars_height(count) < 450


@pytest.mark.parametrize("values", [[], [0.0], [0.0, 0.0, 0.0]])
def test_no_value_or_equal_values_still_draw_finite_numbers(values):
    text = charts.score_bars(make(values), "supcon", "whitened").to_json()
    assert "NaN" not in text
    assert "Infinity" not in text


def test_score_without_rechecks_has_no_whisker():
    result = make([1.5])
    bare = tuple(replace(s, low=None, high=None) for s in result.scores)
    bar = charts.score_bars(replace(result, scores=bare), "supcon", "whitened").data[0]
    assert (bar.error_x.array[0], bar.error_x.arrayminus[0]) == (0, 0)


def test_hostile_names_are_shown_literally():
    figure = charts.score_bars(make([1.5], ["<a href='http://x'>q</a>"]), "supcon", "whitened")
    texts = [*figure.layout.yaxis.ticktext, *figure.data[0].hovertext]
    assert not any("<a" in t for t in texts)
    assert "&lt;a href=" in figure.data[0].hovertext[0]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figure_is_json_in_both_themes(theme):
    figure = charts.score_bars(make([0.2, 1.5]), "supcon", "whitened", theme=theme)
    assert json.loads(figure.to_json())["data"][0]["type"] == "bar"


def test_names_cut_short_stay_told_apart():
    names = [f"EfficientNet-Lite{i} at 64 px" for i in range(3)]
    assert charts.short_names(names, 24) == [f"…cientNet-Lite{i} at 64 px" for i in range(3)]
    assert charts.short_names([names[0], "Flowers"], 24) == ["EfficientNet-Li…at 64 px", "Flowers"]
    assert charts.short_names(["Shuffled labels (control)"], 18) == ["Shuffled labels…"]
    assert charts.short_names(["(control of all the models)"], 18) == ["(control of…odels)"]
    assert charts.short_names([names[0], names[0]], 24) == ["EfficientNet-Li…at 64 px"] * 2


def test_an_audience_sees_the_first_models_and_the_chosen_one():
    result = make([0.5, 0.4, 0.3, 0.2, 0.1])
    draw = partial(charts.score_bars, result, "supcon", "whitened", most=3)
    assert top_down(draw()) == ["demo/m0", "demo/m1", "demo/m2"]
    assert top_down(draw(chosen="demo/m4")) == ["demo/m0", "demo/m1", "demo/m4"]
    assert top_down(draw(chosen="demo/m1")) == ["demo/m0", "demo/m1", "demo/m2"]
    assert draw().layout.height == charts.bars_height(3)


def test_more_than_a_hundred_models_are_drawn():
    many = charts.score_bars(make([float(i) for i in range(150)]), "supcon", "whitened")
    assert len(top_down(many)) == 150


def test_projector_size_enlarges_rows_and_type():
    small, large = (
        charts.score_bars(make([0.2, 1.5]), "supcon", "whitened", scale=s) for s in (1.0, 1.25)
    )
    assert large.layout.height == round(1.25 * small.layout.height)
    assert {a.font.size for a in large.layout.annotations} == {15}
    assert large.layout.yaxis.tickfont.color == small.layout.yaxis.tickfont.color


def test_an_audience_reads_shorter_names_and_which_way_is_better():
    result = make([0.2, 1.5], ["EfficientNet-Lite0 at 64 px", "B"], close=("demo/m0", "demo/m1"))
    large = charts.score_bars(result, "supcon", "whitened", scale=1.25)
    assert all(len(text.strip("<b>▸/ ")) <= 18 for text in large.layout.yaxis.ticktext)
    assert "Higher is better" in large.layout.title.text
    assert any(a.text.endswith("too close") for a in large.layout.annotations)


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
    assert len(charts.score_bars(first, "supcon", "whitened").data) == 1
    for reading, k in (("whitened", 1.0), ("raw", 0.5)):
        now, before = charts.score_bars(result, "supcon", reading).data
        ends = dict(zip(before.customdata, before.x, strict=True))
        assert ends == pytest.approx({"demo/m0": 0.5 * k, "demo/m1": 0.3 * k})
        assert list(before.y) == list(now.y)
        assert before.marker.color == "rgba(0,0,0,0)"
        assert f"before the correction: {0.3 * k:.3f}" in before.hovertext
    said = charts.bars_alt(result, "supcon", "whitened")
    assert "Model 0 0.700 (0.500 before); Model 1 0.200 (0.300 before)" in said


def test_the_axis_holds_what_was_there_before():
    result = replace(make([0.2, 0.1]), before=kept(make([0.9, 0.1])))
    assert charts.score_bars(result, "supcon", "whitened").layout.xaxis.range[1] > 0.9
