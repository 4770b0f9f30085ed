"""The switch between a sample of very many pictures and all of them, before a run."""

from __future__ import annotations

import streamlit as st

from srcsel.base import sampling
from srcsel.base.records import Listing
from srcsel.ui.app import state
from srcsel.ui.parts.show import md

ON, OFF = "on", "off"


def switch(listing: Listing) -> bool:
    """Draw the switch where there are so many pictures that a sample would do; returns whether all
    are used.

    The choice lives in the address.
    """
    n = len(listing.paths)
    if n <= sampling.ALL_UP_TO:
        return False
    chosen = state.choose("all", (ON, OFF), OFF, "choice of all pictures")
    st.session_state["models-all"] = chosen == ON
    on = st.toggle(f"Use all {n:,} pictures", key="models-all", on_change=_switched)
    said = sampling.whole(n) if on else sampling.sampled(sampling.SIZE, n)
    st.caption(f":material/info: {md(said)}")
    return on


def _switched() -> None:
    state.write(all=ON if st.session_state["models-all"] else OFF)
