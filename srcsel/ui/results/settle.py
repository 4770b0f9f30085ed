"""Settling what the scores leave open: the offer to train the close models, how that goes, and what
was measured.
"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from srcsel.base import phrases
from srcsel.base.records import Result, Verdict
from srcsel.evidence.estimate import training_seconds
from srcsel.models.called import at_start
from srcsel.runs.settled import FINAL, MINUTES, PROTOCOL, ROUNDS
from srcsel.store.memory import Memory
from srcsel.ui.app import frame, state
from srcsel.ui.parts import mine, price, watch
from srcsel.ui.parts.asking import last_of, submit
from srcsel.ui.parts.show import md
from srcsel.verdict.measured import FEWEST_ROUNDS, contest, unfinished, why_not
from srcsel.verdict.readings import names_of

ALLOWED = (5, 10, 30, 60)  # minutes


def why(verdict: Verdict) -> str:
    """Write the sentences under the headline as Markdown, what was measured in bold."""
    said, measured = md(verdict.why), md(verdict.measured)
    return said.replace(measured, f"**{measured}**", 1) if measured else said


def section(result: Result, limit: str) -> None:
    """Draw the offer, or how the trainings go; nothing where there is nothing to settle.

    Within a `limit` on the cost there is no offer: it would speak of other models.
    """
    if not result.complete or not result.scores:
        return
    job = last_of("settle", result)
    if job is not None and job.state != "done":
        watch.watch_job(job)
    if (job is not None and job.state in watch.ACTIVE) or frame.presenting() or limit:
        return
    if not contest(result):
        return
    if reason := why_not(result):
        st.caption(f":material/info: {md(reason)}")
    elif result.settled is None or result.settled.ended not in FINAL:
        with st.container(key="settle", gap="xsmall"):
            _offer(result)


def seconds(result: Result, minutes: float) -> float:
    """Estimate what settling takes where the order does not become clear before the end."""
    settled = result.settled
    done = len(settled.protocol.seeds) if settled and settled.accuracies else 0
    return min(60 * minutes, _rounds(result, range(done, ROUNDS)))


def _rounds(result: Result, rounds: range) -> float:
    """Estimate the seconds of some rounds, all models in each."""
    asked = set(contest(result))
    models = [model for model in result.models if model.id in asked]
    protocol, memory = replace(PROTOCOL, seeds=tuple(rounds)), Memory(state.settings().evidence)
    return price.START + training_seconds(result, models, protocol, memory)


def _offer(result: Result) -> None:
    if said := unfinished(result):
        st.markdown(f":material/info: {md(said)}")
    if not mine.is_mine(result.run.person):
        st.caption(mine.NOT_YOURS)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        button = st.container(width="content")
        minutes = st.segmented_control(
            "Time allowed",
            ALLOWED,
            default=int(MINUTES),
            required=True,
            format_func=lambda value: f"at most {value} min",
            key="settle-minutes",
            label_visibility="collapsed",
            width="content",
        )
    asked = minutes or int(MINUTES)
    label = (
        f"Settle it: train these {phrases.word(len(contest(result)))} for real,"
        f" {phrases.about(seconds(result, asked))}"
    )
    names = names_of(result)
    who = phrases.listed([md(names[m]) for m in contest(result)])
    means = (
        f"{at_start(who)}: each learns from {PROTOCOL.shots} pictures of each class and is asked"
        f" about the rest, up to {phrases.word(ROUNDS)} times with other pictures. It ends as soon"
        " as the order is clear."
    )
    if (
        button.button(
            label, type="primary", icon=":material/gavel:", key="settle-start", help=means
        )
        and submit("settle", {"run_id": result.run.id, "minutes": asked}) is not None
    ):
        st.rerun()
    least = _rounds(result, range(FEWEST_ROUNDS))
    if result.settled is None and least > 60 * asked:
        st.caption(
            f"An order is told after {phrases.word(FEWEST_ROUNDS)} trainings of each,"
            f" {phrases.about(least)}. What is trained until then is kept: pressed again, it"
            " goes on."
        )
