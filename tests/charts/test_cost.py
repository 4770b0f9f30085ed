import dataclasses
from pathlib import Path

import numpy as np
import pytest

from srcsel.base.records import Dataset, Result, Run, Score, SourceModel, Verdict
from srcsel.charts.cost import cost_alt, cost_chart, tells_apart, trade


@pytest.fixture
def result() -> Result:
    """Four networks and a yardstick; "b" costs more than "a" and scores less."""
    facts = {
        "a": (5e6, 0.3),
        "b": (9e6, 0.2),
        "c": (50e6, 0.6),
        "d": (None, 0.9),
        "<i>y</i>": (1e6, 0.1),
    }
    models = tuple(
        SourceModel(
            f"x/{name}",
            name,
            "r",
            params and int(params),
            None,
            64,
            8,
            "",
            "MIT",
            yardstick="y" in name,
        )
        for name, (params, _) in facts.items()
    )
    chance = np.log(9)
    scores = tuple(
        Score(
            f"x/{name}",
            "supcon",
            "whitened",
            chance - gain,
            chance,
            gain,
            chance - gain - 0.1,
            chance - gain + 0.05,
        )
        for name, (_, gain) in facts.items()
    )
    dataset = Dataset("d", "d", Path("d"), tuple("0123456789"), np.arange(10) % 2, ("p", "q"), "x")
    verdict = Verdict("clear", "x/c", "", close=("x/c", "x/a"))
    return Result(Run("r", "", "d", ()), dataset, models, scores, (), (), (), verdict)


def dots(figure):
    return {
        m: (x, y)
        for t in figure.data
        if t.customdata is not None
        for m, x, y in zip(t.customdata, t.x, t.y, strict=True)
    }


def test_the_efficient_line_passes_over_what_is_beaten_and_over_yardsticks(result):
    shown = trade(result, "supcon", "whitened", "params")
    assert shown.best == ("x/a", "x/c")
    assert shown.unplaced == ("x/d",)
    figure = cost_chart(result, shown, title="Score")
    assert list(figure.data[0].x) == [5, 50]
    assert list(figure.data[0].y) == pytest.approx([0.3, 0.6])


def test_dots_stand_at_cost_and_score_and_whiskers_reach_low_and_high(result):
    figure = cost_chart(result, trade(result, "supcon", "whitened", "params"), title="Score")
    found = {model: (x, round(y, 9)) for model, (x, y) in dots(figure).items()}
    assert found == {"x/a": (5, 0.3), "x/b": (9, 0.2), "x/c": (50, 0.6), "x/<i>y</i>": (1, 0.1)}
    trace = figure.data[1]
    # the loss's low end is the gain's high end
    assert trace.error_y.array == pytest.approx([0.1] * 4)
    assert trace.error_y.arrayminus == pytest.approx([0.05] * 4)
    low, high = (10**end for end in figure.layout.xaxis.range)
    assert low < 1 < 50 < high


def test_what_costs_more_than_the_limit_is_faint_and_keeps_its_place(result):
    shown = trade(result, "supcon", "whitened", "params")
    whole, limited = (
        cost_chart(result, shown, title="S"),
        cost_chart(result, shown, title="S", limit=10.0),
    )
    faint = [t for t in limited.data if t.opacity is not None and t.opacity < 1]
    assert [list(t.customdata) for t in faint] == [["x/c"]]
    assert dots(limited) == dots(whole)
    assert limited.layout.xaxis.range == whole.layout.xaxis.range
    assert not any(note.text == "c" for note in limited.layout.annotations)
    assert limited.layout.shapes[-1].label.text == "up to 10 million weights"


def test_colors_follow_the_verdict_under_the_limit(result):
    shown = trade(result, "supcon", "whitened", "params")
    again = cost_chart(
        result, shown, title="S", verdict=Verdict("clear", "x/a", "", close=("x/a",))
    )
    own = cost_chart(result, shown, title="S")
    assert again.data[1].marker.color[0] == own.data[1].marker.color[2]  # the winner's


def test_names_lie_on_their_dots_the_most_important_first_the_others_faintly(result):
    shown = trade(result, "supcon", "whitened", "params")
    notes = cost_chart(result, shown, title="S", chosen="x/b").layout.annotations
    assert [note.text for note in notes] == ["b", "c", "a", "&lt;i&gt;y&lt;/i&gt;"]
    assert [note.opacity < 1 for note in notes] == [False, False, False, True]
    found = [(round(10**note.x, 6), note.y, note.xshift, note.yshift) for note in notes[:2]]
    assert found == [(9, pytest.approx(0.2), None, None), (50, pytest.approx(0.6), None, None)]


def test_nothing_to_trade_where_all_cost_the_same(result):
    assert tells_apart(trade(result, "supcon", "whitened", "params"))
    same = tuple(dataclasses.replace(m, params=7) for m in result.models)
    assert not tells_apart(
        trade(dataclasses.replace(result, models=same), "supcon", "whitened", "params")
    )
    assert not tells_apart(trade(result, "supcon", "whitened", "time"))


def test_names_are_text(result):
    shown = trade(result, "supcon", "whitened", "params")
    figure = cost_chart(result, shown, title="<b>S</b>", chosen="x/<i>y</i>")
    said = [
        *figure.data[1].hovertext,
        *(n.text for n in figure.layout.annotations),
        figure.layout.yaxis.title.text,
    ]
    assert not any("<i>" in text or "<b>S" in text for text in said)
    assert any("&lt;i&gt;" in text for text in said)
    assert "a (5 million weights, 0.300)" in cost_alt(result, shown)
