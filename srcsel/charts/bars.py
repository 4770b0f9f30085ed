"""The two score bars: records -> what each row shows and where. Knows no Streamlit, no Plotly: two
figures of that took the browser longer than all else on the results page.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from srcsel.base.phrases import cut, cut_apart, plain, significant, some_of
from srcsel.base.records import Reading, Result, Score
from srcsel.charts.palette import plotly_text
from srcsel.verdict.correction import MARK, lengths_before
from srcsel.verdict.readings import (
    Role,
    axis_chance,
    bar_length,
    bar_start,
    gain_of,
    model_order,
    pick_scores,
    role,
    shaded,
    titles_of,
)

ROW_HEIGHTS = ((6, 27), (math.inf, 19))  # up to so many models: pixels of one bar's row
_AXIS_HEIGHT = 28  # pixels under the bars
_TOP = 22  # pixels above the bars, for the scale in words and the key of the shaded band
SCALES = {
    "silhouette": "−1 to 1, higher is better",
    "supcon": "Loss turned round, higher is better",
}
_LABEL, _LABEL_LARGE = 27, 18  # characters a name may take beside its bar; in large type


@dataclass(frozen=True)
class Bar:
    """One model's row. Places are values on the chart's axis, None where the score is missing."""

    model: str  # id
    label: str  # its name, cut to stand beside the bar; plain text, as all here
    role: Role
    shaded: bool
    text: str  # the value, or "n/a"
    start: float | None  # its chance, where the bar begins
    end: float | None
    low: float | None  # 90 % whisker; equal to `end` without re-checks
    high: float | None
    before: float | None  # where it ended before the pictures were corrected
    about: tuple[str, ...]  # lines that say more, its whole name first


@dataclass(frozen=True)
class ScoreBars:
    """The bars of one score, best model on top, and their axis, on which higher is better."""

    rows: tuple[Bar, ...]
    limits: tuple[float, float]
    chance: float
    marks: tuple[tuple[float, str], ...]  # of the axis, from left to right
    scale: str  # what the axis means
    key: str  # what the shade means; "" where no row is shaded


def score_bars(
    result: Result,
    measure: str,
    reading: Reading,
    *,
    chosen: str | None = None,
    large: bool = False,
    most: int | None = None,
) -> ScoreBars:
    """Horizontal bars of one score with 90 % whiskers and the chance line. A bar begins at its
    model's chance and is as long as its gain.

    Order and role of a model are those of `model_order` and of the verdict, so they are the same in
    every chart. `large` cuts words for a projector's type; `most` keeps the first models alone, and
    the chosen one.
    """
    order, scores = first_models(result, most, chosen), pick_scores(result, measure, reading)
    shown = [m for m in order if m in scores]
    lengths = {m: bar_length(scores[m]) for m in shown}
    starts = {m: bar_start(scores[m]) for m in shown}
    chance = axis_chance({m: scores[m] for m in shown})
    before = {m: v for m, v in lengths_before(result, measure, reading).items() if m in lengths}
    low, high = _limits(lengths, [chance, *starts.values()], before)
    titles = titles_of(result)
    labels = cut_names([titles[m] for m in order], _LABEL_LARGE if large else _LABEL)
    close = shaded(result)
    rows = tuple(
        Bar(
            m,
            label,
            role(result, m),
            m in close,
            _value(lengths.get(m)),
            starts.get(m),
            *lengths.get(m, (None, None, None)),
            before.get(m),
            _about(titles[m], scores[m], before.get(m))
            if m in scores
            else (plain(titles[m]), *_why(result, m, measure)),
        )
        for m, label in zip(order, labels, strict=True)
    )
    some = sum(row.shaded for row in rows) > 1  # one alone is not close to another
    rows = rows if some else tuple(replace(row, shaded=False) for row in rows)
    key = ("too close" if large else "too close to call") if some else ""
    said = SCALES.get(measure, "")
    said = said.rpartition(", ")[2].capitalize() if large else said  # leaves the key room
    marks = _ticks(low, high, few=large, chance=chance)
    return ScoreBars(rows, (low, high), chance, tuple(zip(*marks, strict=True)), said, key)


def _why(result: Result, model: str, measure: str) -> Iterator[str]:
    """Yield why a model has no such score, where that is known."""
    for failure in result.failures:
        if failure.model == model and failure.measure in ("", measure):
            yield plain(failure.reason)
            return


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
        "supcon": "How well neighbours agree",
    }
    was = {m: f" ({v:z.3f} before)" for m, v in lengths_before(result, measure, reading).items()}
    parts = [f"{titles[m]} {bar_length(scores[m])[0]:z.3f}{was.get(m, '')}" for m in order]
    close = len(shaded(result))
    tie = f" For the verdict {close} models are too close to call." if close else ""
    chance = axis_chance({m: scores[m] for m in order})
    stands = f" Chance stands at {chance:z.3f}."
    said = some_of(parts, 5, between="; ")
    return f"{what.get(measure, measure)}, best first: {said}.{stands}{tie}"


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
    return values, [
        "chance" if v == chance else significant(v, 6).replace("-", "−") for v in values
    ]


def bars_height(models: int) -> int:
    """Pixels that `score_bars` takes for so many models."""
    return max(models, 1) * row_height(models) + _TOP + _AXIS_HEIGHT


def row_height(models: int) -> int:
    """Pixels of one row where there are so many models."""
    return next(pixels for most, pixels in ROW_HEIGHTS if models <= most)


def short_names(names: Sequence[str], length: int = _LABEL) -> list[str]:
    """Make names fit beside each other as `cut_names` does, escaped for Plotly."""
    return [plotly_text(name) for name in cut_names(names, length)]


def cut_names(names: Sequence[str], length: int = _LABEL) -> list[str]:
    """Make names fit beside each other: one of more than `length` characters goes without what
    stands in brackets at its end, or is cut in the middle; where that makes two the same, where
    they differ is kept instead ("…cientNet-Lite0 at 64 px").
    """
    whole = [plain(name) for name in names]
    short, apart = [_cut(name, length) for name in whole], cut_apart(whole, length)
    alike = Counter(label for label, _ in set(zip(short, whole, strict=True)))
    return [label if alike[label] == 1 else told for label, told in zip(short, apart, strict=True)]


def _cut(name: str, length: int) -> str:
    bare = name[: name.rindex(" (")] if name.endswith(")") and " (" in name else name
    return f"{bare}…" if len(name) > length > len(bare) > 0 else cut(name, length)


def _about(title: str, score: Score, before: float | None) -> tuple[str, ...]:
    value, low, high = bar_length(score)
    lines = [plain(title), f"{value:z.3f}"]
    if high > low:
        lines.append(f"between {low:z.3f} and {high:z.3f} in 90 % of the re-checks")
    if (gain := gain_of(score)) is not None:
        lines.append(f"chance {bar_start(score):z.3f}, gain over chance {gain:z.3f}")
    if score.measure == "supcon":
        lines.append(f"the loss itself: {score.value:z.3f} (lower is better)")
    if before is not None:
        lines.append(f"{MARK}: {before:z.3f}")
    return tuple(lines)
