"""Runs that are under way, whoever started them: a page, another tab, a shell."""

from __future__ import annotations

from pathlib import PurePath

import streamlit as st

from srcsel.base.records import JobStatus
from srcsel.ui.app import frame, state
from srcsel.ui.parts import mine, watch
from srcsel.ui.parts.show import md, plain

EVERY = 5.0  # seconds between two looks while nothing goes on: a shell may begin something


def draw() -> frozenset[str]:
    """Draw this person's runs under way, and again as they go on; returns their ids."""
    ids = frozenset(job.id for job in _jobs())
    st.fragment(_rows, run_every=watch.EVERY if ids else EVERY)(ids)
    return ids


def _jobs() -> list[JobStatus]:
    jobs = [job for job in state.board().active() if job.kind == "rank" and mine.job_is_mine(job)]
    return [job for job in jobs if not watch.draws_maps(job)]  # that answer stands


def _rows(drawn: frozenset[str]) -> None:
    jobs = _jobs()
    if {job.id for job in jobs} != drawn:
        st.rerun()  # one began or ended: the list below changes too
    for job in jobs:
        state.board().status(job.id)  # wakes who should work on it, and says who is lost
    if not jobs:
        return
    st.header("Under way", anchor=False)
    with st.container(border=True):
        for job in jobs:
            _row(job)


def _row(job: JobStatus) -> None:
    result = state.result(job.id)
    scored = set() if result is None else {score.model for score in result.scores}
    name, said, link = st.columns([4, 7, 1], vertical_alignment="center")
    name.markdown(f"**{md(_name(job))}**", wrap=False)
    with said:
        st.progress(job.share, text=watch.going(job, scored))
    link.page_link(frame.page("results"), label="Open", query_params={"run": job.id})


def _name(job: JobStatus) -> str:
    """Return what the person called the run, else the name of its pictures."""
    result = state.result(job.id)
    if result is not None:
        return plain(result.run.title or result.dataset.name)
    run = job.payload.get("run")  # no picture was read yet
    asked = run if isinstance(run, dict) else {}
    return plain(asked.get("title") or PurePath(str(asked.get("ref", ""))).name)
