"""Models: choose starting models by preset, table or name; see the price; start the run."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.base.records import Listing, Run, SourceModel
from srcsel.runs.question import command, named_models
from srcsel.ui.app import frame, state
from srcsel.ui.images import checking, listed
from srcsel.ui.models import (
    again,
    checkpoints,
    choice,
    fast,
    online,
    picking,
    precision,
    search,
    sizes,
    starting,
    whole,
)
from srcsel.ui.parts import cards, live, words
from srcsel.ui.parts.asking import warm_up
from srcsel.ui.parts.show import empty_state, md

LEAD = "Which pretrained models should be tried?"


def models() -> None:
    """Draw the page."""
    ref = state.read("images")
    frame.header("Models", "" if ref else LEAD)
    if ref is None:
        empty_state(
            "Pictures come first",
            "Then you choose the models to try on them.",
            "Choose pictures",
            "images",
        )
        return
    try:
        listing = listed.listed(ref, whole=True)
    except SrcselError as error:
        empty_state(
            "These pictures cannot be used", cards.sentence(error), "Look at the pictures", "images"
        )
        return
    if listing is None:
        checking.waiting(
            ref, "The pictures are being fetched. You can choose models as soon as they are here."
        )
        st.page_link(
            frame.page("images"), label="Look at the pictures", query_params={"images": ref}
        )
        return
    warm_up()
    _for_whom(listing)
    if (job := live.mine_on(ref)) is not None:
        live.watch_beside(job)
    before = again.asked()
    again.begin(before)
    again.note(before, listing)
    chosen = picking.presets(_chosen(before))
    start = st.container()  # the button stands above what it needs, so that it is always in sight
    ticked = picking.ticked(chosen)
    with st.expander("Search all starting models", icon=":material/search:", key="open-search"):
        search.draw(chosen)
    sizes.choose(chosen)
    with st.expander(
        "Add one by name or file",
        icon=":material/add_circle:",
        key="open-mine" if chosen == checkpoints.SET else "open-name",  # each opens by itself
        expanded=chosen == checkpoints.SET and not ticked,
    ):
        picking.by_name(chosen)
    options = picking.advanced() | again.kept(before, listing)
    with start:
        online.note(ticked)
        with st.container(horizontal=True, vertical_alignment="center", key="models-start"):
            button, *switches = [st.container(width="content") for _ in range(3)]
        with switches[0]:
            options["race"] = fast.switch(chosen, listing, ticked)
        with switches[1]:
            options["precision"] = precision.switch(ticked)
        options["all_pictures"] = whole.switch(listing)
        with button:
            said = starting.run_button(listing, ticked, options)
        if said:
            st.caption(said)
    if ticked:
        _command(listing, ticked, options)


def _command(listing: Listing, ticked: Sequence[SourceModel], options: dict[str, Any]) -> None:
    try:
        question = starting.question(listing, ticked, options)
        frame.command(command(question))
        frame.computed_on(question.engine)
    except SrcselError as error:  # an address of a Ray that can be none
        st.error(cards.sentence(error), icon=":material/error:")


def _for_whom(listing: Listing) -> None:
    # as the page before said, where it did
    pictures = checking.readable(listing.ref) or len(listing.paths)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"For **{md(listing.name)}**: {words.count(pictures, 'picture')} "
            f"in {words.count(len(listing.classes), 'class', 'classes')}. {LEAD}",
            width="content",
        )
        st.page_link(frame.page("images"), label="Change", query_params={"images": listing.ref})


def _chosen(before: Run | None) -> str:
    """Return the models in the address, else those of the run that is asked again; say which of
    them are unknown, and fall back to the usual set.
    """
    spec = state.read("models") or (before and named_models(before.models))
    if spec is None:
        return choice.default_preset()
    known, errors = choice.known(spec)
    for error in errors:
        rest = "" if known else " You see the usual set instead."
        st.info(f"{cards.sentence(error)}{rest}", icon=":material/link_off:")
    if errors:
        state.write(models=known or None)
    return known or choice.default_preset()


models()
