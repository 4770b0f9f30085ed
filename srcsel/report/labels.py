"""Names beside the dots of a drawn scatter: where each finds room, in the drawing's own units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from html import unescape
from itertools import pairwise

import numpy as np

WIDE, HIGH, RISE = 0.56, 1.15, 0.9  # of a letter, of a line and of what is above its base, in sizes
GAP = 4.0  # units between a dot's edge and its name
RINGS = (1.0, 2.0, 3.5, 5.5, 8.0)  # how far a name may stand, in the distance of the nearest place
STEP = 6.0  # units between two places of a line that are looked at

Box = tuple[float, float, float, float]  # left, top, right, bottom; down is positive, as in SVG
_SIDES = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1))
_ANCHORS = {1: "start", 0: "middle", -1: "end"}


@dataclass(frozen=True)
class Place:
    """Where SVG writes a name: the end that `anchor` names, on the base line."""

    x: float
    y: float
    anchor: str
    box: Box
    lead: Box | None = None  # ends of a line from its dot to a name that stands away from it


def place_names(
    names: Mapping[str, str],
    at: Mapping[str, tuple[float, float]],
    others: Iterable[Box],
    *,
    radius: float,
    size: float,
    area: tuple[float, float],
) -> dict[str, Place]:
    """Place each name beside its dot `at` of that radius, so that it covers no dot, nothing of
    `others` and no earlier name, and stays inside (0, 0, *area).

    Greedy, in the order of `names`: as near its dot as there is room, with a line to it where that
    is not beside it. The first stands in any case, where it covers least; of the rest those without
    room are left out. size: of the type, in units.
    """
    dots = [(x - radius, y - radius, x + radius, y + radius) for x, y in at.values()]
    taken, placed = [*dots, *others], {}
    for key, name in names.items():
        wide = len(unescape(name)) * WIDE * size
        places = [
            _beside(at[key], side, ring * (radius + GAP), wide, size)
            for ring in RINGS
            for side in _SIDES
        ]
        rest = np.array([spot for one, spot in at.items() if one != key]).reshape(-1, 2)
        costs = [
            _outside(p.box, area)
            + sum(_common(p.box, t) for t in taken)
            + _crossed(_lead(at[key], p.box), rest, radius)
            for p in places
        ]
        if 0 not in costs and placed:
            continue
        k = costs.index(0) if 0 in costs else int(np.argmin(costs[: len(_SIDES)]))
        far = k >= len(_SIDES)
        placed[key] = replace(places[k], lead=_lead(at[key], places[k].box)) if far else places[k]
        taken.append(placed[key].box)
    return placed


def _crossed(lead: Box, dots: np.ndarray, radius: float) -> float:
    """How many of the other dots (n, 2) lie between a dot's edge and its name: there it would seem
    to be theirs.
    """
    start, end = np.array(lead[:2]), np.array(lead[2:])
    shares = np.linspace(min(1.0, radius / (np.hypot(*(end - start)) or 1.0)), 1, 9)[:, None]
    way = start + (end - start) * shares  # (9, 2)
    far = np.hypot(*(way[:, None] - dots[None]).transpose(2, 0, 1))  # (9, n)
    return float((far < radius).any(axis=0).sum())


def _lead(at: tuple[float, float], box: Box) -> Box:
    """Return the line from a dot's middle to the nearest point of a box."""
    x, y = (float(np.clip(at[i], box[i], box[i + 2])) for i in (0, 1))
    return at[0], at[1], round(x, 1), round(y, 1)


def over_groups(
    groups: Mapping[str, Iterable[tuple[float, float]]], *, size: float, area: tuple[float, float]
) -> dict[str, Place]:
    """Place each name (its key) over the dots of its group, or under them, so that it
    covers no earlier name and stays inside (0, 0, *area); those without room are left out.

    Dots may lie under a name, which is written with an edge. size: of the type, in units.
    """
    placed: dict[str, Place] = {}
    for name, points in groups.items():
        spots = np.array(list(points), dtype=float).reshape(-1, 2)
        if not len(spots):
            continue
        middle, wide = np.median(spots[:, 0]), len(name) * WIDE * size
        left = float(np.clip(middle - wide / 2, 0, max(0.0, area[0] - wide)))
        top, low = np.quantile(spots[:, 1], [0.05, 0.95])
        for upper in (top - GAP - HIGH * size, low + GAP):
            box = (left, float(upper), left + wide, float(upper) + HIGH * size)
            if _outside(box, area) == 0 and not any(_common(box, p.box) for p in placed.values()):
                x, y = round(left + wide / 2, 1), round(box[1] + RISE * size, 1)
                placed[name] = Place(x, y, "middle", box)
                break
    return placed


def along(points: Iterable[tuple[float, float]]) -> list[Box]:
    """Return small boxes along the line through `points`."""
    corners = np.array(list(points), dtype=float).reshape(-1, 2)
    found = []
    for a, b in pairwise(corners):
        shares = np.linspace(0, 1, 2 + int(np.hypot(*(b - a)) / STEP))[:, None]
        found += [(x, y, x, y) for x, y in (a + (b - a) * shares).tolist()]
    return found


def _beside(
    at: tuple[float, float], side: tuple[int, int], far: float, wide: float, size: float
) -> Place:
    across, down = side
    far = far * np.sqrt(0.5) if across and down else far
    x, middle = at[0] + across * far, at[1] + down * (far + HIGH * size / 2)
    left, top = x - wide * (1 - across) / 2, middle - HIGH * size / 2
    box = (left, top, left + wide, top + HIGH * size)
    return Place(round(x, 1), round(top + RISE * size, 1), _ANCHORS[across], box)


def _common(a: Box, b: Box) -> float:
    """Square units in common; a line counts as one unit wide."""
    across, down = min(a[2], b[2] + 1) - max(a[0], b[0]), min(a[3], b[3] + 1) - max(a[1], b[1])
    return across * down if across > 0 and down > 0 else 0.0


def _outside(box: Box, area: tuple[float, float]) -> float:
    """Square units of a box that would be cut off."""
    across = max(0.0, -box[0]) + max(0.0, box[2] - area[0])
    down = max(0.0, -box[1]) + max(0.0, box[3] - area[1])
    return across * (box[3] - box[1]) + down * (box[2] - box[0])
