"""The colours of both themes, the marks of classes, and names made safe to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from srcsel.base.phrases import plain

Theme = Literal["light", "dark"]

# Okabe & Ito (2008), in one order for both themes; yellow is darkened on white, black becomes white
# on black,
# and a purple is added as the ninth.
CLASS_COLORS: dict[Theme, tuple[str, ...]] = {
    "light": (
        "#0072b2",
        "#d55e00",
        "#009e73",
        "#cc79a7",
        "#56b4e9",
        "#e69f00",
        "#1f1f1f",
        "#a99400",
        "#7b4fa3",
    ),
    "dark": (
        "#4a9fe0",
        "#ff7f3f",
        "#2fc79a",
        "#e08fbd",
        "#8fd0f7",
        "#f0b030",
        "#f4f4f4",
        "#f0e442",
        "#b793e6",
    ),
}
OTHER_COLOR: dict[Theme, str] = {"light": "#8a8f98", "dark": "#7d838d"}
SHAPES = ("circle", "square", "triangle", "diamond", "down", "plus", "star", "cross", "pentagon")

PAINT: dict[Theme, dict[str, str]] = {
    "light": {
        "winner": "#0072b2",
        "close": "#6fb0d8",
        "other": "#b4bac3",
        "yardstick": "#b4bac3",
        "partial": "#b4bac3",
        "ink": "#16202b",
        "paper": "#ffffff",
        "whisker": "#3c4653",
        "line": "#6b7480",
        "band": "rgba(0,114,178,0.10)",
        "key": "rgba(0,114,178,0.35)",
    },
    "dark": {
        "winner": "#4a9fe0",
        "close": "#2f6797",
        "other": "#565e69",
        "yardstick": "#565e69",
        "partial": "#565e69",
        "ink": "#f2f5f8",
        "paper": "#1b242d",
        "whisker": "#d5dbe2",
        "line": "#9aa3ae",
        "band": "rgba(86,180,233,0.14)",
        "key": "rgba(86,180,233,0.55)",
    },
}


def plotly_text(name: object) -> str:
    """Escape a name for Plotly, which honors <a>, <b> and entities in every text."""
    return plain(name).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@dataclass(frozen=True)
class Group:
    """Classes that share one colour and one marker on the map."""

    name: str
    classes: tuple[int, ...]  # class ids
    light: str
    dark: str
    shape: str


def class_groups(
    classes: tuple[str, ...], counts: np.ndarray, pinned: Sequence[int] = ()
) -> list[Group]:
    """Give the nine largest classes a colour and a shape each, the first of those that are alike,
    or the `pinned` ones (class ids) where some are, and the rest one grey "other" (by its name if
    it is one).

    The colours depend on the dataset and the pins only, so they are the same on every map and for
    every model.
    """
    keep = len(SHAPES) if len(classes) > len(SHAPES) else len(classes)
    wanted = list(dict.fromkeys(pinned)) or np.argsort(-counts, kind="stable").tolist()
    largest = sorted(wanted[:keep])
    light, dark = CLASS_COLORS["light"], CLASS_COLORS["dark"]
    groups = [Group(classes[c], (c,), light[i], dark[i], SHAPES[i]) for i, c in enumerate(largest)]
    rest = tuple(c for c in range(len(classes)) if c not in set(largest))
    if rest:
        name = classes[rest[0]] if len(rest) == 1 else f"other ({len(rest)} classes)"
        groups.append(Group(name, rest, OTHER_COLOR["light"], OTHER_COLOR["dark"], "circle"))
    return groups
