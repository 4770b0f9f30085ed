"""Score against cost: every model a dot with its whisker, and the line of those that nothing else
beats.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from srcsel.base.phrases import plain, significant
from srcsel.base.records import Reading, Result, Verdict
from srcsel.charts.bars import short_names
from srcsel.charts.marks import ground, whiskers
from srcsel.charts.palette import PAINT, Theme, plotly_text
from srcsel.verdict.cost import COSTS, Cost, contenders, costs, frontier, spreads
from srcsel.verdict.readings import axis_chance, bar_length, pick_scores, role, titles_of
from srcsel.verdict.times import Timed
from srcsel.verdict.wording import SAME_COST

if TYPE_CHECKING:
    import plotly.graph_objects as go

HEIGHT = 380  # pixels
_DOT, _CHOSEN = 12, 16  # pixels across
_FAINT = 0.75  # opacity of the names of models that are not near the answer
_ROOM = 0.12  # of the cost axis left free at both ends, so that names fit


@dataclass(frozen=True)
class Trade:
    """What the picture shows, as numbers: model -> cost, and model -> (value, low, high), higher is
    better.
    """

    kind: str  # of cost, a key of COSTS
    cost: Mapping[str, float]
    score: Mapping[str, tuple[float, float, float]]
    best: tuple[str, ...]  # the efficient models, cheapest first; no yardsticks
    unplaced: tuple[str, ...]  # scored models whose cost is not known
    chance: float = 0.0  # where the score's axis has it
    spread: Mapping[str, Timed] = field(default_factory=dict)  # between what the costs lie


def trade(result: Result, measure: str, reading: Reading, kind: str) -> Trade:
    """Gather costs and scores of a run, and find the efficient models."""
    found = pick_scores(result, measure, reading)
    scores = {m: bar_length(s) for m, s in found.items()}
    known = {m: c for m, c in costs(result, kind).items() if m in scores}
    rivals = [m for m in contenders(result) if m in known]
    best = frontier({m: known[m] for m in rivals}, {m: scores[m][0] for m in rivals})
    unplaced = tuple(m for m in scores if m not in known)
    return Trade(
        kind, known, scores, tuple(best), unplaced, axis_chance(found), spreads(result, kind)
    )


def tells_apart(shown: Trade) -> bool:
    """Say whether the models differ in that cost at all, as the verdict counts it: else there is
    nothing to trade.
    """
    known = [shown.spread.get(m, Timed(c, c, c)) for m, c in shown.cost.items()]
    least = min((cost.high for cost in known), default=0.0)
    return len(known) > 1 and max(cost.low for cost in known) > SAME_COST * least


def cost_chart(
    result: Result,
    shown: Trade,
    *,
    title: str,
    verdict: Verdict | None = None,
    limit: float | None = None,
    theme: Theme = "light",
    chosen: str | None = None,
) -> go.Figure:
    """Draw score over cost (log axis); what costs more than `limit` is faint.

    `title` names the score's axis. Colours follow `verdict`, or the run's own. `customdata` of a
    dot is the model's id.
    """
    import plotly.graph_objects as go

    paint = PAINT[theme]
    result = result if verdict is None else replace(result, verdict=verdict)
    figure = go.Figure()
    _add_line(figure, shown, paint)
    over = {
        m
        for m, c in shown.cost.items()
        if limit is not None and shown.spread.get(m, Timed(c, c, c)).low > limit
    }
    for group, opacity in ((over, 0.3), (set(shown.cost) - over, 1.0)):
        _add_dots(figure, result, shown, group, opacity, chosen, paint)
    _lay_out(figure, shown, title, paint)
    if limit is not None:
        _add_limit(figure, COSTS[shown.kind], limit, paint)
    _add_names(figure, result, shown, chosen, over, paint)
    return figure


def cost_alt(result: Result, shown: Trade) -> str:
    """Say in words what the picture shows, from the same data."""
    titles, cost = titles_of(result), COSTS[shown.kind]
    parts = [
        f"{plain(titles[m])} ({cost.in_words(shown.cost[m])}, {shown.score[m][0]:z.3f})"
        for m in shown.best[:6]
    ]
    return (
        f"Score against {cost.title.lower()} of {len(shown.cost)} models. Nothing else is both"
        f" cheaper and better than: {'; '.join(parts)}."
    )


def _add_line(figure: go.Figure, shown: Trade, paint: dict[str, str]) -> None:
    figure.add_scatter(
        x=[shown.cost[m] for m in shown.best],
        y=[shown.score[m][0] for m in shown.best],
        mode="lines",
        line={"color": paint["winner"], "width": 2, "dash": "dot"},
        hoverinfo="skip",
        name="line",
    )


def _add_dots(
    figure: go.Figure,
    result: Result,
    shown: Trade,
    group: Collection[str],
    opacity: float,
    chosen: str | None,
    paint: dict[str, str],
) -> None:
    models = [m for m in shown.cost if m in group]
    if not models:
        return
    scores = [shown.score[m] for m in models]
    yardsticks = {m.id for m in result.models if m.yardstick}
    figure.add_scatter(
        x=[shown.cost[m] for m in models],
        y=[value for value, _, _ in scores],
        customdata=models,
        mode="markers",
        opacity=opacity,
        marker={
            "size": [_CHOSEN if m == chosen else _DOT for m in models],
            "symbol": ["diamond" if m in yardsticks else "circle" for m in models],
            "color": [paint[role(result, m)] for m in models],
            "line": {"color": paint["ink"], "width": [2 if m == chosen else 0.8 for m in models]},
        },
        error_y=whiskers([(v - low, high - v) for v, low, high in scores], paint),
        hovertext=[_hover(result, shown, m) for m in models],
        hovertemplate="%{hovertext}<extra></extra>",
        unselected={"marker": {"opacity": opacity}},
        selected={"marker": {"opacity": opacity}},
    )


def _hover(result: Result, shown: Trade, model: str) -> str:
    value, low, high = shown.score[model]
    title = titles_of(result)[model]
    whisker = (
        f"<br>between {low:z.3f} and {high:z.3f} in 90 % of the re-checks" if high > low else ""
    )
    value_ = shown.cost[model]
    cost = COSTS[shown.kind].between(shown.spread.get(model, Timed(value_, value_, value_)))
    return f"<b>{plotly_text(title)}</b><br>{cost}<br>{value:z.3f}{whisker}"


def _lay_out(figure: go.Figure, shown: Trade, title: str, paint: dict[str, str]) -> None:
    low, high = _ends(shown)
    ticks = [
        v
        for v in (digit * 10.0**power for power in range(-6, 10) for digit in (1, 2, 5))
        if low <= v <= high
    ]
    cost = COSTS[shown.kind]
    font = {"size": 12, "color": paint["ink"]}
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 16, "t": 12, "b": 8},
        showlegend=False,
        clickmode="event+select",
        **ground(paint),
    )
    figure.update_xaxes(
        type="log",
        range=[float(np.log10(low)), float(np.log10(high))],
        fixedrange=True,
        automargin=True,
        tickvals=ticks,
        ticktext=[significant(v, 10) for v in ticks],
        tickfont=font,
        tickangle=0,
        zeroline=False,
        title={"text": f"{cost.title} ({cost.unit}), less is better", "font": font},
    )
    figure.update_yaxes(
        fixedrange=True,
        automargin=True,
        tickfont=font,
        zeroline=shown.chance == 0,
        zerolinecolor=paint["line"],
        title={"text": plotly_text(title), "font": font},
    )


def _add_limit(figure: go.Figure, cost: Cost, limit: float, paint: dict[str, str]) -> None:
    high = 10 ** figure.layout.xaxis.range[1]  # pyright: ignore[reportAttributeAccessIssue]
    figure.add_shape(
        type="rect",
        yref="paper",
        y0=0,
        y1=1,
        x0=limit,
        x1=high,
        line_width=0,
        fillcolor=paint["band"],
        layer="below",
    )
    figure.add_shape(
        type="line",
        yref="paper",
        y0=0,
        y1=1,
        x0=limit,
        x1=limit,
        line={"color": paint["line"], "width": 1.5},
        label={
            "text": f"up to {cost.in_words(limit)}",
            "textposition": "end",
            "textangle": 0,
            "xanchor": "right",
            "yanchor": "top",
            "padding": 6,
            "font": {"size": 12, "color": paint["ink"]},
        },
    )


def _add_names(
    figure: go.Figure,
    result: Result,
    shown: Trade,
    chosen: str | None,
    over: Collection[str],
    paint: dict[str, str],
) -> None:
    """Write each name on its dot, the most important first; the page places them beside."""
    titles, verdict = titles_of(result), result.verdict
    first = [m for m in (chosen, verdict.winner, *shown.best, *verdict.close) if m is not None]
    named = [m for m in dict.fromkeys((*first, *shown.cost)) if m in shown.cost and m not in over]
    for model, name in zip(named, short_names([titles[m] for m in named]), strict=True):
        figure.add_annotation(
            text=name,
            x=float(np.log10(shown.cost[model])),
            y=shown.score[model][0],
            showarrow=False,
            opacity=1 if model in first else _FAINT,
            font={"size": 12, "color": paint["ink"]},
        )


def _ends(shown: Trade) -> tuple[float, float]:
    values = list(shown.cost.values())
    low, high = min(values), max(values)
    room = max((high / low) ** _ROOM, 1.15)
    return low / room, high * room
