"""What is kept on this computer: how large it is, what runs need of it, and making space."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from srcsel.base import log
from srcsel.base.errors import SrcselError
from srcsel.base.phrases import megabytes
from srcsel.jobs import space
from srcsel.store import cache
from srcsel.ui.app import state
from srcsel.ui.parts import cards, mine
from srcsel.ui.parts.show import md
from srcsel.ui.people.reach import here

DONE = "srcsel.space"  # in the session: what making space did


def draw() -> None:
    """Draw the switch and, where it is on, the table; only for whoever sees everybody's runs."""
    if not mine.is_mine(""):
        return
    st.space("small")
    if not st.toggle(
        f"What is kept on {here()}",
        key="kept",
        help="How much room srcsel takes, and what may go. It is looked up when you switch it on.",
    ):
        return
    try:
        kept = space.kept(state.settings())
    except SrcselError as error:
        st.error(cards.sentence(error))
        return
    if done := st.session_state.pop(DONE, ""):
        st.success(md(done), icon=":material/check:")
    st.dataframe(table(kept), hide_index=True, alt="What is kept, and how large it is")
    st.markdown(md(space.sentence(kept)))
    st.caption(f"The work folder is {md(str(state.settings().home))}")
    st.button(
        "Remove what no run needs",
        icon=":material/mop:",
        on_click=_clean,
        disabled=kept.counted <= kept.needed,
        help="It is made again when it is asked for. What was used in the last hour stays, and so"
        " do your runs and all they need.",
    )


def table(kept: space.Kept) -> pd.DataFrame:
    """Return one row a kind of thing: what it is, its size, what runs need of it."""
    rows = [
        (
            share.title,
            megabytes(share.bytes),
            f"{share.files:,}",
            _needed(share),
        )
        for share in kept.shares
        if share.bytes
    ]
    return pd.DataFrame(rows, columns=["What", "Size", "Files", "Needed by runs"])


def _needed(share: cache.Share) -> str:
    if not share.removable:
        return "not removed here"
    return megabytes(share.needed) if share.needed else "–"


def _clean() -> None:
    if mine.is_mine(""):
        done = cache.clean(state.settings(), 0.0)
        log.event("space made", person=mine.person(), bytes=done.bytes, files=done.files)
        st.session_state[DONE] = space.cleaned(done)
