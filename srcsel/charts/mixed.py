"""Which classes are mixed up with which: a square of shares as a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from html import unescape
from typing import TYPE_CHECKING

import numpy as np

from srcsel.base.phrases import plain
from srcsel.charts.bars import short_names
from srcsel.charts.marks import ground
from srcsel.charts.palette import PAINT, Theme, plotly_text

if TYPE_CHECKING:
    import plotly.graph_objects as go

CELL, AROUND = 30, 110  # pixels of a row, and of what stands above and below the square
ROW_NAME, COLUMN_NAME = 20, 14  # characters of a class beside and above the square
LEAN = 5  # pixels to the right that a letter above the square takes
OTHERS = "all others"
_FULL = 0.5  # share from which a cell has the full colour, unless all are lower
_LEAST = 0.005  # share below which a cell stays empty


def mixed_map(
    names: Sequence[str], shares: np.ndarray, *, theme: Theme, scale: float = 1.0
) -> go.Figure:
    """Draw rows of classes against the classes of their neighbours, both in the order of `names`
    (k,).

    shares (k, k) or, with a last column for all other classes, (k, k + 1): 0..1, NaN for a class
    without neighbours. The own class of a row has its number but no colour, so that the colour says
    only what is mixed up.
    """
    import plotly.graph_objects as go

    paint, k = PAINT[theme], len(names)
    columns = [*names, OTHERS][: shares.shape[1]]
    apart = np.where(np.eye(*shares.shape, dtype=bool), np.nan, shares)
    figure = go.Figure(
        go.Heatmap(
            z=apart,
            zmin=0,
            zmax=max(0.1, min(_FULL, float(np.nanmax(apart, initial=0)))),
            showscale=False,
            colorscale=[[0, paint["paper"]], [1, paint["close"]]],
            xgap=1,
            ygap=1,
            text=[[_number(v) for v in row] for row in apart],
            texttemplate="%{text}",
            textfont={"size": 12 * scale, "color": paint["ink"]},
            hovertext=[
                [_hover(of, to, v) for to, v in zip(columns, row, strict=True)]
                for of, row in zip(names, shares, strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    ink = {"size": 12 * scale, "color": paint["ink"]}
    for i in range(k):
        figure.add_annotation(x=i, y=i, text=_number(shares[i, i]), showarrow=False, font=ink)
        figure.add_shape(
            type="rect",
            x0=i - 0.5,
            x1=i + 0.5,
            y0=i - 0.5,
            y1=i + 0.5,
            line={"width": 1, "color": paint["line"]},
        )
    labels = short_names(columns, COLUMN_NAME)
    figure.update_layout(
        height=(CELL * k + AROUND) * scale,
        # the last name leans out to the right; one without room would not be written
        margin={"l": 8, "r": 8 + LEAN * scale * len(unescape(labels[-1])), "t": 8, "b": 8},
        **ground(paint),
    )
    figure.update_xaxes(
        tickvals=list(range(len(columns))),
        ticktext=labels,
        side="top",
        tickangle=-40,
        tickfont=ink,
        automargin=True,
        fixedrange=True,
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(
        tickvals=list(range(k)),
        ticktext=short_names(names, ROW_NAME),
        tickfont=ink,
        automargin=True,
        autorange="reversed",
        fixedrange=True,
        showgrid=False,
        zeroline=False,
    )
    return figure


def mixed_alt(names: Sequence[str], shares: np.ndarray) -> str:
    """Say in words what the map shows: the five fullest cells off the diagonal."""
    k = len(names)
    cells = [
        (shares[i, j], i, j)
        for i in range(k)
        for j in range(k)
        if i != j and shares[i, j] >= _LEAST
    ]
    told = [
        f"of {plain(names[i])} {_number(v)} % are {plain(names[j])}"
        for v, i, j in sorted(cells, reverse=True)[:5]
    ]
    return (
        f"Classes of the nearest neighbours of {k} classes. Most mixed up:"
        f" {'; '.join(told) or 'none'}."
    )


def _number(share: float) -> str:
    return "" if not share >= _LEAST else f"{100 * share:.0f}"


def _hover(of: str, to: str, share: float) -> str:
    if np.isnan(share):
        return f"{plotly_text(of)}: no neighbours"
    return f"{100 * share:.0f} % of the neighbours of {plotly_text(of)}<br>are {plotly_text(to)}"
