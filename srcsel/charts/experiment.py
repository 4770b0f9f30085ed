"""The experiment's summary -> a figure: both scores against the accuracy reached, target by target.

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
ROW_HEIGHT = 230  # pixels
_TOP, _BOTTOM = 34, 44  # pixels
LOW = 45  # percent; a name below a dot under this would meet the axis


def experiment_grid(
    summary: Mapping[str, Any],
    kind: str,
    readings: Sequence[Reading] = ORDER,
    *,
    theme: Theme = "light",
) -> go.Figure:
    """One small scatter for each score and reading (rows) and target (columns); accuracy in percent
    upward.

    A filled dot is a model, a hollow diamond a yardstick that has learned nothing; the ring is the
    model that the score puts first among those one could start from.
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    targets, paint = summary["targets"], PAINT[theme]
    rows: list[tuple[str, Reading]] = [(score, reading) for reading in readings for score in SCORES]
    height = ROW_HEIGHT * len(rows) + _TOP + _BOTTOM
    figure = make_subplots(
        len(rows),
        len(targets),
        shared_yaxes=True,
        horizontal_spacing=0.03,
        vertical_spacing=0.2 / len(rows),
        column_titles=[f"<b>{plotly_text(t['title'])}</b>" for t in targets],
    )
    for i, (score, reading) in enumerate(rows, 1):
        for j, target in enumerate(targets, 1):
            points = cell(target, kind, score, reading)
            figure.add_trace(_dots(points, paint), i, j)
            figure.add_trace(go.Scatter(**_ring(points, paint)), i, j)
            figure.update_xaxes(
                title_text=f"{SCORES[score]}, {READINGS[reading].lower()}", row=i, col=j
            )
        figure.update_yaxes(title_text="accuracy, %", row=i, col=1)
    ink = {"color": paint["ink"], "size": 12}
    axis = {
        "tickfont": ink,
        "title_font": ink,
        "gridcolor": paint["band"],
        "zerolinecolor": paint["line"],
    }
    figure.update_xaxes(**axis, title_standoff=4)
    figure.update_yaxes(**axis, title_standoff=4)
    figure.update_annotations(font={"color": paint["ink"], "size": 14})
    figure.update_layout(
        height=height,
        showlegend=False,
        paper_bgcolor=paint["paper"],
        plot_bgcolor=paint["paper"],
        margin={"l": 50, "r": 10, "t": _TOP, "b": _BOTTOM},
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


def grid_alt(summary: Mapping[str, Any], kind: str) -> str:
    """Say in words what the figure shows, from the same numbers."""
    said = []
    for target in summary["targets"]:
        for reading in ORDER:
            for score, name in SCORES.items():
                points = cell(target, kind, score, reading)
                if points and points[-1]["first"]:
                    best = max(p["y"] for p in points if not p["yardstick"])
                    said.append(
                        f"{plain(target['title'])}, {name} {READINGS[reading].lower()}: first is "
                        f"{points[-1]['title']}, {best - points[-1]['y']:.1f} points below the best"
                    )
    return "Scores against accuracy. " + "; ".join(said) + "."


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


def _ring(points: Sequence[Mapping[str, Any]], paint: Mapping[str, str]) -> dict[str, Any]:
    """Draw a ring around, and the name beside, the model that the score puts first."""
    first = [p for p in points if p["first"]]
    middle = sum(p["x"] for p in points) / len(points) if points else 0.0
    return {
        "x": [p["x"] for p in first],
        "y": [p["y"] for p in first],
        "mode": "markers+text",
        "marker": {
            "size": 17,
            "symbol": "circle-open",
            "color": paint["ink"],
            "line": {"width": 2},
        },
        "text": [plotly_text(p["title"]) for p in first],
        "textposition": [_side(p, middle) for p in first],
        "textfont": {"color": paint["ink"], "size": 12},
        "hoverinfo": "skip",
    }


def _side(point: Mapping[str, Any], middle: float) -> str:
    """Put a name where the plot has room: towards the middle, and not below its lower edge."""
    return f"{'bottom' if point['y'] > LOW else 'top'} {'left' if point['x'] > middle else 'right'}"
