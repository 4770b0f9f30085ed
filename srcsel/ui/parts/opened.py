"""The run that a page about a run opens: the one in the address, else the latest, else the
example.
"""

from __future__ import annotations

import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.ui.app import frame, state
from srcsel.ui.app.tour import example
from srcsel.ui.parts import mine

_UNASKED = "srcsel.unasked"  # session: the run that was opened where the address named none
_RUN = "srcsel.opened"  # session: the run that classes and models in the address belong to


def run() -> str | None:
    """Return the id of the run to open and write it into the address; None where there is none.

    Where the address names none it is the newest finished one of this person's, else the finished
    example, and the page says so for as long as that is true. What this tab chose among the classes
    and models of another run is forgotten.
    """
    found = unsaid()
    if said := which(found):
        st.caption(f":material/history: {said}")
    return found


def unsaid() -> str | None:
    """Return what `run` does, for a page that says where it has room which run that is."""
    found = state.read("run") or _usual()
    if found is not None and st.session_state.setdefault(_RUN, found) != found:
        st.session_state[_RUN] = found
        state.write(second=None, classes=None, pins=None, find=None)
    return found


def _usual() -> str | None:
    found = _latest() or example()
    if found is not None:
        state.write(run=found)
        st.session_state[_UNASKED] = found
    return found


def which(found: str | None) -> str:
    """Say which run this is, where nobody asked for it; of the example, while there is no other."""
    if found is None or frame.presenting() or state.read("tour"):
        return ""
    if found == example():
        return "" if _latest() else "A finished example: you have no run yet."
    if not mine.run_is_mine(found):
        return "Somebody else's run: you can look at it, not change it."
    return "Your latest run." if st.session_state.get(_UNASKED) == found == _latest() else ""


def _latest() -> str | None:
    try:
        runs = mine.visible(state.runs().list())
    except SrcselError:
        return None
    own = {mine.person(), ""}  # an owner sees all runs: those of others are not the owner's latest
    return next(
        (run.id for run in runs if run.complete and not run.example and run.person in own), None
    )
