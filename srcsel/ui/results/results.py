"""The parts of the results page: score bars, the map beside them, what was sampled, what failed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from srcsel import charts
from srcsel.base.records import HEADLINE, Failure, Reading, Result
from srcsel.ui.app import frame, state
from srcsel.ui.parts import drawers, maps
from srcsel.ui.parts.choices import (
    PRESENTING,
    choose_method,
    choose_model,
    models_on_show,
    pin_classes,
    pinned,
    switch,
    theme,
)
from srcsel.ui.parts.making import get_map, pictures
from srcsel.ui.parts.maps import MAP_CAPTION, sampled
from srcsel.ui.parts.show import error_state, md
from srcsel.ui.results import table, verdict
from srcsel.verdict import doubt
from srcsel.verdict.correction import MARK, lengths_before
from srcsel.verdict.readings import pick_scores, shaded
from srcsel.verdict.wording import READINGS

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

BARS = {
    "silhouette": ("How well the groups separate", "MSC"),
    "supcon": ("How well neighbours agree", "SCL"),
}
READING_MEANS = {
    "whitened": (
        "**Corrected**: what all pictures have in common is taken out first, and every direction"
        " counts the same (whitening). The verdict uses this reading."
    ),
    "raw": (
        "**As published**: the formulas on the untouched features. Good for comparing with"
        " published numbers; it can favour models that see hardly any difference."
    ),
}
SHADED_MEANS = (
    "**Shaded**: the verdict cannot tell these models apart, by its scores together. Dark blue is"
    " its choice, lighter blue are the others of them, grey is the rest; in every chart the same."
)
PRESENTED = 5  # bars of a chart for an audience, so that both charts are in sight
LEAST_MAP = 420  # pixels
ROOM = 300  # pixels of a window that controls, legend and caption take
ROOM_PRESENTING = 460  # and with the answer above, so that an audience sees all at once
# Plotly takes longer for them than all else on the page
_score_bars = lru_cache(maxsize=16)(charts.score_bars)


def notes(result: Result, which: Reading) -> None:
    """Say why scores and verdict differ, in amber where they do, and whatever else the verdict
    notes.

    Several notes take one line until they are opened, so that the charts stay in sight.
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


def bars(result: Result, which: Reading, chosen: str, places: Sequence[DeltaGenerator]) -> None:
    """Draw the two score bars, each in its place; pressing a bar chooses its model."""
    for measure, place in zip(BARS, places, strict=True):
        if pick_scores(result, measure, which):
            with place.container(gap="xsmall"):
                _bars(result, measure, which, chosen)
    with places[-1]:
        if lengths_before(result, "silhouette", which):
            st.caption(f"Thin outlines: {MARK}.")
        if not frame.presenting():
            if shaded(result):
                st.caption(SHADED_MEANS)
            st.caption(READING_MEANS[which])
        elif len(models_on_show(result)) > PRESENTED:
            st.caption(f"{PRESENTED} of the {len(models_on_show(result))} models")


def _bars(result: Result, measure: str, which: Reading, chosen: str) -> None:
    scale, most = (PRESENTING, PRESENTED) if frame.presenting() else (1.0, None)
    heading, short = BARS[measure]
    jargon = "" if frame.presenting() else f" ({short})"
    st.markdown(
        f"**{heading}**{jargon}",
        help=None if frame.presenting() else table.help_of(measure) or None,
    )
    key = f"bars-{measure}"
    st.plotly_chart(
        _score_bars(result, measure, which, theme=theme(), chosen=chosen, scale=scale, most=most),
        key=key,
        on_select=lambda: pressed(key),
        selection_mode="points",
        config={"displayModeBar": False},
        alt=charts.bars_alt(result, measure, which),
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
    elsewhere = {doubt.summary(result.race)} if result.race else set()  # stands with the race
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


def pressed(key: str) -> None:
    """Choose the model whose bar was pressed."""
    points = st.session_state[key]["selection"]["points"]
    if points:
        model = points[0].get("customdata")
        state.write(model=model[0] if isinstance(model, list) else model)
