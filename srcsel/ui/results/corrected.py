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
        with st.container(
            border=True, key="before-after", horizontal=True, vertical_alignment="center"
        ):
            st.markdown(f":material/compare_arrows: {md(said)}", width="stretch")
            if not frame.presenting() and state.result(before.run) is not None:
                st.page_link(
                    frame.page("results"),
                    label="The answer before",
                    icon=":material/history:",
                    query_params={"run": before.run},
                    width="content",
                )
    if correcting.pending(result):
        correct_bar.kept(result)
