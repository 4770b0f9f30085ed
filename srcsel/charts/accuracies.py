"""Evidence -> a figure: the accuracy that each model reached. Knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from srcsel.base.phrases import plain, some_of
from srcsel.base.records import Accuracy, Evidence, Result
from srcsel.charts import marks
from srcsel.charts.bars import bars_height, short_names
from srcsel.charts.beside import add_close, add_values
from srcsel.charts.palette import PAINT, Theme, plotly_text
from srcsel.verdict.readings import model_order, titles_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

NAME = 27  # characters that a name may take beside its dot
DOTS_HEIGHT, ROW = 460, 56  # pixels that a few rows are spread over at most, and of one row then


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
    titles = titles_of(result)
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
        marker=marks.dots(result, order, paint, 12 * scale),
        error_x=marks.whiskers([spread_of(reached[m]) for m in order], paint),
        customdata=order,
        hovertext=[_hover(titles[m], reached[m]) for m in order],
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
    parts = [f"{plain(titles[a.model])} {100 * a.mean:.1f} %" for a in best]
    tie = f" {len(evidence.close)} models cannot be told apart." if len(evidence.close) > 1 else ""
    return f"Accuracy reached, best first: {some_of(parts, 5, between='; ')}.{tie}"


def spread_of(accuracy: Accuracy) -> tuple[float, float]:
    """Return percent points (below, above) the mean that its interval reaches."""
    return 100 * (accuracy.mean - accuracy.low), 100 * (accuracy.high - accuracy.mean)


def _hover(title: str, accuracy: Accuracy) -> str:
    lines = [
        f"<b>{plotly_text(title)}</b>",
        f"{100 * accuracy.mean:.1f} % right",
        f"90 % interval: {100 * accuracy.low:.1f} to {100 * accuracy.high:.1f} %",
    ]
    if accuracy.balanced is not None:
        lines.append(f"every class counted the same: {100 * accuracy.balanced:.1f} %")
    return "<br>".join([*lines, plotly_text(accuracy.note)] if accuracy.note else lines)


def _rows(figure: go.Figure, labels: Sequence[str], paint: Mapping[str, str], scale: float) -> None:
    """Lay out one row a model, as the score bars do."""
    count = len(labels)
    figure.update_layout(
        **marks.ground(paint),
        showlegend=False,
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
