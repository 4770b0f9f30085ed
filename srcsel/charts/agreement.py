"""Evidence -> a figure: a score against the accuracy reached. Knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from srcsel.base.phrases import millions, plain, some_of
from srcsel.base.records import Accuracy, Evidence, Reading, Result
from srcsel.charts import marks
from srcsel.charts.accuracies import NAME, accuracies_on_show, spread_of
from srcsel.charts.bars import short_names
from srcsel.charts.palette import PAINT, Theme, plotly_text
from srcsel.measures import MEASURES
from srcsel.verdict.readings import bar_length, pick_scores, title_of, titles_of
from srcsel.verdict.wording import BEFOREHAND, READINGS

if TYPE_CHECKING:
    import plotly.graph_objects as go

SCATTER_HEIGHT = 420  # pixels

_HEADROOM = 0.08  # share of an axis left free on each side


def scatter_points(
    result: Result, evidence: Evidence, predictor: str, reading: Reading | None
) -> dict[str, tuple[float, float, float]]:
    """Model -> (value, low, high) of a measure or of one of BEFOREHAND, for the models that also
    have an accuracy.

    The loss is turned round, as in the bars; other measures keep their own
    direction.
    """
    known = {a.model for a in evidence.accuracies}
    if predictor in BEFOREHAND:
        found = {m.id: getattr(m, predictor) for m in result.models if m.id in known}
        return {m: (float(v), float(v), float(v)) for m, v in found.items() if v is not None}
    scores = pick_scores(result, predictor, reading or "whitened")
    return {m: bar_length(s) for m, s in scores.items() if m in known}


def agreement_scatter(
    result: Result,
    evidence: Evidence,
    predictor: str,
    reading: Reading | None,
    *,
    theme: Theme = "light",
    scale: float = 1.0,
) -> go.Figure:
    """Draw a score against the accuracy reached, every model by its name, 90 % whiskers both ways;
    right is better.

    `predictor`: a measure's name, or one of BEFOREHAND. Yardsticks have a hollow diamond.
    """
    import plotly.graph_objects as go

    paint, titles = PAINT[theme], titles_of(result)
    points = scatter_points(result, evidence, predictor, reading)
    reached = {a.model: a for a in evidence.accuracies}
    shown = [m for m in accuracies_on_show(result, evidence) if m in points]
    x = {m: points[m][0] for m in shown}
    y = {m: 100 * reached[m].mean for m in shown}
    figure = go.Figure(
        go.Scatter(
            x=[x[m] for m in shown],
            y=[y[m] for m in shown],
            mode="markers",
            marker=marks.dots(result, shown, paint, 12 * scale),
            error_x=marks.whiskers(
                [(v - low, high - v) for v, low, high in (points[m] for m in shown)], paint
            ),
            error_y=marks.whiskers([spread_of(reached[m]) for m in shown], paint),
            customdata=shown,
            hovertext=[_point_hover(titles[m], predictor, points[m], reached[m]) for m in shown],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    down = (
        predictor in MEASURES and predictor != "supcon" and not MEASURES[predictor].higher_is_better
    )
    spans = [_span(points[m][1:] for m in shown), _span(_ends(reached[m]) for m in shown)]
    _square(figure, spans, axis_title(predictor, reading), paint, scale, down=down)
    names = short_names([titles[m] for m in shown], NAME)
    for model, name in zip(shown, names, strict=True):  # on its dot; the page places it beside
        figure.add_annotation(
            x=x[model],
            y=y[model],
            text=name,
            showarrow=False,
            font={"size": 12 * scale, "color": paint["ink"]},
        )
    return figure


def axis_title(predictor: str, reading: Reading | None) -> str:
    """Name the scatter's horizontal axis, with the direction that is better."""
    if predictor in BEFOREHAND:
        return f"{BEFOREHAND[predictor]} →"
    name = title_of(predictor)
    name += ", turned round" if predictor == "supcon" else ""
    name += f", {READINGS[reading].lower()}" if reading == "raw" else ""
    head, comma, rest = plotly_text(name).partition(", ")  # in two lines: a phone is narrow
    return f"{head}{comma and ',<br>'}{rest}, better →"


def scatter_alt(result: Result, evidence: Evidence, predictor: str, reading: Reading | None) -> str:
    """Say in words what the scatter shows: each model's score and accuracy, best accuracy first."""
    points, titles = scatter_points(result, evidence, predictor, reading), titles_of(result)
    best = sorted((a for a in evidence.accuracies if a.model in points), key=lambda a: -a.mean)
    if not best:
        return "No model has both this score and an accuracy."
    parts = [
        f"{plain(titles[a.model])}: score {_value(predictor, points[a.model][0])},"
        f" {100 * a.mean:.1f} % right"
        for a in best
    ]
    return f"Score against accuracy, most accurate first. {some_of(parts, 6, between='; ')}."


def _ends(accuracy: Accuracy) -> tuple[float, float]:
    return 100 * accuracy.low, 100 * accuracy.high


def _point_hover(
    title: str, predictor: str, point: tuple[float, float, float], accuracy: Accuracy
) -> str:
    value = _value(predictor, point[0])
    return f"<b>{plotly_text(title)}</b><br>score {value}<br>{100 * accuracy.mean:.1f} % right"


def _value(predictor: str, value: float) -> str:
    return millions(round(value)) if predictor == "params" else f"{value:z,.3f}"


def _span(pairs: Any) -> tuple[float, float]:
    """Return the ends of an axis that holds all (low, high) with some room."""
    ends = [end for pair in pairs for end in pair]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    room = _HEADROOM * ((high - low) or abs(high) or 1.0)
    return low - room, high + room


def _square(
    figure: go.Figure,
    spans: Sequence[tuple[float, float]],
    title: str,
    paint: Mapping[str, str],
    scale: float,
    *,
    down: bool,
) -> None:
    """Lay out the scatter; `down`: lower is better, so the horizontal axis runs backwards."""
    font = {"size": 12 * scale, "color": paint["ink"]}
    figure.update_layout(**marks.ground(paint), showlegend=False)
    figure.update_layout(height=round(SCATTER_HEIGHT * scale))
    figure.update_layout(margin={"l": 8, "r": 12, "t": 10, "b": round(62 * scale)})
    across = spans[0][::-1] if down else spans[0]
    axis = {"fixedrange": True, "zeroline": False, "tickfont": font, "nticks": 6, "tickangle": 0}
    figure.update_xaxes(range=list(across), title={"text": title, "font": font}, **axis)
    figure.update_yaxes(
        range=list(spans[1]),
        title={"text": "Pictures named right", "font": font},
        ticksuffix=" %",
        automargin=True,
        **axis,
    )
