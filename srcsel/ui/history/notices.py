"""What went wrong with what is kept, said until it is dismissed."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from srcsel.base import log
from srcsel.ui.app import state
from srcsel.ui.parts import mine
from srcsel.ui.parts.show import md

DISMISSED = "srcsel.dismissed"  # in the session: what this person does not want to see again


def draw(of_runs: Sequence[str]) -> None:
    """Draw what is said of stored runs and of the list of jobs, each with a button."""
    seen = st.session_state.setdefault(DISMISSED, set())
    told = [text for text in (*of_runs, *state.board().notices()) if text not in seen]
    for number, text in enumerate(dict.fromkeys(told)):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(md(text), icon=":material/warning:", width="stretch")
            st.button(
                "Dismiss",
                key=f"dismiss-{number}",
                icon=":material/close:",
                on_click=_dismiss,
                args=(text,),
            )


def _dismiss(text: str) -> None:
    """Show it no more: to this person, and to nobody where it is theirs to say so."""
    st.session_state[DISMISSED].add(text)
    if mine.is_mine(""):
        state.board().dismiss(text)
        log.event("notice dismissed", person=mine.person())
