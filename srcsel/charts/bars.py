"""The two score bars: records -> Plotly figures. Knows no Streamlit."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from srcsel.base.phrases import cut, plain
from srcsel.base.records import Reading, Result, Score
from srcsel.charts.beside import add_close, add_values
from srcsel.charts.palette import PAINT, Theme, plotly_text
from srcsel.verdict.correction import MARK, lengths_before
from srcsel.verdict.readings import (
    axis_chance,
    bar_length,
    bar_start,
    model_order,
    pick_scores,
    role,
    shaded,
    titles_of,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROW_HEIGHTS = ((6, 27), (math.inf, 19))  # up to so many models: pixels of one bar's row
_AXIS_HEIGHT = 28  # pixels under the bars
_TOP = 22  # pixels above the bars, for the scale in words and the key of the shaded band
SCALES = {
    "silhouette": "−1 to 1, higher is better",
    "supcon": "Gain over chance, higher is better",
}
_LABEL, _LABEL_LARGE = 27, 18  # characters a name may take beside its bar; in large type


def score_bars(
    result: Result,
    measure: str,
    reading: Reading,
    *,
    theme: Theme = "light",
    chosen: str | None = None,
    scale: float = 1.0,
    most: int | None = None,
) -> go.Figure:
    """Horizontal bars of one score, best model on top, with 90 % whiskers, the chance line and the
    tied rows shaded. A bar begins at its model's chance (`base`) and is as long as its gain (`x`).

    Order and colour of a model are those of `model_order` and of its role in the verdict, so they
    are the same in every chart. `customdata` of a bar is the model's id. `scale` enlarges all for a
    projector; `most` keeps the first models alone, and the chosen one. Where the pictures were
    corrected, thin outlines show the bars before.
    """
    import plotly.graph_objects as go

    order, scores = first_models(result, most, chosen), pick_scores(result, measure, reading)
    paint = PAINT[theme]
    rows = {m: len(order) - 1 - i for i, m in enumerate(order)}
    shown = [m for m in order if m in scores]
    lengths = {m: bar_length(scores[m]) for m in shown}
    starts = {m: bar_start(scores[m]) for m in shown}
    chance = axis_chance({m: scores[m] for m in shown})
    titles = titles_of(result)
    bars = go.Bar(
        orientation="h",
        y=[rows[m] for m in shown],
        base=[starts[m] for m in shown],
        x=[lengths[m][0] - starts[m] for m in shown],
        customdata=shown,
        width=0.62,
        marker={
            "color": [paint[role(result, m)] for m in shown],
            "line": {"color": paint["ink"], "width": [2 if m == chosen else 0 for m in shown]},
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [max(0.0, lengths[m][2] - lengths[m][0]) for m in shown],
            "arrayminus": [max(0.0, lengths[m][0] - lengths[m][1]) for m in shown],
            "color": paint["whisker"],
            "thickness": 1.3,
            "width": 3,
        },
        hovertext=[_hover(titles[m], scores[m], lengths[m]) for m in shown],
        hovertemplate="%{hovertext}<extra></extra>",
        unselected={"marker": {"opacity": 1}},
        selected={"marker": {"opacity": 1}},
    )
    figure = go.Figure(bars)
    before = {m: v for m, v in lengths_before(result, measure, reading).items() if m in lengths}
    _outline(figure, before, starts, rows, paint)
    low, high = _limits(lengths, [chance, *starts.values()], before)
    _lay_out(figure, order, titles, chosen, paint, _LABEL if scale == 1 else _LABEL_LARGE)
    _draw_chance(figure, chance, len(order), paint)
    values, texts = _ticks(low, high, few=scale > 1, chance=chance)
    figure.update_xaxes(range=[low, high], tickvals=values, ticktext=texts)
    add_values(figure, {row: _value(lengths.get(m)) for m, row in rows.items()}, paint)
    figure.update_layout(title=_scale(measure, paint, short=scale > 1))
    close = [rows[m] for m in shaded(result) if m in rows]
    add_close(figure, close, "too close to call" if scale == 1 else "too close", paint)
    return figure if scale == 1 else _enlarge(figure, scale)


def _outline(
    figure: go.Figure,
    before: Mapping[str, float],
    starts: Mapping[str, float],
    rows: Mapping[str, int],
    paint: dict[str, str],
) -> None:
    """Draw where the bars ended before a correction, as thin outlines around those of now."""
    if not before:
        return
    figure.add_bar(
        name=MARK,
        orientation="h",
        y=[rows[m] for m in before],
        base=[starts[m] for m in before],
        x=[value - starts[m] for m, value in before.items()],
        customdata=list(before),
        width=0.86,
        marker={"color": "rgba(0,0,0,0)", "line": {"color": paint["line"], "width": 1.2}},
        hovertext=[f"{MARK}: {value:z.3f}" for value in before.values()],
        hovertemplate="%{hovertext}<extra></extra>",
        unselected={"marker": {"opacity": 1}},
        selected={"marker": {"opacity": 1}},
    )
    figure.update_layout(barmode="overlay")


def _value(length: tuple[float, float, float] | None) -> str:
    return "n/a" if length is None else f"{length[0]:z.3f}".replace("-", "−")


def first_models(result: Result, most: int | None, chosen: str | None = None) -> list[str]:
    """Return the models that the bars show, best first: all, or the first `most`; the chosen one
    takes the last place where it is not among them.
    """
    order = model_order(result)
    if most is None or len(order) <= most:
        return order
    last = [chosen] if chosen in order[most:] else order[most - 1 : most]
    return [*order[: most - 1], *last]


def bars_alt(result: Result, measure: str, reading: Reading) -> str:
    """Say in words what the bars show, from the same data."""
    scores, titles = pick_scores(result, measure, reading), titles_of(result)
    order = sorted(
        (m for m in model_order(result) if m in scores), key=lambda m: -bar_length(scores[m])[0]
    )
    if not order:
        return "No model has this score yet."
    what = {
        "silhouette": "How well the groups separate",
        "supcon": "How well neighbours agree, as gain over chance",
    }
    was = {m: f" ({v:z.3f} before)" for m, v in lengths_before(result, measure, reading).items()}
    parts = [f"{titles[m]} {bar_length(scores[m])[0]:z.3f}{was.get(m, '')}" for m in order[:5]]
    rest = f", and {len(order) - 5} more" if len(order) > 5 else ""
    close = len(shaded(result))
    tie = f" For the verdict {close} models are too close to call." if close else ""
    chance = axis_chance({m: scores[m] for m in order})
    stands = f" Chance stands at {chance:z.3f}." if measure != "supcon" else ""
    return f"{what.get(measure, measure)}, best first: {'; '.join(parts)}{rest}.{stands}{tie}"


def _scale(measure: str, paint: dict[str, str], *, short: bool) -> dict[str, object]:
    """Say what the axis means, at the left edge above the names, where no bar is; `short` leaves
    room for the key beside it.
    """
    font = {"size": 12, "color": paint["ink"]}
    said = SCALES.get(measure, "")
    said = said.rpartition(", ")[2].capitalize() if short else said
    text = f"<span style='font-weight:400'>{said}</span>"  # Streamlit makes titles bold
    return {
        "text": text,
        "font": font,
        "x": 0,
        "xref": "container",
        "y": 1,
        "yref": "container",
        "xanchor": "left",
        "yanchor": "top",
        "pad": {"t": 4},
    }


def _limits(
    lengths: dict[str, tuple[float, float, float]],
    chances: list[float],
    before: Mapping[str, float],
) -> tuple[float, float]:
    ends = [*chances, *before.values(), *(v for triple in lengths.values() for v in triple)]
    low, high = min(ends), max(ends)
    room = 0.04 * ((high - low) or 1.0)
    return low - (room if low < min(chances) else 0.0), high + room


def _ticks(
    low: float, high: float, *, few: bool, chance: float = 0.0
) -> tuple[list[float], list[str]]:
    """Choose the marks of the axis, chance among them; `few`: only chance and the farthest mark,
    where that is half the axis away.
    """
    raw = (high - low) / 3  # few enough to stand side by side in large type
    scale = 10.0 ** np.floor(np.log10(raw))
    step = scale * min((1, 2, 2.5, 5, 10), key=lambda m: abs(m * scale - raw))
    marks = [
        round(float(k * step), 10)
        for k in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)
    ]
    marks = [mark for mark in marks if abs(mark - chance) > raw / 2]  # its word takes room
    if few:
        far = max(marks, key=lambda mark: abs(mark - chance), default=chance)
        marks = [far] if abs(far - chance) >= (high - low) / 2 else []
    values = sorted({chance, *marks})
    return values, ["chance" if v == chance else f"{v:g}".replace("-", "−") for v in values]


def _draw_chance(figure: go.Figure, chance: float, rows: int, paint: dict[str, str]) -> None:
    """Draw the line at chance; the axis itself has one where that is 0."""
    figure.update_xaxes(zeroline=chance == 0)
    if chance == 0:
        return
    figure.add_shape(
        type="line",
        name="chance",
        x0=chance,
        x1=chance,
        y0=-0.6,
        y1=max(rows, 1) - 0.4,
        line={"color": paint["line"], "width": 1.5},
    )


def _lay_out(
    figure: go.Figure,
    order: list[str],
    titles: dict[str, str],
    chosen: str | None,
    paint: dict[str, str],
    length: int,
) -> None:
    short = short_names([titles[m] for m in order], length)
    labels = [
        f"<b>▸ {name}</b>" if m == chosen else name for m, name in zip(order, short, strict=True)
    ]
    figure.update_layout(
        height=bars_height(len(order)),
        margin={"l": 8, "r": 52, "t": _TOP, "b": _AXIS_HEIGHT},
        showlegend=False,
        bargap=0.3,
        dragmode=False,
        clickmode="event+select",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={
            "align": "left",
            "bgcolor": paint["paper"],
            "font": {"color": paint["ink"], "size": 13},
        },
    )
    figure.update_yaxes(
        tickvals=[len(order) - 1 - i for i in range(len(order))],
        ticktext=labels,
        tickfont={"size": 13, "color": paint["ink"]},
        range=[-0.6, max(len(order), 1) - 0.4],
        fixedrange=True,
        automargin=True,
        showgrid=False,
        zeroline=False,
    )
    figure.update_xaxes(
        fixedrange=True,
        tickangle=0,
        tickfont={"size": 12, "color": paint["ink"]},
        zerolinewidth=1.5,
        zerolinecolor=paint["line"],
    )


def _enlarge(figure: go.Figure, scale: float) -> go.Figure:
    """Make rows, margins and type larger by the factor `scale`."""
    layout: Any = figure.layout  # Plotly makes its attributes at run time
    figure.update_layout(height=round(layout.height * scale), title_font_size=round(12 * scale))
    figure.update_layout(
        margin={side: round(layout.margin[side] * scale) for side in ("l", "r", "t", "b")}
    )
    figure.update_xaxes(tickfont_size=round(12 * scale))
    figure.update_yaxes(tickfont_size=round(13 * scale))
    figure.update_annotations(font_size=round(12 * scale))
    return figure


def bars_height(models: int) -> int:
    """Pixels that `score_bars` takes for so many models."""
    row = next(pixels for most, pixels in ROW_HEIGHTS if models <= most)
    return max(models, 1) * row + _TOP + _AXIS_HEIGHT


def short_name(name: str, length: int = _LABEL) -> str:
    """Make a name fit for beside a bar: escaped, and when longer than `length` characters without
    what stands in brackets at its end, or cut in the middle.
    """
    name = plain(name)
    bare = name[: name.rindex(" (")] if name.endswith(")") and " (" in name else name
    return plotly_text(f"{bare}…" if len(name) > length > len(bare) > 0 else cut(name, length))


def short_names(names: Sequence[str], length: int = _LABEL) -> list[str]:
    """Make names fit beside each other: as `short_name`; where that makes two the same, their
    beginnings go instead ("…cientNet-Lite0 at 64 px").
    """
    short = [short_name(name, length) for name in names]
    alike = Counter(label for label, _ in set(zip(short, names, strict=True)))
    return [
        label if alike[label] == 1 else plotly_text(f"…{plain(name)[1 - length :].lstrip()}")
        for label, name in zip(short, names, strict=True)
    ]


def _hover(title: str, score: Score, length: tuple[float, float, float]) -> str:
    value, low, high = length
    lines = [f"<b>{plotly_text(title)}</b>", f"{value:z.3f}"]
    if high > low:
        lines.append(f"between {low:z.3f} and {high:z.3f} in 90 % of the re-checks")
    if score.measure != "supcon" and score.gain is not None:
        lines.append(f"chance {bar_start(score):z.3f}, gain over chance {score.gain:z.3f}")
    if score.measure == "supcon":
        lines.append(f"the loss itself: {score.value:z.3f} (lower is better)")
    return "<br>".join(lines)
