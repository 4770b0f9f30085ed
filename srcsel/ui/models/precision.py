"""Lower precision on the pages: the switch before a run.

What a run was made with stands among its result's notes.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from srcsel.base.records import SourceModel
from srcsel.features.backends.choice import TINY
from srcsel.runs.question import PRECISIONS
from srcsel.ui.app import state

EXACT, FAST = PRECISIONS
MEANS = (
    "Larger models take about half the time where the processor or graphics card computes in"
    " bfloat16; the two scores may then differ from exact ones by about 0.01. What was computed"
    " exactly before is not reused."
)
SMALL = "These models are so small that a processor computes them exactly anyway."


def switch(models: Sequence[SourceModel]) -> str:
    """Draw the switch between exact and fast numbers; returns "exact" or "fast".

    The choice lives in the address.
    """
    chosen = state.choose("precision", PRECISIONS, EXACT, "choice of fast numbers")
    st.session_state["models-precision"] = chosen == FAST
    on = st.toggle(
        "Lower precision: about twice as fast on large models",
        key="models-precision",
        help=MEANS,
        on_change=_switched,
    )
    if on and models and exact_anyway(models):
        st.caption(f":material/info: {SMALL}")
    return FAST if on else EXACT


def exact_anyway(models: Sequence[SourceModel]) -> bool:
    """Whether a processor computes all of these exactly, because they are small."""
    return all(model.params is not None and model.params < TINY for model in models)


def _switched() -> None:
    state.write(precision=FAST if st.session_state["models-precision"] else EXACT)
