"""The parts of the results page: notes, the map beside the bars, what was sampled, what failed."""

from __future__ import annotations

import streamlit as st

from srcsel.base.records import HEADLINE, Failure, Reading, Result
from srcsel.pictures import corrections
from srcsel.ui.app import frame, state
from srcsel.ui.parts import drawers, maps
from srcsel.ui.parts.choices import choose_method, choose_model, pin_classes, pinned, switch
from srcsel.ui.parts.making import get_map, pictures
from srcsel.ui.parts.maps import MAP_CAPTION, sampled
from srcsel.ui.parts.show import error_state, md
from srcsel.ui.results import table, verdict
from srcsel.verdict import doubt
from srcsel.verdict.wording import READINGS

LEAST_MAP = 480  # pixels
ROOM = 300  # pixels of a window that controls, legend and caption take
ROOM_PRESENTING = 560  # and with the answer above, so that an audience sees all at once


def notes(result: Result, which: Reading) -> None:
    """Say why scores and verdict differ, in amber where they do, and whatever else the verdict
    notes.

    Of several the first shows until they are opened.
    """
    texts = [md(note.text) for note in result.verdict.notes if note.reading in (which, None)]
    title = verdict.disagreement(result, which)
    if not texts or (frame.presenting() and not title):
        return
    icon = ":material/call_split:" if title else ":material/info:"
    if len(texts) == 1:
        st.warning(texts[0], title=title, icon=icon) if title else st.info(texts[0], icon=icon)
        return
    label = f"**{title}.** {texts[0]}" if title else texts[0]
    with (
        st.container(key="differ" if title else "notes"),
        st.expander(label),
    ):  # its arrow stands where the icon would
        st.markdown("\n".join(f"- {text}" for text in texts[1:]))


def map_controls(result: Result) -> tuple[str, str]:
    """Draw model and kind of map side by side; returns (model, method).

    Presenter mode keeps only the model.
    """
    if frame.presenting():
        return choose_model(result), "umap"
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        model = choose_model(result)
    with right:
        return model, choose_method()


def reading() -> Reading:
    """Return the reading that is on show; presenter mode has only the whitened one."""
    if frame.presenting():
        return "whitened"
    return (
        "raw"
        if state.choose("reading", list(READINGS), "whitened", "reading") == "raw"
        else "whitened"
    )


def choose_reading(chosen: Reading) -> None:
    """Draw the switch between the two readings."""
    if not frame.presenting():
        switch(
            "reading",
            "Reading of the scores",
            list(READINGS),
            chosen,
            READINGS.__getitem__,
            labeled=False,
        )


def map_beside(result: Result, model: str, method: str, height: int) -> None:
    """Draw the chosen model's map, or see to it that the worker makes it.

    Nothing is computed here.
    """
    title = next(m.title for m in result.models if m.id == model)
    projection = get_map(result, model, method)
    if projection is None:
        return
    maps.embedding_map(
        [maps.Pane(projection, title)],
        result.dataset,
        set_id=pictures(result),
        name=f"results {result.run.id}",
        key="results-map",
        height=height,
        room=ROOM_PRESENTING if frame.presenting() else ROOM,
        pinned=pinned(result.dataset),
        picture=drawers.opened(result),
    )
    if not frame.presenting():
        pin_classes(result.dataset, "results-pins")
    st.caption(f"{MAP_CAPTION} {sampled(result, projection)}")


def remarks(result: Result) -> None:
    """Say what was sampled or left out, and which models or scores did not work, in words."""
    titles = {m.id: m.title for m in result.models}
    elsewhere = set(corrections.notes(result.run.corrections))  # stands on top
    if result.race:
        elsewhere.add(doubt.summary(result.race))  # stands with the race
    for note in (*result.notes, *result.dataset.notes):
        if note in elsewhere:
            continue
        st.caption(f":material/info: {md(note)}")
    for failure in (
        f for f in result.failures if f.measure in HEADLINE
    ):  # the others say why in their table
        what = (
            f"{md(titles.get(failure.model, failure.model))}, {md(table.title_of(failure.measure))}"
        )
        st.caption(f":material/error: {what}: n/a. {md(failure.reason)}")
    failed: dict[str, list[Failure]] = {}
    left = {d.model for d in result.race.dropped} if result.race else set()  # the race says why
    for failure in (f for f in result.failures if not f.measure and f.model not in left):
        failed.setdefault(failure.reason, []).append(failure)
    for reason, same in failed.items():
        names = ", ".join(md(titles.get(f.model, f.model)) for f in same)
        details = "\n\n".join(f"{f.model}\n{f.detail}" for f in same if f.detail)
        error_state(f"Could not be scored: {names}", md(reason), details)
