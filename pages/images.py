"""Images: choose labelled pictures, and see what they hold."""

import shlex

import streamlit as st

from srcsel.ui.app import frame, sight, state
from srcsel.ui.images import checking, choosing, uploading
from srcsel.ui.models import again
from srcsel.ui.people.reach import here

WAYS = {
    "examples": ("Examples", choosing.examples),
    "folder": ("Folder on {}", choosing.folder),
    "zip": ("Upload", uploading.draw),
    "public": ("Public set", choosing.public),
}


def images() -> None:
    """Draw the page."""
    frame.header(
        "Images",
        "Which pictures should the models be tried on? They need labels: one folder for each"
        " class.",
    )
    again.promise()
    ref = state.read("images")
    st.session_state.setdefault("images-way", _way(ref))
    way = st.segmented_control(
        "Where are your pictures?",
        list(WAYS),
        format_func=lambda key: WAYS[key][0].format(here()),
        key="images-way",
        required=True,
        persist_state="session",
        label_visibility="collapsed",
    )
    WAYS[way or "examples"][1]()
    if ref is not None:
        with st.container(key="checked"):
            checking.card(ref)
        if taken := st.session_state.get(choosing.TAKEN):
            sight.bring("checked", taken)  # on a phone it lies below all examples
        frame.command(f"srcsel rank {shlex.quote(ref)}")


def _way(ref: str | None) -> str:
    if ref is None:
        return "examples"
    return {"demo": "examples", "public": "public"}.get(ref.partition(":")[0], "folder")


images()
