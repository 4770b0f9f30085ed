"""Evidence -> figures: accuracy of each model, and a score against it. Knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from srcsel.base.phrases import millions, plain
from srcsel.base.records import Accuracy, Evidence, Reading, Result
from srcsel.charts.bars import bars_height, short_names
from srcsel.charts.beside import add_close, add_values
from srcsel.charts.palette import PAINT, Theme, plotly_text
from srcsel.measures import MEASURES
from srcsel.verdict.readings import (
    bar_length,
    model_order,
    pick_scores,
    role,
    title_of,
    titles_of,
)
from srcsel.verdict.wording import BEFOREHAND, READINGS

if TYPE_CHECKING:
    import plotly.graph_objects as go

SCATTER_HEIGHT = 420  # pixels
NAME = 27  # characters that a name may take beside its dot
DOTS_HEIGHT, ROW = 460, 56  # pixels that a few rows are spread over at most, and of one row then

_HEADROOM = 0.08  # share of an axis left free on each side


def accuracies_on_show(result: Result, evidence: Evidence) -> list[str]:
    """Ids of the models with an accuracy, in the order of the score bars; models without a score
    come last.
    """
    reached = [a.model for a in evidence.accuracies]
    order = [m for m in model_order(result) if m in reached]
    return order + [m for m in reached if m not in order]


def accuracy_dots(
    result: Result, evidence: Evidence, *, theme: Theme = "light", scale: float = 1.0
) -> go.Figure:
    """Accuracy of each model in percent: a dot with its 90 % interval over faint dots, one a fold
    or a seed.

    Order and colour of a model are those of the score bars. Rows that cannot be told from the best
    are shaded; yardsticks have a hollow diamond.
    """
    import plotly.graph_objects as go

    order, paint = accuracies_on_show(result, evidence), PAINT[theme]
    rows = {m: len(order) - 1 - i for i, m in enumerate(order)}
    reached = {a.model: a for a in evidence.accuracies}
    titles, yardsticks = titles_of(result), _yardsticks(result)
    figure = go.Figure()
    figure.add_scatter(
        x=[100 * v for m in order for v in reached[m].values],
        y=[rows[m] for m in order for _ in reached[m].values],
        mode="markers",
        marker={"color": paint["whisker"], "size": 5 * scale, "opacity": 0.35},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[100 * reached[m].mean for m in order],
        y=[rows[m] for m in order],
        mode="markers",
        marker=_marks(result, order, yardsticks, paint, 12 * scale),
        error_x=_whisker([_spread(reached[m]) for m in order], paint),
        customdata=order,
        hovertext=[_accuracy_hover(titles[m], reached[m]) for m in order],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    _rows(figure, short_names([titles[m] for m in order], round(NAME / scale)), paint, scale)
    values = {rows[model]: f"{100 * reached[model].mean:.1f}" for model in order}
    add_values(figure, values, paint, scale)
    close = [rows[m] for m in evidence.close if m in rows]
    add_close(figure, close, "cannot be told from the best", paint, scale)
    return figure


def accuracy_alt(result: Result, evidence: Evidence) -> str:
    """Say in words what the dots show."""
    if not evidence.accuracies:
        return "No model has an accuracy yet."
    titles = titles_of(result)
    best = sorted(evidence.accuracies, key=lambda a: -a.mean)
    parts = [f"{plain(titles[a.model])} {100 * a.mean:.1f} %" for a in best[:5]]
    rest = f", and {len(best) - 5} more" if len(best) > 5 else ""
    tie = f" {len(evidence.close)} models cannot be told apart." if len(evidence.close) > 1 else ""
    return f"Accuracy reached, best first: {'; '.join(parts)}{rest}.{tie}"


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

    paint, titles, yardsticks = PAINT[theme], titles_of(result), _yardsticks(result)
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
            marker=_marks(result, shown, yardsticks, paint, 12 * scale),
            error_x=_whisker(
                [(v - low, high - v) for v, low, high in (points[m] for m in shown)], paint
            ),
            error_y=_whisker([_spread(reached[m]) for m in shown], paint),
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
        for a in best[:6]
    ]
    rest = f"; and {len(best) - 6} more" if len(best) > 6 else ""
    return f"Score against accuracy, most accurate first. {'; '.join(parts)}{rest}."


def _yardsticks(result: Result) -> set[str]:
    return {m.id for m in result.models if m.yardstick}


def _marks(
    result: Result,
    models: Sequence[str],
    yardsticks: set[str],
    paint: Mapping[str, str],
    size: float,
) -> dict[str, Any]:
    return {
        "symbol": ["diamond-open" if m in yardsticks else "circle" for m in models],
        "color": [paint["line"] if m in yardsticks else paint[role(result, m)] for m in models],
        "size": size,
        "line": {"color": paint["ink"], "width": 1.2},
        "opacity": 1,
    }


def _spread(accuracy: Accuracy) -> tuple[float, float]:
    """Return percent points (below, above) the mean that its interval reaches."""
    return 100 * (accuracy.mean - accuracy.low), 100 * (accuracy.high - accuracy.mean)


def _ends(accuracy: Accuracy) -> tuple[float, float]:
    return 100 * accuracy.low, 100 * accuracy.high


def _whisker(spreads: Sequence[tuple[float, float]], paint: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "arrayminus": [max(0.0, below) for below, _ in spreads],
        "array": [max(0.0, above) for _, above in spreads],
        "color": paint["whisker"],
        "thickness": 1.2,
        "width": 3,
    }


def _accuracy_hover(title: str, accuracy: Accuracy) -> str:
    lines = [
        f"<b>{plotly_text(title)}</b>",
        f"{100 * accuracy.mean:.1f} % right",
        f"90 % interval: {100 * accuracy.low:.1f} to {100 * accuracy.high:.1f} %",
    ]
    if accuracy.balanced is not None:
        lines.append(f"every class counted the same: {100 * accuracy.balanced:.1f} %")
    return "<br>".join([*lines, plotly_text(accuracy.note)] if accuracy.note else lines)


def _point_hover(
    title: str, predictor: str, point: tuple[float, float, float], accuracy: Accuracy
) -> str:
    value = _value(predictor, point[0])
    return f"<b>{plotly_text(title)}</b><br>score {value}<br>{100 * accuracy.mean:.1f} % right"


def _value(predictor: str, value: float) -> str:
    return millions(round(value)) if predictor == "params" else f"{value:z,.3f}"


def _rows(figure: go.Figure, labels: Sequence[str], paint: Mapping[str, str], scale: float) -> None:
    """Lay out one row a model, as the score bars do."""
    count = len(labels)
    figure.update_layout(
        **_plain(paint),
        height=round(max(bars_height(count), min(DOTS_HEIGHT, count * ROW)) * scale),
    )
    figure.update_layout(
        margin={"l": 8, "r": round(48 * scale), "t": round(22 * scale), "b": round(28 * scale)}
    )
    figure.update_yaxes(
        tickvals=[count - 1 - i for i in range(count)],
        ticktext=list(labels),
        range=[-0.6, max(count, 1) - 0.4],
        tickfont={"size": 13 * scale, "color": paint["ink"]},
        fixedrange=True,
        automargin=True,
        showgrid=False,
        zeroline=False,
    )
    figure.update_xaxes(
        ticksuffix=" %",
        showticksuffix="last",
        nticks=4,
        tickangle=0,
        fixedrange=True,
        zeroline=False,
        tickfont={"size": 12 * scale, "color": paint["ink"]},
    )


def _plain(paint: Mapping[str, str]) -> dict[str, Any]:
    return {
        "showlegend": False,
        "dragmode": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {
            "align": "left",
            "bgcolor": paint["paper"],
            "font": {"color": paint["ink"], "size": 13},
        },
    }


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
    figure.update_layout(**_plain(paint), height=round(SCATTER_HEIGHT * scale))
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
