"""The switch of the fast answer, before a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from srcsel.base.records import Listing, SourceModel
from srcsel.models import catalog
from srcsel.runs import race_rules as rules
from srcsel.ui.app import state
from srcsel.ui.parts.show import md

ON, OFF = "on", "off"
MEANS = (
    "Models are compared on a part of the pictures first, and those that the re-checks put clearly"
    " behind are dropped. The best are scored on all pictures, as always. With ten models that"
    " takes about a third of the work."
)


def switch(spec: str, listing: Listing, models: Sequence[SourceModel]) -> bool:
    """Draw the switch of the fast answer; returns whether it is on.

    The choice lives in the address.

    spec: the chosen set; the strongest models and very many of them start with it on. Where a race
    saves nothing the switch says so.
    """
    usual = len(models) > rules.MANY or (spec in catalog.PRESETS and catalog.PRESETS[spec].race)
    chosen = state.choose("fast", (ON, OFF), ON if usual else OFF, "choice of a fast answer")
    st.session_state["models-fast"] = chosen == ON
    on = st.toggle(
        "Fast answer: drop models early that cannot win",
        key="models-fast",
        help=MEANS,
        on_change=_switched,
    )
    why = rules.no_race(np.bincount(listing.labels, minlength=len(listing.classes)), len(models))
    if on and why:
        st.caption(f":material/info: Every model will be scored in full. {md(why)}")
    return on


def _switched() -> None:
    state.write(fast=ON if st.session_state["models-fast"] else OFF)
