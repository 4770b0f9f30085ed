"""History: every run as a row; open one, delete it, or compare two."""

import pandas as pd
import streamlit as st

from srcsel.base import log, phrases
from srcsel.base.errors import SrcselError
from srcsel.store.runs import RunSummary
from srcsel.ui.app import frame, navigation, state
from srcsel.ui.evidence import experiment
from srcsel.ui.history import compare, keeping
from srcsel.ui.parts import cards, mine
from srcsel.ui.parts.show import empty_state, md, plain
from srcsel.verdict.wording import HEADLINES


def history() -> None:
    """Draw the page."""
    frame.header(
        "History",
        "Every run is kept. Tick one to open or delete it, or two to see what changed between"
        " them.",
    )
    store = state.runs()
    try:
        runs = mine.visible(store.list())
    except SrcselError as error:
        st.error(cards.sentence(error))
        return
    for note in (*store.notes, *state.board().notices()):
        st.warning(md(note), icon=":material/warning:")
    if not runs:
        empty_state(
            "No runs yet",
            "Choose some pictures, and your first run appears here.",
            "Choose pictures",
            "images",
        )
        keeping.draw()
        return
    ticked = [runs[row] for row in _table(runs) if row < len(runs)]
    if not ticked:
        st.caption("Tick a row on the left of the table.")
    elif len(ticked) <= 2:
        _actions(ticked)
    else:
        st.info(
            "Tick one run to open or delete it, or two to compare them.", icon=":material/info:"
        )
    if len(ticked) == 2:
        compare.draw(*ticked)
    keeping.draw()


def _table(runs: list[RunSummary]) -> list[int]:
    frame_ = pd.DataFrame(
        {
            "Run": [cards.name(run) + _shipped(run) for run in runs],
            "Date": [phrases.when(run.created) for run in runs],
            "Pictures": [run.images for run in runs],
            "Classes": [run.classes for run in runs],
            "Models": [run.models for run in runs],
            "Start from": [_start(run) for run in runs],
            "How sure": [_sure(run) if run.winner_title else "–" for run in runs],
            "Finished": ["Yes" if run.complete else "Not yet" for run in runs],
            "Link": [f"/results?run={run.id}" for run in runs],
        }
    )
    event = st.dataframe(
        frame_,
        hide_index=True,
        key="history",
        on_select="rerun",
        selection_mode="multi-row",
        alt="All runs, newest first",
        column_config={
            "Pictures": st.column_config.NumberColumn(format="localized"),
            "Run": st.column_config.TextColumn(width="medium"),
            "Start from": st.column_config.TextColumn(width="medium"),
            "Link": st.column_config.LinkColumn(
                display_text="Open", help="Opens in a new tab; copy it to share."
            ),
        },
    )
    return list(event["selection"]["rows"])


def _sure(run: RunSummary) -> str:
    return cards.sure(run) + (" (fast answer)" if run.race else "")


def _start(run: RunSummary) -> str:
    return "–" if run.cause in HEADLINES else plain(run.winner_title) or "–"


def _shipped(run: RunSummary) -> str:
    return "" if not run.example else " (experiment)" if experiment.is_one(run.id) else " (example)"


def _actions(ticked: list[RunSummary]) -> None:
    run = ticked[0]
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(ticked) == 1 and st.button("Open", type="primary", icon=":material/open_in_new:"):
            navigation.go("results", run=run.id, model=None)
        if len(ticked) == 1 and st.button(
            "Is it true?", icon=":material/science:", help="Accuracy really reached"
        ):
            navigation.go("evidence", run=run.id, model=None)
        mine = [one for one in ticked if not one.example]
        label = "Delete" if len(mine) == 1 else f"Delete {len(mine)} runs"
        if st.button(
            label,
            icon=":material/delete:",
            disabled=not mine,
            help=None if mine else "Examples stay.",
        ):
            _confirm(mine)


@st.dialog("Delete?", icon=":material/delete:")
def _confirm(runs: list[RunSummary]) -> None:
    for run in runs:
        st.markdown(f"**{md(cards.name(run))}**, {phrases.when(run.created)}")
    st.markdown("The scores, the maps and the link go away. Your pictures are not touched.")
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


history()
