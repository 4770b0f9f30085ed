"""What a page asks of the worker: a run, or what it lacks, each once."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from typing import Any

import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.base.records import JobStatus, Result, Run
from srcsel.pictures import uploads
from srcsel.store.serialize import to_plain
from srcsel.ui.app import state
from srcsel.ui.parts import cards, mine, watch


def submit_run(run: Run) -> str | None:
    """Submit a run; return the id of the one that answers it, or None after saying why there is
    none.

    The same question asked again joins the job already there, which has another id.
    """
    asked = dataclasses.replace(run, person=mine.person())
    uploads.touch(run.ref)
    return submit("rank", {"run": to_plain(asked)})


def submit(kind: str, payload: Mapping[str, Any]) -> str | None:
    """Queue a job for this person; return its id, or None after saying why it was refused."""
    try:
        return state.board().submit(kind, dict(payload), mine.asker())
    except SrcselError as error:
        st.error(cards.sentence(error), icon=":material/error:")
        return None


def warm_up() -> None:
    """Start the worker for source models in the background, so that what the person is about to ask
    need not wait for its imports; nothing where it is there. It leaves where nothing comes, so this
    is for every drawing of a page.
    """
    with contextlib.suppress(SrcselError):  # asking will say what is wrong
        state.board().warm()


def ask_once(kind: str, payload: Mapping[str, Any]) -> JobStatus:
    """Return the job that makes what a page lacks; submit it where there is none.

    One that is done counts as none: what it made was deleted since, or is outdated. So does one
    that somebody else stopped.
    """
    board, asker = state.board(), mine.asker()
    job = board.find(kind, payload)
    if (
        job is None
        or job.state == "done"
        or (job.state not in watch.ACTIVE and job.person != asker)
    ):
        job = board.status(board.submit(kind, dict(payload), asker))
    return job


def last_of(kind: str, result: Result) -> JobStatus | None:
    """Return the last job of a kind about this run, or None."""
    return state.board().find(kind, {"run_id": result.run.id}, exact=False)


def still_scoring(result: Result) -> bool:
    """Whether the run's scores are on their way."""
    ranking = None if result.complete else state.board().for_run(result.run.id)
    return ranking is not None and ranking.state in watch.ACTIVE
