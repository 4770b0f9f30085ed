"""What stands with the rows of a figure, one a model: a value at the right, and the shade of those
that are close. Knows no Streamlit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go


def add_values(
    figure: go.Figure, texts: Mapping[int, str], paint: Mapping[str, str], scale: float = 1
) -> None:
    """Write each row's text to its right, all at once: Plotly checks what is there each time."""
    font = {"size": 12 * scale, "color": paint["ink"]}
    values = [
        {
            "text": text,
            "xref": "paper",
            "x": 1,
            "xanchor": "left",
            "xshift": 8,
            "y": row,
            "yanchor": "middle",
            "showarrow": False,
            "font": font,
        }
        for row, text in texts.items()
    ]
    layout: Any = figure.layout  # Plotly makes its attributes at run time
    figure.update_layout(annotations=[*layout.annotations, *values])


def add_close(
    figure: go.Figure, rows: Sequence[int], text: str, paint: Mapping[str, str], scale: float = 1
) -> None:
    """Shade the rows that are close to each other, and say so with `text`; one alone is not."""
    if len(rows) < 2:
        return
    shades = [
        {
            "type": "rect",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": row - 0.5,
            "y1": row + 0.5,
            "fillcolor": paint["band"],
            "line": {"width": 0},
            "layer": "below",
        }
        for row in rows
    ]
    layout: Any = figure.layout
    figure.update_layout(shapes=[*layout.shapes, *shades])
    figure.add_annotation(
        text=f"<span style='color:{paint['key']}'>■</span> {text}",
        xref="paper",
        yref="paper",
        x=1,
        y=1,
        xanchor="right",
        yanchor="bottom",
        showarrow=False,
        font={"size": 12 * scale, "color": paint["ink"]},
    )
