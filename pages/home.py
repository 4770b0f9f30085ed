"""Home: what this answers, a finished example, your own pictures, recent runs."""

import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.store.summaries import RunSummary
from srcsel.ui.app import frame, navigation, state, tour
from srcsel.ui.parts import cards, mine, shipped, under_way

STEPS = (
    ("Choose pictures", "A folder with one sub-folder for each class, or a zip of it."),
    ("Choose starting models", "Take a ready-made set, or pick from more than a thousand."),
    (
        "Read the answer",
        "One sentence says where to start and how sure we are. Charts and a map show why.",
    ),
)
RECENT = 5  # rows


def home() -> None:
    """Draw the page."""
    runs = _runs()
    example = next(
        (run for run in runs if run.example and run.complete and not shipped.is_one(run.id)), None
    )
    _hero(example)
    if not frame.presenting():
        going = under_way.draw()
        st.space("small")
        _steps()
        shipped.card()
        _recent([run for run in runs if not run.example and run.id not in going][:RECENT])


def _runs() -> list[RunSummary]:
    try:
        return mine.visible(state.runs().list())
    except SrcselError as error:
        st.error(cards.sentence(error))
        return []


def _hero(example: RunSummary | None) -> None:
    left, right = st.columns([11, 9], gap="large", vertical_alignment="center")
    with left:
        st.title("Which image model should you start from?", anchor=False)
        st.markdown(
            "Training goes further from the right pretrained model. srcsel tries many of them on"
            " **your** pictures, without training anything, and tells you where to start and how"
            " sure it is."
        )
        with st.container(horizontal=True):
            if example and st.button(
                "See a finished example", type="primary", icon=":material/play_circle:"
            ):
                navigation.go("results", run=example.id, model=None)
            kind = "secondary" if example else "primary"
            if st.button("Use my own pictures", type=kind, icon=":material/folder_open:"):
                st.session_state["images-way"] = "folder" if state.opens_folders() else "zip"
                navigation.go("images", images=None, again=None)
            if example and st.button(
                "Take the tour (2 minutes)", type="tertiary", icon=":material/tour:"
            ):
                tour.start(example.id)
        st.caption(frame.privacy())
    if example:
        with right:
            cards.example(example)


def _steps() -> None:
    for column, number, (title, text) in zip(
        st.columns(3, gap="medium"), (1, 2, 3), STEPS, strict=True
    ):
        with column.container(border=True, height="stretch"):
            st.html(f'<span class="srcsel-number" aria-hidden="true">{number}</span>')
            st.markdown(f"**{title}**")
            st.caption(text)


def _recent(runs: list[RunSummary]) -> None:
    if not runs:
        return
    st.header("Recent runs", anchor=False)
    with st.container(border=True):
        for run in runs:
            cards.run_row(run)


home()
