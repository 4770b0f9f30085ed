"""The run that a page about a run opens: the one in the address, else the latest, else the
example.
"""

from __future__ import annotations

import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.ui.app import frame, state
from srcsel.ui.app.tour import example
from srcsel.ui.parts import mine


def run() -> str | None:
    """Return the id of the run to open and write it into the address; None where there is none.

    Where the address names none it is the newest finished one of this person's, else the finished
    example, and the page says so.
    """
    chosen = state.read("run")
    if chosen is not None:
        return chosen
    own = _latest()
    found = own or example()
    if found is not None:
        state.write(run=found)
        if not frame.presenting():
            said = "Your latest run." if own else "A finished example: you have no run yet."
            st.caption(f":material/history: {said}")
    return found


def _latest() -> str | None:
    try:
        runs = mine.visible(state.runs().list())
    except SrcselError:
        return None
    return next((run.id for run in runs if run.complete and not run.example), None)
