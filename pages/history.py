"""History: every run as a row; open one, delete it, or compare two."""

import hashlib

import pandas as pd
import streamlit as st

from srcsel.base import phrases
from srcsel.base.errors import SrcselError
from srcsel.store.summaries import RunSummary
from srcsel.ui.app import frame, state
from srcsel.ui.evidence import experiment
from srcsel.ui.history import actions, compare, keeping, notices
from srcsel.ui.parts import cards, mine
from srcsel.ui.parts.show import WRAPPED, empty_state, plain
from srcsel.verdict.wording import HEADLINES

NAMED = 31  # letters of a run's name that its column has room for in one line
LETTERS = 33  # of a model's name that its column has room for; the longest bundled one
IN_SHORT = {"yardstick": "None helps", "chance": "None helps", "same": "No difference"}
"""Headlines of a verdict that a cell has no room for."""


def history() -> None:
    """Draw the page."""
    frame.header(
        "History",
        "Every run is kept. Tick one to open, name or delete it, or two of the same pictures to"
        " compare them.",
    )
    store = state.runs()
    try:
        runs = mine.visible(store.list())
    except SrcselError as error:
        st.error(cards.sentence(error))
        return
    notices.draw(store.notes)
    if not runs:
        empty_state(
            "No runs yet",
            "Choose some pictures, and your first run appears here.",
            "Choose pictures",
            "images",
        )
        keeping.draw()
        return
    runs, key = _of_pictures(runs)
    ticked = [runs[row] for row in _table(runs, key) if row < len(runs)]
    if not ticked:
        st.caption("Tick a row on the left of the table.")
    elif len(ticked) <= 2:
        actions.draw(ticked)
    else:
        st.info(
            "Tick one run to open, name or delete it, or two to compare them.",
            icon=":material/info:",
        )
    if len(ticked) == 2:
        compare.draw(*ticked)
    keeping.draw()
    frame.command("srcsel status", "srcsel cache")


def _of_pictures(runs: list[RunSummary]) -> tuple[list[RunSummary], str]:
    """Draw the box that keeps the runs of one set of pictures, where there are several.

    Returns them and the key of their table, which forgets what was ticked in another.
    """
    names: dict[str, str] = {}
    for run in runs:
        names.setdefault(run.ref, plain(run.name))
    if len(names) < 2:
        return runs, "history"
    chosen = st.selectbox(
        "Runs of",
        ["", *names],
        format_func=lambda ref: names[ref] if ref else "all pictures",
        key="history-of",
        width=320,
    )
    if not chosen:
        return runs, "history"
    return [run for run in runs if run.ref == chosen], f"history-{chosen}"


def _table(runs: list[RunSummary], key: str) -> list[int]:
    frame_ = pd.DataFrame(
        {
            "Run": [cards.name(run) + _shipped(run) for run in runs],
            "Date": [phrases.when(run.created) for run in runs],
            "Pictures": [run.images for run in runs],
            "Classes": [run.classes for run in runs],
            "Models": [run.models for run in runs],
            "Start from": [_start(run) for run in runs],
            "How sure": _how_sure(runs),
            "Space": [_space(run) for run in runs],
            "Link": [f"/results?run={run.id}" for run in runs],
        }
    )
    event = st.dataframe(
        frame_,
        hide_index=True,
        key=f"{key}-rows-{_digest(runs)}",
        on_select="rerun",
        selection_mode="multi-row",
        row_height=WRAPPED if any(len(name) > NAMED for name in frame_["Run"]) else None,
        alt="All runs, newest first",
        column_config={
            "Pictures": st.column_config.NumberColumn(format="localized"),
            "Run": st.column_config.TextColumn(width=225),
            "Space": st.column_config.TextColumn(
                help="Its scores, maps and reports. What models made of its pictures is shared by"
                " all runs of them; the switch below shows it."
            ),
            "Start from": st.column_config.TextColumn(width=240),
            "Link": st.column_config.LinkColumn(
                display_text="Open", help="Opens in a new tab; copy it to share."
            ),
        },
    )
    return list(event["selection"]["rows"])


def _digest(runs: list[RunSummary]) -> str:
    """Name a list of runs: ticks are kept by row, so they must go where another run stands there
    after one was deleted or began.
    """
    return hashlib.sha256(" ".join(run.id for run in runs).encode()).hexdigest()[:12]


def _space(run: RunSummary) -> str:
    return "–" if run.example else phrases.megabytes(state.runs().size(run.id))


def _how_sure(runs: list[RunSummary]) -> list[str]:
    """Say of each run how sure its answer is; of one that has none yet, why."""
    going = {job.id for job in state.board().active() if job.kind == "rank"}
    return [
        (_sure(run) if run.winner_title else "–")
        if run.complete
        else "Under way"
        if run.id in going
        else "Not finished"
        for run in runs
    ]


def _sure(run: RunSummary) -> str:
    said = IN_SHORT.get(run.cause, cards.sure(run))
    return said + (" (fast answer)" if run.race else "")


def _start(run: RunSummary) -> str:
    name = "" if run.cause in HEADLINES else cards.winner(run).removeprefix("the ")
    return phrases.cut(name, LETTERS) or "–"


def _shipped(run: RunSummary) -> str:
    if run.example:
        return " (experiment)" if experiment.is_one(run.id) else " (example)"
    who = mine.person()
    anothers = who and run.person not in (who, "")  # an owner sees everybody's
    return " (somebody else's)" if anothers else ""


history()
