"""What a model makes of every picture, as a page gets it: read, or made by the worker while the page says so."""

from __future__ import annotations

import streamlit as st

from srcsel import inside
from srcsel.errors import SrcselError
from srcsel.records import Inside, JobStatus, Result
from srcsel.ui import cards, state, watch
from srcsel.ui.show import md


def get_inside(result: Result, model: str) -> Inside | None:
    """Read what `model` makes of every picture; where it is not there, submit its job and draw how it goes."""
    try:
        found = inside.stored(result, model, state.features())
    except SrcselError as error:
        st.error(cards.sentence(error), icon=":material/error:")
        return None
    if found is None:
        by_worker(
            result,
            "inside",
            {"run_id": result.run.id, "model": model},
            "Looking at every picture with this model. It is kept, so the next time it shows at once.",
        )
    return found


def by_worker(result: Result, kind: str, payload: dict[str, str], text: str) -> None:
    """Let the worker make what a page lacks, once, and draw how it goes; `text` says what it is, as Markdown."""
    board = state.board()
    ranking = board.for_run(result.run.id)
    if not result.complete and ranking is not None and ranking.state in watch.ACTIVE:
        st.info("This shows when the scores are done.", icon=":material/hourglass_top:")
        return
    job = next((j for j in board.recent(50) if j.kind == kind and j.payload == payload), None)
    if job is None or job.state == "done":  # done, and yet nothing is there: it was deleted since, or is outdated
        job = board.status(board.submit(kind, payload))
    watch.watch_job(job, lambda job: _progress(job, text))


def _progress(job: JobStatus, text: str) -> None:
    left, right = st.columns([5, 1], vertical_alignment="center")
    with left:
        if job.state == "failed":
            st.error(md(job.error) or "This could not be made.", icon=":material/error:")
        elif job.state == "cancelled":
            st.info("This was stopped before it was done.", icon=":material/pause_circle:")
        else:
            st.markdown(text)
            st.progress(job.share, text=md(job.what) or None)
    with right:
        watch.buttons(job)
