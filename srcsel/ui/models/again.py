"""Asking once more what a run asked, with other models or other pictures: what is kept of it.

The run whose question is kept stands in the address under `again`.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.base.records import HEADLINE, Listing, Run
from srcsel.runs.question import PRECISIONS
from srcsel.store.serialize import from_plain
from srcsel.ui.app import state
from srcsel.ui.models import fast, precision, whole
from srcsel.ui.parts import words
from srcsel.ui.parts.show import md

SLIDER = 0.05, 1.0  # temperatures on the page
_TAKEN = "srcsel.again.taken"  # session: the run whose settings the boxes were given


def asked() -> Run | None:
    """Return the run whose question is kept; None without one, or where it is not here."""
    run_id = state.read("again")
    if run_id is None:
        return None
    try:
        return from_plain(Run, state.runs().question(run_id))
    except SrcselError:
        state.write(again=None)
        return None


def begin(run: Run | None) -> None:
    """Give the boxes of the page the settings of that run, once."""
    if st.session_state.get(_TAKEN) == (run and run.id):
        return
    st.session_state[_TAKEN] = run and run.id
    if run is None:
        return
    if _on_slider(run):
        st.session_state["temperature"] = run.temperature
    st.session_state["metric"] = run.metric
    spoken = {kind: word for word, kind in PRECISIONS.items()}
    state.write(
        fast=fast.ON if run.race else fast.OFF,
        all=whole.ON if run.all_pictures else None,
        precision=spoken.get(run.precision, precision.EXACT),
    )


def kept(run: Run | None, listing: Listing) -> dict[str, Any]:
    """Return what of the run's question the page has no box for: measures, seed, a temperature
    beyond the slider, and, of the same pictures, what was corrected.
    """
    if run is None:
        return {}
    beyond = {} if _on_slider(run) else {"temperature": run.temperature}
    same = run.ref == listing.ref
    corrected = {"left_out": run.left_out, "relabeled": run.relabeled} if same else {}
    return {"measures": run.asked, "seed": run.seed, **corrected, **beyond}


def promise() -> None:
    """Say on the page of the pictures whose models and settings are kept."""
    run = asked()
    if run is not None:
        _line(f"The models and settings of the run **{md(run.title or run.ref)}** are kept.")


def note(run: Run | None, listing: Listing) -> None:
    """Say what is kept, with a button that keeps nothing."""
    if run is None:
        return
    said = [f"As in the run **{md(run.title or run.ref)}**"]
    same = run.ref == listing.ref
    if same and run.left_out:
        said.append(f"{words.count(len(run.left_out), 'picture')} left out")
    if same and run.relabeled:
        said.append(f"{words.count(len(run.relabeled), 'picture')} given another label")
    if not same and (run.left_out or run.relabeled):
        said.append("all pictures of the new set, uncorrected")
    if set(run.asked) != set(HEADLINE):
        said.append(words.count(len(run.asked), "score"))
    if not _on_slider(run):
        said.append(f"temperature {run.temperature:g}")
    said.append("the same settings")
    _line(f"{', '.join(said)}.")


def _line(said: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/replay: {said}", width="content")
        st.button(
            "Start afresh",
            type="tertiary",
            key="again-not",
            on_click=state.write,
            kwargs={"again": None},
        )


def _on_slider(run: Run) -> bool:
    return SLIDER[0] <= run.temperature <= SLIDER[1]
