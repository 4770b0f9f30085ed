"""Settling what the scores leave open: the offer to train the close models, how that goes, and what
was measured.
"""

from __future__ import annotations

import math

import streamlit as st

from srcsel.base import phrases
from srcsel.base.records import Result, Verdict
from srcsel.evidence.estimate import settling_seconds, too_short
from srcsel.models.called import at_start
from srcsel.runs.settled import FINAL, MINUTES, PROTOCOL, ROUNDS
from srcsel.store.memory import Memory
from srcsel.ui.app import frame, state
from srcsel.ui.parts import mine, price, watch
from srcsel.ui.parts.asking import last_of, submit
from srcsel.ui.parts.show import md
from srcsel.verdict.measured import contest, unfinished, why_not
from srcsel.verdict.readings import names_of

NO_LIMIT = 0
NOTICED = 1.1
"""Below this ratio two times are said as one."""
ALLOWED = (5, 10, 30, 60, NO_LIMIT)  # minutes


def why(verdict: Verdict) -> str:
    """Write the sentences under the headline as Markdown, what was measured in bold."""
    said, measured = md(verdict.why), md(verdict.measured)
    return said.replace(measured, f"**{measured}**", 1) if measured else said


def section(result: Result) -> None:
    """Draw how the trainings go, or that they ended too early; nothing where there are none."""
    job = last_of("settle", result) if result.complete and result.scores else None
    if job is not None and job.state != "done":
        watch.watch_job(job)
    elif not frame.presenting() and (said := unfinished(result)):
        st.caption(f":material/info: {md(said)}")


def offer(result: Result, limit: str) -> None:
    """Draw the button that opens the offer; nothing where there is nothing to settle.

    Within a `limit` on the cost there is no offer: it would speak of other models.
    """
    if not result.complete or not result.scores or frame.presenting() or limit:
        return
    job = last_of("settle", result)
    if (job is not None and job.state in watch.ACTIVE) or not contest(result):
        return
    reason = why_not(result)
    if not reason and result.settled is not None and result.settled.ended in FINAL:
        return
    kind = "secondary" if reason else "primary"
    with st.popover("Settle it", icon=":material/gavel:", key="settle", type=kind):
        if reason:
            st.markdown(md(reason))
        else:
            _offer(result)


def price_of(least: float, most: float, minutes: int) -> str:
    """Say what a press will take: "about 4 min to 8 min", or "10 min of about 1 h 30 min" where an
    order cannot be told in the time allowed. Seconds; minutes: NO_LIMIT or a limit.
    """
    limit = 60.0 * minutes if minutes != NO_LIMIT else math.inf
    if least > limit:
        return f"{phrases.duration(limit)} of {phrases.about(least)}"
    most = min(most, limit)
    if most < NOTICED * least:
        return phrases.about(most)
    return f"{phrases.about(least)} to {phrases.duration(most)}"


def _offer(result: Result) -> None:
    if not mine.is_mine(result.run.person):
        st.caption(mine.NOT_YOURS)
        return
    memory = Memory(state.settings().evidence)
    least, most = (price.START + each for each in settling_seconds(result, memory))
    means = st.container()
    minutes = st.segmented_control(
        "Time allowed",
        ALLOWED,
        default=next((m for m in ALLOWED if least <= 60 * m and m >= MINUTES), NO_LIMIT),
        required=True,
        format_func=lambda value: f"{value} min" if value else "no limit",
        key="settle-minutes",
    )
    asked = int(MINUTES) if minutes is None else minutes
    begin = "Begin to settle it" if asked and least > 60 * asked else "Settle it"
    label = (
        f"{begin}: train these {phrases.word(len(contest(result)))} for real,"
        f" {price_of(least, most, asked)}"
    )
    names = names_of(result)
    who = phrases.listed([md(names[m]) for m in contest(result)])
    means.markdown(
        f"{at_start(who)}: each learns from {PROTOCOL.shots} pictures of each class and is asked"
        f" about the rest, up to {phrases.word(ROUNDS)} times with other pictures. It ends as soon"
        " as the order is clear."
    )
    payload = {"run_id": result.run.id, "minutes": asked or None}
    if (
        st.button(label, type="primary", icon=":material/gavel:", key="settle-start")
        and submit("settle", payload) is not None
    ):
        st.rerun()
    if asked and (said := too_short(result, asked, least)):
        st.caption(said)
