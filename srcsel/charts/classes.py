"""How each class fares with one model: three bars a class side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from srcsel.base.phrases import plain
from srcsel.charts.bars import short_names
from srcsel.charts.marks import ground
from srcsel.charts.palette import PAINT, Theme, plotly_text

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROW, TOP, BOTTOM = 23, 62, 30  # pixels of one class, above and below the bars
NAME = 19  # characters of a class beside its bars
PARTS = {
    "right": ("Neighbours right", "kNN"),
    "gain": ("Neighbours agree", "SCL gain"),
    "silhouette": ("Stands apart", "MSC"),
}


def class_bars(
    names: Sequence[str],
    parts: Mapping[str, np.ndarray],
    means: Mapping[str, float],
    *,
    theme: Theme,
    scale: float = 1.0,
) -> go.Figure:
    """Draw one row a class, top to bottom as in `names` (m,), with a dotted line at each mean over
    all pictures.

    parts: by the names in PARTS, (m,) each, higher is better, NaN where it is not defined. `scale`
    enlarges all for a projector, and leaves out the field's terms.
    """
    from plotly.subplots import make_subplots

    paint = PAINT[theme]
    rows = list(range(len(names)))[::-1]
    titles = [_heading(heading, "" if scale > 1 else short) for heading, short in PARTS.values()]
    figure = make_subplots(
        1, len(PARTS), shared_yaxes=True, horizontal_spacing=0.06, subplot_titles=titles
    )
    for column, part in enumerate(PARTS, start=1):
        figure.add_bar(
            orientation="h",
            y=rows,
            x=np.nan_to_num(parts[part]),
            marker_color=paint["winner"],
            width=0.64,
            text=[_told(part, v) for v in parts[part]],
            textposition="outside",
            cliponaxis=False,
            textfont={"size": 12 * scale, "color": paint["ink"]},
            hovertext=[
                f"{plotly_text(n)}: {_told(part, v)}"
                for n, v in zip(names, parts[part], strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
            row=1,
            col=column,
        )
        figure.add_shape(
            type="line",
            x0=means[part],
            x1=means[part],
            y0=-0.6,
            y1=len(names) - 0.4,
            line={"dash": "dot", "width": 1.5, "color": paint["whisker"]},
            layer="below",
            opacity=0.5,  # numbers stand on it
            row=1,
            col=column,
        )
    labels = short_names(names, NAME)
    figure.update_layout(
        height=(TOP + ROW * len(names) + BOTTOM) * scale,
        showlegend=False,
        margin={"l": 8, "r": 12, "t": TOP * scale, "b": BOTTOM * scale},
        **ground(paint),
    )
    figure.update_yaxes(
        fixedrange=True, showgrid=False, zeroline=False, range=[-0.6, len(names) - 0.4]
    )
    figure.update_yaxes(
        tickvals=rows,
        ticktext=labels,
        tickfont={"size": 13 * scale, "color": paint["ink"]},
        automargin=True,
        col=1,
    )
    figure.update_xaxes(
        fixedrange=True,
        tickfont={"size": 12 * scale, "color": paint["ink"]},
        zerolinecolor=paint["line"],
        nticks=3,
        tickangle=0,
    )
    for column, part in enumerate(PARTS, start=1):
        figure.update_xaxes(range=_room(parts[part]), col=column)
    figure.update_xaxes(tickformat=".0%", col=1)
    figure.update_annotations(font={"size": 13 * scale, "color": paint["ink"]})
    return figure


def class_alt(names: Sequence[str], parts: Mapping[str, np.ndarray]) -> str:
    """Say in words what the bars show, from the same data."""
    told = [
        f"{plain(name)} {_told('right', v)}"
        for name, v in zip(names[:5], parts["right"][:5], strict=True)
    ]
    return (
        f"Neighbours right, separation and neighbour agreement of {len(names)} classes. First:"
        f" {'; '.join(told)}."
    )


def _heading(words: str, short: str) -> str:
    """Break before the last word, so that three of them stand side by side on a phone."""
    return f"<b>{'<br>'.join(words.rsplit(' ', 1))}</b>" + (f"<br>({short})" if short else "")


def _room(values: np.ndarray) -> list[float]:
    """Leave room for the numbers beside the bars."""
    low, high = (
        min(0.0, float(np.nanmin(values, initial=0))),
        max(0.0, float(np.nanmax(values, initial=0))),
    )
    room = 0.42 * ((high - low) or 1.0)
    return [low - (room if low < 0 else 0), high + room]


def _told(part: str, value: float) -> str:
    if np.isnan(value):
        return "n/a"
    return f"{value:.0%}" if part == "right" else f"{value:z.2f}".replace("-", "−")
