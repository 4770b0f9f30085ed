"""What figures have in common: the ground they stand on, whiskers, and the dot of a model. Knows no
Streamlit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from srcsel.base.records import Result
from srcsel.verdict.readings import role


def ground(paint: Mapping[str, str]) -> dict[str, Any]:
    """Lay a figure out on the page's own ground: nothing of it is dragged, and what is said under
    the pointer has the page's colours.
    """
    return {
        "dragmode": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {
            "align": "left",
            "bgcolor": paint["paper"],
            "font": {"color": paint["ink"], "size": 13},
        },
    }


def whiskers(spreads: Sequence[tuple[float, float]], paint: Mapping[str, str]) -> dict[str, Any]:
    """Draw how far (below, above) each value its interval reaches, in the axis' unit."""
    return {
        "type": "data",
        "symmetric": False,
        "arrayminus": [max(0.0, below) for below, _ in spreads],
        "array": [max(0.0, above) for _, above in spreads],
        "color": paint["whisker"],
        "thickness": 1.2,
        "width": 3,
    }


def dots(
    result: Result, models: Sequence[str], paint: Mapping[str, str], size: float
) -> dict[str, Any]:
    """Draw each model as a dot in its colour, a yardstick as a hollow diamond."""
    yardsticks = {m.id for m in result.models if m.yardstick}
    return {
        "symbol": ["diamond-open" if m in yardsticks else "circle" for m in models],
        "color": [paint["line"] if m in yardsticks else paint[role(result, m)] for m in models],
        "size": size,
        "line": {"color": paint["ink"], "width": 1.2},
        "opacity": 1,
    }
