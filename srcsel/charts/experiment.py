"""The experiment's summary -> a figure a target: both scores against the accuracy reached.

No Streamlit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from srcsel.base.phrases import plain
from srcsel.base.records import Reading
from srcsel.charts.palette import PAINT, Theme, plotly_text
from srcsel.verdict.wording import READINGS

if TYPE_CHECKING:
    import plotly.graph_objects as go

SCORES = {"silhouette": "MSC", "supcon": "SCL gain"}
ORDER: tuple[Reading, ...] = ("raw", "whitened")
ROW_HEIGHT = 210  # pixels
_TOP, _BOTTOM = 10, 44  # pixels


def experiment_column(
    target: Mapping[str, Any],
    kind: str,
    readings: Sequence[Reading] = ORDER,
    *,
    theme: Theme = "light",
) -> go.Figure:
    """One small scatter for each reading and score, below each other, of one target; accuracy in
    percent upward, the same axis for every target.

    A filled dot is a model, a hollow diamond a yardstick that has learned nothing; the ring is the
    model that the score puts first among those one could start from.
    """
    from plotly.subplots import make_subplots

    paint = PAINT[theme]
    rows: list[tuple[str, Reading]] = [(score, reading) for reading in readings for score in SCORES]
    figure = make_subplots(len(rows), 1, vertical_spacing=0.2 / len(rows))
    for i, (score, reading) in enumerate(rows, 1):
        points = cell(target, kind, score, reading)
        figure.add_trace(_dots(points, paint), i, 1)
        figure.add_trace(_ring(points, paint), i, 1)
        _add_name(figure, points, i)
        figure.update_xaxes(
            title_text=f"{SCORES[score]}, {READINGS[reading].lower()}", row=i, col=1
        )
    ink = {"color": paint["ink"], "size": 12}
    axis = {
        "tickfont": ink,
        "title_font": ink,
        "title_standoff": 4,
        "gridcolor": paint["band"],
        "zerolinecolor": paint["line"],
    }
    figure.update_xaxes(**axis, nticks=6, tickangle=0)
    figure.update_yaxes(**axis, title_text="accuracy, %", range=[0, 105], nticks=6)
    figure.update_yaxes(title_standoff=12)  # clear of the numbers
    figure.update_annotations(font=ink)
    figure.update_layout(
        height=ROW_HEIGHT * len(rows) + _TOP + _BOTTOM,
        showlegend=False,
        dragmode=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 62, "r": 10, "t": _TOP, "b": _BOTTOM},
        hoverlabel={"font": {"size": 13}},
    )
    return figure


def cell(
    target: Mapping[str, Any], kind: str, score: str, reading: Reading
) -> list[dict[str, Any]]:
    """Return the points of one small scatter: {title, yardstick, x, y}, the first-placed model last
    with `first`.
    """
    name = f"{score} {reading}"
    found = [
        {
            "title": plain(m["title"]),
            "yardstick": bool(m["yardstick"]),
            "x": m["scores"][name],
            "y": 100 * m["accuracy"][kind]["mean"],
            "first": False,
        }
        for m in target["models"]
        if kind in m["accuracy"] and name in m["scores"]
    ]
    able = [p for p in found if not p["yardstick"]]
    if able:
        max(able, key=lambda p: p["x"])["first"] = True
    return sorted(found, key=lambda p: p["first"])


def column_alt(target: Mapping[str, Any], kind: str) -> str:
    """Say in words what the figure of one target shows, from the same numbers."""
    said = []
    for reading in ORDER:
        for score, name in SCORES.items():
            points = cell(target, kind, score, reading)
            if points and points[-1]["first"]:
                best = max(p["y"] for p in points if not p["yardstick"])
                said.append(
                    f"{name} {READINGS[reading].lower()}: first is {points[-1]['title']},"
                    f" {best - points[-1]['y']:.1f} points below the best"
                )
    return f"Scores against accuracy on {plain(target['title'])}. {'; '.join(said)}."


def _dots(points: Sequence[Mapping[str, Any]], paint: Mapping[str, str]) -> Any:
    import plotly.graph_objects as go

    hollow = [p["yardstick"] for p in points]
    return go.Scatter(
        x=[p["x"] for p in points],
        y=[p["y"] for p in points],
        mode="markers",
        marker={
            "size": 9,
            "symbol": ["diamond-open" if h else "circle" for h in hollow],
            "color": [paint["line"] if h else paint["winner"] for h in hollow],
        },
        hovertext=[plotly_text(p["title"]) for p in points],
        hovertemplate="%{hovertext}<br>score %{x:.3f}, accuracy %{y:.1f} %<extra></extra>",
    )


def _ring(points: Sequence[Mapping[str, Any]], paint: Mapping[str, str]) -> Any:
    """Draw a ring around the model that the score puts first."""
    import plotly.graph_objects as go

    first = [p for p in points if p["first"]]
    return go.Scatter(
        x=[p["x"] for p in first],
        y=[p["y"] for p in first],
        mode="markers",
        marker={
            "size": 17,
            "symbol": "circle-open",
            "color": paint["ink"],
            "line": {"width": 2},
        },
        hoverinfo="skip",
    )


def _add_name(figure: go.Figure, points: Sequence[Mapping[str, Any]], row: int) -> None:
    """Write the name of the first-placed model on its dot; the page places it beside."""
    for point in (p for p in points if p["first"]):
        figure.add_annotation(
            x=point["x"],
            y=point["y"],
            text=plotly_text(point["title"]),
            showarrow=False,
            row=row,
            col=1,
        )
