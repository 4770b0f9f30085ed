"""What correcting the pictures changed, on the results page: a sentence, and the way to before."""

from __future__ import annotations

import streamlit as st

from srcsel.base.records import Result
from srcsel.ui.app import frame, state
from srcsel.ui.parts import correct_bar, correcting
from srcsel.ui.parts.show import md
from srcsel.verdict.correction import before_and_after


def section(result: Result) -> None:
    """Draw before and after of a corrected run, and what is corrected since and not asked yet."""
    said, before = before_and_after(result), result.before
    if said and before is not None:
        known = not frame.presenting() and state.result(before.run) is not None
        text, link = st.columns([5, 1]) if known else (st.container(), None)
        text.markdown(f":material/compare_arrows: {md(said)}")
        if link is not None:  # in the same line, so that the charts stand high
            link.page_link(
                frame.page("results"),
                label="The answer before",
                icon=":material/history:",
                query_params={"run": before.run},
            )
    if correcting.pending(result):
        correct_bar.kept(result)
