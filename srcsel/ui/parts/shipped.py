"""The shipped experiment's runs and its card on the home page, without what its own page draws
with.
"""

from __future__ import annotations

import streamlit as st

from srcsel.store.summaries import RunSummary
from srcsel.ui.app import navigation, state
from srcsel.ui.app.tour import PREFIX
from srcsel.ui.parts import words


def is_one(run_id: str) -> bool:
    """Tell whether a run belongs to the shipped experiment."""
    return run_id.startswith(PREFIX)


def runs() -> list[RunSummary]:
    """Return its runs, one a target, in the order of their ids; none where it is not shipped."""
    return sorted(
        (r for r in state.runs().list() if is_one(r.id) and r.example), key=lambda r: r.id
    )


def card() -> None:
    """Draw the way to the experiment on the home page; nothing where it is not shipped."""
    found = runs()
    if not found:
        return
    with st.container(border=True):
        text, button = st.columns([4, 1], gap="large", vertical_alignment="center")
        pictures = sum(run.images for run in found)
        text.markdown(
            "**The experiment: can a score foretell the accuracy?** "
            f" \n{words.count(found[0].models, 'model')} scored without training, then every"
            f" network among them really trained on {words.count(len(found), 'set')} of pictures"
            f" ({words.count(pictures, 'picture')}). See which scores told the truth, and which did"
            " not."
        )
        if button.button(
            "See the experiment", icon=":material/science:", width="stretch", key="experiment"
        ):
            navigation.go("evidence", run=found[0].id, model=None)
