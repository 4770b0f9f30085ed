"""Whether weights could be fetched now: said once, before the run, where they could not."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.base.records import JobStatus, SourceModel
from srcsel.models import catalog
from srcsel.ui.app import state
from srcsel.ui.parts import mine, watch, words

FRESH = 120.0  # seconds for which an answer stands


def note(models: Sequence[SourceModel]) -> None:
    """Say that there is no internet, with what can be scored without; nothing where all chosen
    models are here, where there is, or while that is being found out.
    """
    lacking = [model for model in models if model.download_bytes != 0]
    job = _asked() if lacking else None
    if job is None:
        return
    if job.state in watch.ACTIVE:
        watch.watch_job(job, lambda _: None)  # the page is drawn anew when it is known
        return
    if (state.board().result(job.id) or {}).get("reached", True):
        return
    here = [model.id for model in models if model.download_bytes == 0]
    with st.container(horizontal=True, vertical_alignment="center", key="offline"):
        st.warning(
            f"No internet just now: {_of(len(lacking), len(models))} would have to be downloaded"
            " first.",
            icon=":material/wifi_off:",
        )
        st.button(
            "Use the models that are here",
            key="offline-here",
            on_click=state.write,
            kwargs={"models": ",".join(here) or catalog.BUNDLED},
            help=f"{words.count(len(here), 'model')} of the chosen ones."
            if here
            else "None of the chosen ones is here, so you get those that come with srcsel.",
        )


def _of(some: int, whole: int) -> str:
    """Say how many of the chosen models: "2 of 5 models", "all 5 models", "the model"."""
    if some < whole:
        return f"{some:,} of {words.count(whole, 'model')}"
    return "the model" if whole == 1 else f"all {whole:,} models"


def _asked() -> JobStatus | None:
    """Return the job that finds out, asked again when its answer is old; None where it may not."""
    board = state.board()
    job = board.find("reach", {})
    if job is not None and (job.state in watch.ACTIVE or time.time() - (job.ended or 0.0) < FRESH):
        return job
    try:
        return board.status(board.submit("reach", {}, mine.asker()))
    except SrcselError:  # too much waits: it is only a courtesy
        return None
