"""What colours the dots of a map: classes, right or wrong, each picture's part of a score, which of
two models is right.

Every colouring ends in groups, each with a colour for both themes and a shape; a score becomes a
row of groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcsel.base.records import Dataset, Inside
from srcsel.charts import OTHER_COLOR, class_groups
from srcsel.charts.palette import Group
from srcsel.ui.parts.show import plain

COLORS = {
    "class": "Class",
    "right": "Right or wrong, by its neighbours",
    "silhouette": "Separation (silhouette)",
    "supcon": "Neighbour agreement (SCL)",
    "agree": "Which of the two models is right",
}
OF_TWO = "agree"  # needs a second model
LEVELS = 12  # colours of a score, half of them below zero
_WORSE, _BETTER = {"light": "#c24e00", "dark": "#ff8b4a"}, {"light": "#0064a8", "dark": "#5db4f5"}
_MIDDLE = {"light": "#c9c6bf", "dark": "#77797d"}
_SCALES = {
    "silhouette": ("Silhouette", "nearer another class", "nearer its own class"),
    "supcon": ("SCL gain", "worse than chance", "better than chance"),
}


@dataclass(frozen=True, eq=False)
class Coloring:
    """Groups with their looks, and for each map the group of every dot."""

    kind: str
    groups: list[dict[str, Any]]  # name, light, dark, shape, other
    of: list[np.ndarray]  # one (m,) uint8 a map
    values: list[np.ndarray] = field(default_factory=list)  # one (m,) float32 a map, of a score
    scale: dict[str, Any] | None = None  # what the legend says of a score
    of_class: list[int] | None = None  # the group of each class, where classes are the groups


def color_dots(
    kind: str,
    titles: Sequence[str],
    insides: Sequence[Inside | None],
    data: Dataset,
    rows: np.ndarray,
    pinned: Sequence[int] = (),
) -> Coloring:
    """Colour the pictures `rows` (m,) on one or two maps; by class where a model has not looked at
    them yet. pinned: class ids that get the colours, where there are more classes than colours.
    """
    labels = data.labels[rows]
    looked = [inside for inside in insides if inside is not None]
    if kind == "class" or len(looked) < len(insides) or (kind == OF_TWO and len(looked) < 2):
        return _classes(data, labels, len(insides), pinned)
    if kind in _SCALES:
        return _score(
            kind, [(one.silhouette if kind == "silhouette" else one.gain)[rows] for one in looked]
        )
    right = [one.guess[rows] == labels for one in looked]
    return _agreement(titles, right) if kind == OF_TWO else _right(right)


def _classes(data: Dataset, labels: np.ndarray, maps: int, pinned: Sequence[int]) -> Coloring:
    groups = _groups(data, labels, pinned)
    of_class = np.zeros(len(data.classes), dtype=np.uint8)
    for i, group in enumerate(groups):
        of_class[list(group.classes)] = i
    looks = [
        _look(plain(g.name), (g.light, g.dark), g.shape, other=len(g.classes) > 1) for g in groups
    ]
    return Coloring("class", looks, [of_class[labels]] * maps, of_class=of_class.tolist())


def _groups(data: Dataset, labels: np.ndarray, pinned: Sequence[int]) -> list[Group]:
    """Group the classes as everywhere; where a filter left few that all would be "other", give each
    a colour again.
    """
    if pinned:
        return class_groups(data.classes, data.counts, pinned)
    groups, left = class_groups(data.classes, data.counts), np.unique(labels)
    rest = set(groups[-1].classes) if len(groups[-1].classes) > 1 else set()
    if len(left) == len(data.classes) or len(left) >= len(groups) or rest.isdisjoint(left.tolist()):
        return groups
    own = class_groups(tuple(data.classes[c] for c in left), data.counts[left])
    return [replace(group, classes=tuple(left[list(group.classes)].tolist())) for group in own]


def _right(right: list[np.ndarray]) -> Coloring:
    looks = [
        _look("Right", tuple(_BETTER.values()), "circle"),
        _look("Wrong", tuple(_WORSE.values()), "cross"),
    ]
    return Coloring("right", looks, [(~one).astype(np.uint8) for one in right])


def _agreement(titles: Sequence[str], right: list[np.ndarray]) -> Coloring:
    left, second = right
    looks = [
        _look("Both are right", tuple(OTHER_COLOR.values()), "circle", other=True),
        _look(f"Only {plain(titles[0])} is right", tuple(_WORSE.values()), "triangle"),
        _look(f"Only {plain(titles[1])} is right", tuple(_BETTER.values()), "square"),
        _look("Neither is right", ("#1f1f1f", "#f4f4f4"), "cross"),
    ]
    of = np.select([left & second, left, second], [0, 1, 2], 3).astype(np.uint8)
    return Coloring(OF_TWO, looks, [of, of])


def _score(kind: str, values: list[np.ndarray]) -> Coloring:
    """Cut scores into LEVELS of the same width around zero, the outermost for everything beyond;
    NaN is "n/a".
    """
    known = np.concatenate([one[np.isfinite(one)] for one in values])
    reach = float(np.abs(np.quantile(known, [0.01, 0.99])).max()) if len(known) else 1.0
    reach = reach or 1.0
    of = []
    for one in values:
        level = np.floor((np.nan_to_num(one) / reach + 1) / 2 * LEVELS)
        of.append(
            np.where(np.isfinite(one), np.clip(level, 0, LEVELS - 1), LEVELS).astype(np.uint8)
        )
    # the shape tells below zero from above
    looks = [
        _look(f"level {i + 1}", _shade(i), "down" if i < LEVELS // 2 else "circle")
        for i in range(LEVELS)
    ]
    looks.append(_look("n/a", tuple(OTHER_COLOR.values()), "plus", other=True))
    title, worse, better = _SCALES[kind]
    scale = {
        "title": title,
        "low": -reach,
        "middle": 0.0,
        "high": reach,
        "worse": worse,
        "better": better,
    }
    return Coloring(kind, looks, of, [one.astype(np.float32) for one in values], scale)


def _shade(level: int) -> tuple[str, str]:
    """Mix orange, grey and blue: level 0 is the worst."""
    half = LEVELS // 2
    ends = _WORSE if level < half else _BETTER
    share = (half - level) / half if level < half else (level - half + 1) / half
    return _mix(_MIDDLE["light"], ends["light"], share), _mix(_MIDDLE["dark"], ends["dark"], share)


def _mix(one: str, other: str, share: float) -> str:
    parts = zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


def _look(name: str, colors: tuple[str, ...], shape: str, *, other: bool = False) -> dict[str, Any]:
    return {"name": name, "light": colors[0], "dark": colors[1], "shape": shape, "other": other}
