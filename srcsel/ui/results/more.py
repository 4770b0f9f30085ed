"""More pictures? On the results page: one sentence and a small chart, worked out on demand."""

from __future__ import annotations

import streamlit as st

from srcsel.base import phrases
from srcsel.base.records import JobStatus, Outlook, Result
from srcsel.charts.growth import growth_alt, growth_chart
from srcsel.evidence import outlook
from srcsel.ui.app import frame, state
from srcsel.ui.parts import choices, mine, watch
from srcsel.ui.parts.asking import ask_once, last_of
from srcsel.ui.parts.show import md

MEANS = (
    "A simple classifier learns from a few of the pictures, then from more, and is tested on those"
    " it has not seen; four fifths of the pictures are all it ever learns from. The dashed part"
    " continues that; in the shaded part 90 % of what comes true should lie."
)
SECONDS = 8.0  # of one model for 500 pictures


def section(result: Result) -> None:
    """Draw what more pictures would bring, or the button that works it out."""
    if not result.complete or not result.accuracies or not outlook.asked(result):
        return
    found = outlook.stored(result, state.features())
    job = None if found else last_of("curve", result)
    if found is None and frame.presenting():
        return
    with st.container(border=True, key="more", gap="xsmall"):
        if found is not None:
            _drawn(result, found)
        elif job is not None and job.state != "done":
            st.markdown("**More pictures?**")
            watch.watch_job(job, _progress)
        else:
            _offer(result)


def _drawn(result: Result, found: Outlook) -> None:
    st.markdown(f":material/trending_up: **More pictures?** {md(found.text)}", help=MEANS)
    if not any(curve.ahead for curve in found.curves):
        return
    scale = choices.PRESENTING if frame.presenting() else 1.0
    with st.expander("The curve", expanded=frame.presenting()):
        st.plotly_chart(
            growth_chart(result, found, theme=choices.theme(), scale=scale),
            key="growth",
            config={"displayModeBar": False},
            alt=growth_alt(result, found),
        )


def _offer(result: Result) -> None:
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.markdown(
        ":material/trending_up: **More pictures?** How many more would help, and what they would"
        " bring, from what is already computed.",
        help=MEANS,
    )
    seconds = SECONDS * len(outlook.asked(result)) * max(0.5, len(result.dataset.paths) / 500)
    label = f"Work it out ({phrases.about(seconds)})"
    if right.button(label, icon=":material/trending_up:", key="more-go", width="stretch"):
        if not mine.is_mine(result.run.person):
            st.error(mine.NOT_YOURS, icon=":material/lock:")
            return
        ask_once("curve", {"run_id": result.run.id})
        st.rerun()


def _progress(job: JobStatus) -> None:
    watch.bar(
        job,
        failed="This could not be worked out.",
        stopped="Stopped. What was finished is kept.",
        getting="Getting ready",
    )
