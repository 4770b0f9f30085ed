"""Learning curves -> a figure: measured, continued with an interval. Knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from srcsel.base.phrases import plain
from srcsel.base.records import Ahead, Curve, CurvePoint, Outlook, Result
from srcsel.charts.marks import ground, whiskers
from srcsel.charts.palette import PAINT, Theme, plotly_text
from srcsel.verdict.readings import role, titles_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

HEIGHT = 300  # pixels
DASHES = ("solid", "dot", "dashdot")  # of the models, so that colour alone tells nothing


def growth_chart(
    result: Result, outlook: Outlook, *, theme: Theme = "light", scale: float = 1.0
) -> go.Figure:
    """Draw how often each model is right, in percent, by the pictures of a class learned from.

    The first has whiskers, and a band where it is continued; the others are lines.
    """
    import plotly.graph_objects as go

    paint, titles = PAINT[theme], titles_of(result)
    figure = go.Figure()
    for number, curve in enumerate(outlook.curves):
        name = plotly_text(titles[curve.model])
        color = paint[role(result, curve.model)]
        beyond = (curve.points[-1], *curve.ahead)
        if number == 0 and curve.ahead:
            _band(figure, beyond, paint["band"])
        style = {"color": color, "width": 2.5 if number == 0 else 1.6}
        figure.add_scatter(
            x=[p.each for p in curve.points],
            y=[100 * p.value for p in curve.points],
            mode="lines+markers",
            name=name,
            line={**style, "dash": DASHES[number]},
            marker={"size": 7 * scale},
            error_y=_whiskers(curve, paint) if number == 0 else None,
            hovertemplate=f"{name}: %{{y:.0f}} % after %{{x:.0f}} a class<extra></extra>",
        )
        figure.add_scatter(
            x=[p.each for p in beyond],
            y=[100 * p.value for p in beyond],
            mode="lines",
            line={**style, "dash": "dash"},
            showlegend=False,
            hovertemplate=f"{name}: about %{{y:.0f}} % with %{{x:.0f}} a class<extra></extra>",
        )
    _axes(figure, outlook, paint, scale)
    return figure


def growth_alt(result: Result, outlook: Outlook) -> str:
    """Say in words what the curves show."""
    titles = titles_of(result)
    told = [
        f"{plain(titles[c.model])}: "
        + ", ".join(f"{100 * p.value:.0f} % after {p.each:.0f} a class" for p in c.points)
        for c in outlook.curves
    ]
    return f"{'; '.join(told)}. {outlook.text}"


def _band(figure: go.Figure, beyond: Sequence[CurvePoint | Ahead], color: str) -> None:
    across = [p.each for p in beyond]
    figure.add_scatter(
        x=[*across, *across[::-1]],
        y=[*(100 * p.low for p in beyond), *(100 * p.high for p in beyond[::-1])],
        fill="toself",
        fillcolor=color,
        line_width=0,
        mode="lines",
        showlegend=False,
        hoverinfo="skip",
    )


def _whiskers(curve: Curve, paint: dict[str, str]) -> dict[str, Any]:
    spreads = [(100 * (p.value - p.low), 100 * (p.high - p.value)) for p in curve.points]
    return whiskers(spreads, paint)


def _axes(figure: go.Figure, outlook: Outlook, paint: dict[str, str], scale: float) -> None:
    now = outlook.curves[0].points[-1].each
    font = {"size": 12 * scale, "color": paint["ink"]}
    figure.add_vline(x=now, line={"dash": "dot", "width": 1.2, "color": paint["line"]})
    ticks = [p.each for p in outlook.curves[0].points[::2]]
    ticks += [now, *(a.each for a in outlook.curves[0].ahead if a.times in (2.0, 4.0))]
    ticks = sorted({round(t) for t in ticks})
    figure.update_xaxes(
        type="log",
        title="Pictures of a class learned from",
        tickvals=ticks,
        ticktext=[f"{t:,}" for t in ticks],
        fixedrange=True,
        showgrid=False,
        tickfont=font,
    )
    figure.update_yaxes(title="Right (%)", fixedrange=True, tickfont=font)
    figure.update_layout(
        height=HEIGHT * scale,
        showlegend=len(outlook.curves) > 1,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "font": font},
        margin={"l": 8, "r": 16, "t": 36, "b": 8},
        **ground(paint),
    )
