"""Names beside the points of a scatter, each on the side where it covers least."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import unescape
from typing import Any

CHARACTER, LINE = 6.6, 15.0  # pixels of a letter, and of a line, at 12 pixels of type
PLOT = (560.0, 330.0)  # pixels of the plotting area, roughly
POINT = 7.0  # pixels from the middle of a mark to its edge
OUTSIDE = 3.0  # leaving the plotting area is so many times worse than covering something
# parts of a name that may lie on other names, and on marks and whiskers: else it is left out
AT_NAMES, AT_MARKS = 0.05, 0.3
# how many times the nearest distance, and what it costs to stand there, in pixels²
RINGS = {1.0: 0.0, 2.6: 40.0}

Box = tuple[float, float, float, float]  # left, low, right, high, in pixels
_SIDES = tuple((across, up) for up in (1, -1, 0) for across in (1, -1, 0) if (across, up) != (0, 0))


def place_names(
    names: Mapping[str, str],
    at: Mapping[str, tuple[float, float]],
    whiskers: Iterable[Box] = (),
    scale: float = 1.0,
) -> dict[str, dict[str, Any]]:
    """Return key -> xanchor, xshift, yanchor, yshift of Plotly. at: where each point lies, 0..1
    right and up.

    whiskers: lines to keep clear of, (left, low, right, high) on the same scale. Greedy, in the
    order of `names`: each name takes the side with the least overlap with points, whiskers and
    earlier names. The first always stands; of the others those without room are left out.
    """
    middles = {key: (across * PLOT[0], up * PLOT[1]) for key, (across, up) in at.items()}
    taken: list[Box] = [(x - POINT, y - POINT, x + POINT, y + POINT) for x, y in middles.values()]
    taken += [
        (w[0] * PLOT[0], w[1] * PLOT[1] - 1, w[2] * PLOT[0] + 1, w[3] * PLOT[1] + 1)
        for w in whiskers
    ]
    placed: dict[str, dict[str, Any]] = {}
    marks = len(taken)
    for key, name in names.items():
        size = (len(unescape(name)) * CHARACTER * scale, LINE * scale)
        choices = [
            (*_beside(middles[key], size, *side, ring), cost)
            for ring, cost in RINGS.items()
            for side in _SIDES
        ]
        box, anchors, _ = min(
            choices, key=lambda c: c[2] + _outside(c[0]) + sum(_overlap(c[0], t) for t in taken)
        )
        area = size[0] * size[1]
        names_hit = sum(_overlap(box, t) for t in taken[marks:])
        marks_hit = sum(_overlap(box, t) for t in taken[:marks])
        if placed and (names_hit > AT_NAMES * area or marks_hit > AT_MARKS * area):
            continue
        placed[key] = anchors
        taken.append(box)
    return placed


def _beside(
    at: tuple[float, float], size: tuple[float, float], across: int, up: int, ring: float
) -> tuple[Box, dict[str, Any]]:
    """Return the box of a name on one side of its point, and how Plotly is told so."""
    dx, dy = across * ring * (9 if up == 0 else 6), up * ring * (9 if across == 0 else 6)
    left = at[0] + dx - {1: 0.0, -1: size[0], 0: size[0] / 2}[across]
    low = at[1] + dy - {1: 0.0, -1: size[1], 0: size[1] / 2}[up]
    anchors = {
        "xanchor": {1: "left", -1: "right", 0: "center"}[across],
        "xshift": dx,
        "yanchor": {1: "bottom", -1: "top", 0: "middle"}[up],
        "yshift": dy,
    }
    return (left, low, left + size[0], low + size[1]), anchors


def _overlap(a: Box, b: Box) -> float:
    across, up = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return across * up if across > 0 and up > 0 else 0.0


def _outside(box: Box) -> float:
    """Weigh the part of a name, in square pixels, that would be cut off."""
    width, height = box[2] - box[0], box[3] - box[1]
    across = max(0.0, -box[0]) + max(0.0, box[2] - PLOT[0])
    up = max(0.0, -box[1]) + max(0.0, box[3] - PLOT[1])
    return OUTSIDE * (across * height + up * width)
