"""Brings a part of the page in sight where it lies below the fold."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from streamlit.components.v2 import component


def bring(target: str, stamp: object) -> None:
    """Scroll to the container with the key `target`, once for each `stamp`. Draws nothing."""
    _component()(key="sight", data={"target": target, "stamp": str(stamp)})


@cache
def _component() -> Any:
    script = Path(__file__).with_suffix(".js").read_text("utf-8")
    return component("srcsel_sight", html="<i></i>", js=script)
