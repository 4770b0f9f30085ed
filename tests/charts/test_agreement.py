"""Accuracy dots and the scatter say what the evidence says: order, colors, whiskers, direction,
names.
"""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from srcsel.base.records import (
    Accuracy,
    Dataset,
    Evidence,
    Protocol,
    Ranking,
    Result,
    Run,
    Score,
    SourceModel,
    Verdict,
)
from srcsel.charts import PAINT
from srcsel.charts.accuracies import accuracy_alt, accuracy_dots
from srcsel.charts.agreement import (
    agreement_scatter,
    axis_title,
    scatter_alt,
    scatter_points,
)

CHANCE = math.log(99)
IDS = ("demo/a", "demo/b", "demo/c", "pixels/mean")


@pytest.fixture
def result() -> Result:
    """Gains 0.5, 1.5, 1.0 and 0.1; b is the winner and a close; the last is a yardstick."""
    gains = (0.5, 1.5, 1.0, 0.1)
    models = tuple(
        SourceModel(
            m,
            f"<b>{m}</b>",
            "r",
            10**6 * (i + 1),
            None,
            None,
            None,
            "",
            "MIT",
            accuracy=0.7 + i / 100,
            yardstick=m == "pixels/mean",
        )
        for i, m in enumerate(IDS)
    )
    scores = [
        Score(m, "supcon", "whitened", CHANCE - g, CHANCE, g, CHANCE - g - 0.2, CHANCE - g + 0.1)
        for m, g in zip(IDS, gains, strict=True)
    ]
    scores += [
        Score(m, "knn", None, g / 2, 0.1, None, g / 2 - 0.1, g / 2 + 0.1)
        for m, g in zip(IDS, gains, strict=True)
    ]
    order = tuple(IDS[i] for i in np.argsort([-g for g in gains]))
    rankings = (
        Ranking("supcon", "whitened", order, (1, 2, 3, 4)),
        Ranking("knn", None, order, (1, 2, 3, 4)),
    )
    dataset = Dataset("x", "x", Path("/x"), ("a/1.png",), np.zeros(1, int), ("a",), "d")
    verdict = Verdict("tie", IDS[1], "", close=(IDS[1], IDS[0]))
    run = Run("r", "2026-01-01T00:00:00+00:00", "x", IDS)
    return Result(run, dataset, models, tuple(scores), (), (), rankings, verdict)


@pytest.fixture
def evidence() -> Evidence:
    """Reached: a 60 %, b 80 %, c 78 %, yardstick 30 %."""
    means = (0.6, 0.8, 0.78, 0.3)
    accuracies = tuple(
        Accuracy(m, (v - 0.02, v + 0.02), v, v - 0.03, v + 0.05)
        for m, v in zip(IDS, means, strict=True)
    )
    return Evidence("r", Protocol("probe"), accuracies, (), "b was best.", close=(IDS[1], IDS[2]))


def means(figure) -> dict[str, float]:
    trace = next(t for t in figure.data if t.customdata is not None)
    return dict(zip(trace.customdata, trace.x, strict=True))


def test_dots_in_percent_with_their_interval_and_every_single_value(result, evidence):
    figure = accuracy_dots(result, evidence)
    single, dots = figure.data
    assert means(figure) == pytest.approx({IDS[0]: 60, IDS[1]: 80, IDS[2]: 78, IDS[3]: 30})
    assert list(dots.error_x.arrayminus) == pytest.approx([3] * 4)
    assert list(dots.error_x.array) == pytest.approx([5] * 4)
    assert sorted(single.x) == pytest.approx([28, 32, 58, 62, 76, 78, 80, 82])
    assert set(single.y) == set(dots.y)


def test_order_and_colors_are_those_of_the_bars(result, evidence):
    dots = accuracy_dots(result, evidence).data[1]
    top_down = [m for _, m in sorted(zip(dots.y, dots.customdata, strict=True), reverse=True)]
    # the winner, then by the scores; not by accuracy
    assert top_down == [IDS[1], IDS[2], IDS[0], IDS[3]]
    colors = dict(zip(dots.customdata, dots.marker.color, strict=True))
    paint = PAINT["light"]
    assert (colors[IDS[1]], colors[IDS[0]], colors[IDS[2]]) == (
        paint["winner"],
        paint["close"],
        paint["other"],
    )


def test_a_yardstick_has_a_mark_of_its_own(result, evidence):
    for figure in (
        accuracy_dots(result, evidence),
        agreement_scatter(result, evidence, "knn", None),
    ):
        trace = next(t for t in figure.data if t.customdata is not None)
        symbols = dict(zip(trace.customdata, trace.marker.symbol, strict=True))
        assert {m for m, s in symbols.items() if s == "diamond-open"} == {IDS[3]}


def test_rows_that_cannot_be_told_from_the_best_are_shaded_and_said(result, evidence):
    figure = accuracy_dots(result, evidence)
    rows = dict(zip(figure.data[1].customdata, figure.data[1].y, strict=True))
    assert sorted(s.y0 + 0.5 for s in figure.layout.shapes) == sorted([rows[IDS[1]], rows[IDS[2]]])
    assert any("cannot be told" in a.text for a in figure.layout.annotations)
    alone = accuracy_dots(result, replace(evidence, close=(IDS[1],)))
    assert not alone.layout.shapes


def test_a_model_without_a_score_still_has_its_row(result, evidence):
    bare = replace(result, scores=(), rankings=())
    assert set(means(accuracy_dots(bare, evidence))) == set(IDS)
    other = replace(evidence.accuracies[0], model="gone/model")
    assert "gone/model" in means(accuracy_dots(result, replace(evidence, accuracies=(other,))))


def test_scatter_turns_the_loss_into_its_gain_with_whiskers_both_ways(result, evidence):
    trace = agreement_scatter(result, evidence, "supcon", "whitened").data[0]
    at = {m: i for i, m in enumerate(trace.customdata)}
    i = at[IDS[1]]
    assert (trace.x[i], trace.y[i]) == pytest.approx((1.5, 80))
    assert (trace.error_x.arrayminus[i], trace.error_x.array[i]) == pytest.approx((0.1, 0.2))
    assert (trace.error_y.arrayminus[i], trace.error_y.array[i]) == pytest.approx((3, 5))


def test_right_is_better_even_where_lower_is(result, evidence, monkeypatch):
    from srcsel.measures import MEASURES

    upright = agreement_scatter(result, evidence, "knn", None).layout.xaxis.range
    assert upright[0] < upright[1]
    monkeypatch.setitem(MEASURES, "knn", replace(MEASURES["knn"], higher_is_better=False))
    flipped = agreement_scatter(result, evidence, "knn", None).layout.xaxis.range
    assert flipped == upright[::-1]


def test_static_predictors_come_from_the_models(result, evidence):
    assert scatter_points(result, evidence, "params", None)[IDS[2]] == (3e6, 3e6, 3e6)
    assert scatter_points(result, evidence, "accuracy", None)[IDS[1]] == pytest.approx((0.71,) * 3)
    unknown = replace(result, models=tuple(replace(m, accuracy=None) for m in result.models))
    assert scatter_points(unknown, evidence, "accuracy", None) == {}


def test_names_are_text_in_both_figures(result, evidence):
    dots, scatter = (
        accuracy_dots(result, evidence),
        agreement_scatter(result, evidence, "knn", None),
    )
    assert all("<b>demo" not in text for text in dots.layout.yaxis.ticktext)
    assert "&lt;b&gt;demo/b&lt;/b&gt;" in [a.text for a in scatter.layout.annotations]
    hovers = [*dots.data[1].hovertext, *scatter.data[0].hovertext]
    assert all("<b>demo" not in text.removeprefix("<b>").split("<br>")[0] for text in hovers)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_write_in_their_own_ink(result, evidence, theme):
    figure = agreement_scatter(result, evidence, "knn", None, theme=theme)
    assert {a.font.color for a in figure.layout.annotations} == {PAINT[theme]["ink"]}


def test_one_model_and_none(result, evidence):
    one = replace(evidence, accuracies=evidence.accuracies[:1], close=(IDS[0],))
    assert means(agreement_scatter(result, one, "knn", None)) == {IDS[0]: 0.25}
    none = replace(evidence, accuracies=())
    assert not agreement_scatter(result, none, "knn", None).data[0].x
    assert not accuracy_dots(result, none).data[1].x
    assert accuracy_alt(result, none) == "No model has an accuracy yet."
    assert scatter_alt(result, none, "knn", None) == "No model has both this score and an accuracy."


def test_alternative_texts_tell_numbers_and_ties(result, evidence):
    said = accuracy_alt(result, evidence)
    assert said.startswith(
        "Accuracy reached, best first: <b>demo/b</b> 80.0 %; <b>demo/c</b> 78.0 %"
    )
    assert said.endswith("2 models cannot be told apart.")
    assert "<b>demo/b</b>: score 1.500, 80.0 % right" in scatter_alt(
        result, evidence, "supcon", "whitened"
    )


def test_axis_says_measure_reading_and_direction():
    assert (
        axis_title("supcon", "raw")
        == "Neighbour agreement (SCL),<br>turned round, as published, better →"
    )
    assert axis_title("params", None) == "Number of weights →"
    assert axis_title("<i>of another version", None) == "&lt;i&gt;of another version, better →"
