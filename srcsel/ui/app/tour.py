"""The guided tour: five steps over the finished example.

The step lives in the address, so a reload keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.ui.app import navigation, sight, state
from srcsel.ui.people.reach import here

# the ids of the experiment's runs begin so; its butterflies were really trained on
PREFIX = "experiment-"
EXPERIMENT = f"{PREFIX}butterflies"


@dataclass(frozen=True)
class Step:
    """One stop: a page, what to look at there (`target`, a container's key), and what is said."""

    page: str
    title: str
    text: str
    target: str = ""


STEPS = (
    Step(
        "results",
        "The answer",
        "Thirteen models, three of them real networks, were tried on 500 butterflies; none was"
        " trained on them. The card says where to start and how sure that is; the two charts below"
        " show by how much.",
        "verdict",
    ),
    Step(
        "results",
        "The map",
        "Every dot is a picture, placed as the model sees it: close means similar. Point at a dot."
        " Choose another model above the map, and watch the groups fall apart. Below, the models"
        " name a picture of your own.",
        "results-map",
    ),
    Step(
        "explore",
        "A closer look",
        "Draw a loop around some dots to see those pictures, or press one to see its neighbours.",
        "explore-map",
    ),
    Step(
        "evidence",
        "Is it true?",
        "Scores are forecasts. Here you can measure the accuracy that each model really reaches,"
        " and see which score foretold it.",
    ),
    Step(
        "images",
        "Your turn",
        "Choose a folder with one sub-folder for each class.",
    ),
)


MEASURED = (
    "Scores are forecasts. Here the models were then really trained on butterflies: the chart shows"
    " the accuracy each one reached, the sentence above it which score foretold that."
)
"""What the fourth step says where the experiment is shipped."""


def example() -> str | None:
    """Return the id of the finished example, or None where none is shipped."""
    return next((run for run in _shipped() if not run.startswith(PREFIX)), None)


def _shipped() -> list[str]:
    try:
        return [run.id for run in state.runs().list() if run.example and run.complete]
    except SrcselError:
        return []


def start(run_id: str) -> None:
    """Open the first step on the example."""
    _open(0, run_id)


def card(page: str) -> None:
    """Draw the slim card of the step in the address; nothing where no tour is under way."""
    step = _step()
    if step is None:
        return
    run_id = example()
    if run_id is None:
        state.write(tour=None)
        return
    shown = STEPS[step]
    away = page != shown.page or (page == "results" and state.read("run") != run_id)
    with st.container(border=True, key="tour", horizontal=True, vertical_alignment="center"):
        # tour.css frames what this key names
        at = f"tour-at-{shown.target}" if shown.target and not away else None
        with st.container(gap=None, key=at):
            st.markdown(f"**{shown.title}** · step {step + 1} of {len(STEPS)}")
            st.markdown("The tour waits for you." if away else _said(shown))
        with st.container(horizontal=True, width="content", gap="xsmall"):
            _buttons(step, run_id, away=away)
    if shown.target and not away:
        sight.bring(shown.target, step)


def _buttons(step: int, run_id: str, *, away: bool) -> None:
    if away:
        if st.button("Go on with the tour", type="primary"):
            _open(step, run_id)
    else:
        if st.button("Back", icon=":material/arrow_back:", disabled=step == 0):
            _open(step - 1, run_id)
        if step + 1 < len(STEPS) and st.button(
            "Next", type="primary", icon=":material/arrow_forward:"
        ):
            _open(step + 1, run_id)
    last = step + 1 == len(STEPS)
    st.button(
        "Done" if last and not away else "End tour",
        type="primary" if last and not away else "secondary",
        key="tour-end",
        on_click=state.write,
        kwargs={"tour": None},
    )


def _step() -> int | None:
    """Read the step, 0..4, from the address; what is no step ends the tour."""
    text = state.read("tour")
    if text is None:
        return None
    if text not in {str(number) for number in range(1, len(STEPS) + 1)}:
        state.write(tour=None)
        return None
    return int(text) - 1


def _said(step: Step) -> str:
    if step.page == "evidence" and (state.read("run") or "").startswith(PREFIX):
        return MEASURED
    settings = state.settings()
    if step.page == "images" and not settings.is_shared_out(settings.engine):
        return f"{step.text} Your pictures stay on {here()}."
    return step.text


def _open(step: int, run_id: str) -> None:
    page, number = STEPS[step].page, str(step + 1)
    if page == "evidence" and EXPERIMENT in _shipped():
        run_id = EXPERIMENT
    if page == "images":
        st.session_state["images-way"] = "folder" if state.opens_folders() else "zip"
        navigation.go(page, tour=number, images=None)
    navigation.go(page, tour=number, run=run_id, model=None, limit=None)
