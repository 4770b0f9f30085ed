"""Records -> places on paper: bars, map and cost as numbers that the template writes as SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from srcsel.base.phrases import plain, significant
from srcsel.base.records import Evidence, Projection, Reading, Result
from srcsel.charts import class_groups
from srcsel.charts.cost import Trade
from srcsel.explore.filling import filled
from srcsel.report.labels import Place, along, place_names
from srcsel.verdict.correction import lengths_before
from srcsel.verdict.cost import COSTS
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

WIDE = 1000  # units across every bar
MAP = (1000, 700)  # units of the map
PLOT = (1000, 360)  # units of the cost picture
EDGE = 24  # units left free around the map
DOT, NAMES = 7, 18  # units of a dot's radius in the cost picture, and of its type on a phone

SHAPES = {
    "circle": "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",
    "square": "M-4.5-4.5h9v9h-9z",
    "triangle": "M0-6L5.6 4.2H-5.6z",
    "diamond": "M0-6.2L6.2 0 0 6.2-6.2 0z",
    "down": "M0 6L-5.6-4.2H5.6z",
    "plus": "M-2-6h4v4h4v4h-4v4h-4v-4h-4v-4h4z",
    "star": "M0-6.6l1.9 4.3 4.6.4-3.5 3.1 1.1 4.6L0 3.4l-4.1 2.4 1.1-4.6-3.5-3.1 4.6-.4z",
    "cross": (
        "M-5.6-3.4l2.2-2.2L0-2.2l3.4-3.4 2.2 2.2L2.2 0l3.4 3.4-2.2 2.2L0 2.2l-3.4"
        " 3.4-2.2-2.2L-2.2 0z"
    ),
    "pentagon": "M0-6l5.7 4.1-2.2 6.7h-7L-5.7-1.9z",
}


@dataclass(frozen=True)
class Bar:
    """One model's bar. Places run 0..WIDE; `role` as in `verdict.readings`."""

    name: str
    text: str
    role: str
    shaded: bool
    start: float  # where the bar begins and how far it reaches, the smaller first
    end: float
    low: float
    high: float
    # where it began and ended before the pictures were corrected, the smaller first
    before: tuple[float, float] | None = None


@dataclass(frozen=True)
class Bars:
    """Bars of one score, best model on top; `zero` is where chance stands."""

    rows: tuple[Bar, ...]
    zero: float
    close: bool  # whether some are too close to call
    corrected: bool = False  # whether it is known how far some reached before


@dataclass(frozen=True)
class Dot:
    """One picture on the map, or one model in the cost picture."""

    x: float
    y: float
    group: int = 0
    row: int = 0  # picture of the dataset
    name: str = ""
    role: str = "other"
    low: float = 0.0
    high: float = 0.0
    name_x: float = 0.0  # where its name stands, and how it is anchored there
    name_y: float = 0.0
    anchor: str = "start"
    lead: str = ""  # path of a line to a name that stands away from its dot


@dataclass(frozen=True)
class Tick:
    """A mark of an axis."""

    at: float
    text: str


def score_rows(result: Result, measure: str, reading: Reading) -> Bars:
    """Lay out the bars of one score, in the order and with the roles of the dashboard."""
    scores = pick_scores(result, measure, reading)
    lengths = {m: bar_length(scores[m]) for m in model_order(result) if m in scores}
    close = set(shaded(result))
    starts = {m: bar_start(scores[m]) for m in lengths}
    chance = axis_chance({m: scores[m] for m in lengths})
    before = lengths_before(result, measure, reading)
    return _bars(result, lengths, close, lambda value: f"{value:z.3f}", starts, chance, before)


def accuracy_rows(result: Result, evidence: Evidence) -> Bars:
    """Lay out the accuracies, best first, as bars from 0 to 100 %."""
    best = sorted(evidence.accuracies, key=lambda a: -a.mean)
    lengths = {a.model: (a.mean, a.low, a.high) for a in best}
    return _bars(
        result,
        lengths,
        set(evidence.close[1:] and evidence.close),
        lambda value: f"{100 * value:.1f} %",
    )


def _bars(
    result: Result,
    lengths: Mapping[str, tuple[float, float, float]],
    close: set[str],
    text: Callable[[float], str],
    starts: Mapping[str, float] | None = None,
    zero: float = 0.0,
    before: Mapping[str, float] = MappingProxyType({}),
) -> Bars:
    """Lay out bars that begin at `starts`, 0 by default; the line stands at `zero`."""
    titles, starts = titles_of(result), starts or {}
    before = {m: value for m, value in before.items() if m in lengths}
    ends = [zero, *starts.values(), *(value for three in lengths.values() for value in three)]
    ends += before.values()
    low, high = min(ends), max(ends)
    scale = WIDE / ((high - low) or 1.0)

    def place(value: float) -> float:
        return round((value - low) * scale, 1)

    rows = tuple(
        Bar(
            plain(titles[m]),
            text(value).replace("-", "−"),
            role(result, m),
            m in close,
            place(min(starts.get(m, 0.0), value)),
            place(max(starts.get(m, 0.0), value)),
            place(least),
            place(most),
            _between(place(starts.get(m, 0.0)), place(before[m])) if m in before else None,
        )
        for m, (value, least, most) in lengths.items()
    )
    return Bars(rows, place(zero), any(row.shaded for row in rows), bool(before))


def _between(one: float, other: float) -> tuple[float, float]:
    return min(one, other), max(one, other)


def map_dots(result: Result, projection: Projection, rows: np.ndarray) -> list[Dot]:
    """Place the pictures `rows` (a part of `projection.rows`) on the map, which they fill as on the
    pages; those of the grey classes come first, so that they lie under the others.
    """
    dataset = result.dataset
    groups = class_groups(dataset.classes, dataset.counts)
    of_class = {c: g for g, group in enumerate(groups) for c in group.classes}
    xy = filled(projection.xy, projection.method)
    where = dict(zip(projection.rows.tolist(), xy.tolist(), strict=True))
    half = [(side - 2 * EDGE) / 2 for side in MAP]
    dots = [
        Dot(
            round(EDGE + half[0] * (1 + where[r][0]), 1),
            round(EDGE + half[1] * (1 - where[r][1]), 1),
            of_class[int(dataset.labels[r])],
            r,
        )
        for r in rows.tolist()
    ]
    return sorted(dots, key=lambda dot: len(groups[dot.group].classes) == 1)


@dataclass(frozen=True)
class CostPicture:
    """Score against cost: dots, the line through the efficient ones, marks of both axes."""

    dots: tuple[Dot, ...]
    line: str  # points of a polyline
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


def cost_picture(result: Result, shown: Trade) -> CostPicture:
    """Place models by the logarithm of their cost and by their score."""
    titles = {m: plain(title) for m, title in titles_of(result).items()}
    logs = {m: float(np.log10(c)) for m, c in shown.cost.items()}
    left, right = _room(logs.values(), 0.08)
    low, high = _room((v for m in shown.cost for v in shown.score[m]), 0.08)

    def x(value: float) -> float:
        return round(PLOT[0] * (value - left) / (right - left), 1)

    def y(value: float) -> float:
        return round(PLOT[1] * (high - value) / (high - low), 1)

    at = {m: (x(logs[m]), y(shown.score[m][0])) for m in shown.cost}
    best = [at[m] for m in shown.best]
    ends = {m: (y(shown.score[m][1]), y(shown.score[m][2])) for m in shown.cost}
    whiskers = [(at[m][0], high_, at[m][0], low_) for m, (low_, high_) in ends.items()]
    names = {m: titles[m] for m in dict.fromkeys((result.verdict.winner, *shown.best)) if m in at}
    places = place_names(names, at, [*whiskers, *along(best)], radius=DOT, size=NAMES, area=PLOT)
    dots = [
        Dot(
            *at[m],
            role=role(result, m),
            low=ends[m][0],
            high=ends[m][1],
            **_name(titles[m], places.get(m)),
        )
        for m in shown.cost
    ]
    line = " ".join(f"{x},{y}" for x, y in best)
    marks = [digit * 10.0**power for power in range(-6, 10) for digit in (1, 2, 5)]
    across = tuple(
        Tick(x(v), significant(m, 10)) for m in marks if left <= (v := float(np.log10(m))) <= right
    )
    up = tuple(Tick(y(v), significant(v, 10).replace("-", "−")) for v in _steps(low, high))
    return CostPicture(tuple(dots), line, across, up)


def _name(name: str, place: Place | None) -> dict[str, Any]:
    if place is None:
        return {}
    lead = "M{} {}L{} {}".format(*place.lead) if place.lead else ""
    return {
        "name": name,
        "name_x": place.x,
        "name_y": place.y,
        "anchor": place.anchor,
        "lead": lead,
    }


def cost_words(shown: Trade) -> str:
    """Name the cost axis."""
    cost = COSTS[shown.kind]
    return f"{cost.title} ({cost.unit}), less is better"


def _room(values: Iterable[float], share: float) -> tuple[float, float]:
    known = list(values)
    room = share * ((max(known) - min(known)) or 1.0)
    return min(known) - room, max(known) + room


def _steps(low: float, high: float) -> list[float]:
    raw = (high - low) / 4
    scale = 10.0 ** np.floor(np.log10(raw))
    step = scale * min((1, 2, 2.5, 5, 10), key=lambda m: abs(m * scale - raw))
    return [
        round(float(k * step), 10)
        for k in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)
    ]
