"""Names beside the dots of a scatter, placed in the browser for the size that the chart has
there.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from streamlit.components.v2 import component


def place_names(chart: str) -> None:
    """Place the annotations of the Plotly scatter with key `chart`, which lie on their dots, beside
    them: none covers a dot, a whisker, a line or another name, and those without room stay unseen.
    The first in each scatter stands in any case.
    """
    _component()(key=f"{chart}-names", data={"chart": chart})


@cache
def _component() -> Any:
    script = Path(__file__).parent / "naming" / "naming.js"
    return component("srcsel_naming", html="<span></span>", js=script.read_text("utf-8"))
