"""Draws the page again when it turns light or dark while it is open, and cleans what is copied.

Streamlit colours its own parts anew in the browser; figures are coloured here, in Python. Names
and commands that are copied are as they were before they were made safe for Markdown.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

_LOOK = "i { background: var(--st-background-color); transition: background-color 1ms; }"


def watch() -> None:
    """See to it that this script runs again after a change of theme. Draws nothing to be seen."""
    # the browser may have turned while the script ran: then it sees another one than this
    _component()(key="turned", data={"drawn": st.context.theme.type or "light"})


@cache
def _component() -> Any:
    script = Path(__file__).with_suffix(".js").read_text("utf-8")
    return component("srcsel_turned", html="<i></i>", css=_LOOK, js=script)
