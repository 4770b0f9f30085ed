"""What can be done with the ticked runs: open, name, delete."""

from __future__ import annotations

import streamlit as st

from srcsel.base import log, phrases
from srcsel.base.errors import SrcselError
from srcsel.store.summaries import RunSummary
from srcsel.ui.app import navigation, state
from srcsel.ui.parts import cards, mine
from srcsel.ui.parts.show import md, plain

LONGEST = 80  # characters of a run's name


def draw(ticked: list[RunSummary]) -> None:
    """Draw what can be done with one or two ticked runs."""
    run = ticked[0]
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(ticked) == 1 and st.button("Open", type="primary", icon=":material/open_in_new:"):
            navigation.go("results", run=run.id, model=None)
        if len(ticked) == 1 and st.button(
            "Is it true?", icon=":material/science:", help="Accuracy really reached"
        ):
            navigation.go("evidence", run=run.id, model=None)
        if len(ticked) == 1:
            _rename(run)
        own = [one for one in ticked if not one.example]
        label = "Delete" if len(own) < 2 else f"Delete {len(own)} runs"
        if st.button(
            label,
            icon=":material/delete:",
            disabled=not own,
            help=None if own else "Examples stay.",
        ):
            _confirm(own)


def _rename(run: RunSummary) -> None:
    if run.example or not run.complete:
        return
    with st.popover("Name", icon=":material/edit:", help="Give this run a name of your own."):
        title = st.text_input(
            "Name of this run", cards.name(run), max_chars=LONGEST, key=f"name-{run.id}"
        )
        st.button(
            "Save",
            type="primary",
            disabled=not plain(title),
            key="name-save",
            on_click=_named,
            args=(run.id, f"name-{run.id}"),
        )


def _named(run_id: str, key: str) -> None:
    title = plain(st.session_state[key])[:LONGEST]
    if not title or not mine.run_is_mine(run_id):
        return
    try:
        state.runs().rename(run_id, title)
    except SrcselError as error:
        st.error(cards.sentence(error))


@st.dialog("Delete?", icon=":material/delete:")
def _confirm(runs: list[RunSummary]) -> None:
    for run in runs:
        st.markdown(f"**{md(cards.name(run))}**, {phrases.when(run.created)}")
    freed = phrases.megabytes(sum(state.runs().size(run.id) for run in runs))
    st.markdown(
        f"The scores, the maps and the link go away, {freed} in all. Your pictures are not touched."
    )
    st.caption(
        "What the models made of the pictures stays, for the next run of them, until space is made"
        " (the switch at the foot of this page)."
    )
    with st.container(horizontal=True):
        if st.button(
            "Delete for good", type="primary", key="delete-yes", on_click=_delete, args=(runs,)
        ):
            st.rerun()  # closes the dialog
        if st.button("Keep", key="delete-no"):
            st.rerun()


def _delete(runs: list[RunSummary]) -> None:
    for run in runs:
        if not mine.run_is_mine(run.id):
            continue
        job = state.board().for_run(run.id)
        if job is not None and job.state in ("queued", "running"):
            state.board().cancel(job.id)
        state.runs().delete(run.id)
        log.event("run deleted", run=run.id, person=mine.person())
        if state.read("run") == run.id:
            state.write(run=None)
