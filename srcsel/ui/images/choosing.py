"""The ways to choose pictures: a ready-made example, a folder, a public set; uploads stand in
`uploading`.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import pandas as pd
import streamlit as st

from srcsel.base.errors import InputError
from srcsel.base.paths import lasting, named
from srcsel.ui.app import state
from srcsel.ui.images import browsing, listed
from srcsel.ui.parts import cards, words
from srcsel.ui.parts.show import md
from srcsel.ui.people.reach import here

TAKEN = "images.taken"  # session: how often pictures were chosen on this page
LAYOUT = """leaves/
├── healthy/
│   ├── 001.jpg
│   └── 002.jpg
└── rust/
    ├── 001.jpg
    └── 002.jpg"""


def examples() -> None:
    """Draw a card for each bundled target."""
    from srcsel.pictures.bundled.targets import TARGETS

    for column, target in zip(
        st.columns(len(TARGETS), gap="medium"), TARGETS.values(), strict=True
    ):
        ref = f"demo:{target.name}"
        with column.container(border=True, height="stretch", vertical_alignment="distribute"):
            with st.container():
                cards.preview(ref)
                st.markdown(f"**{target.title}** · {target.pictures} pictures")
                st.markdown(target.description)
            st.button(
                f"Use {target.title.lower()}", key=f"use-{target.name}", on_click=take, args=(ref,)
            )


def folder() -> None:
    """Draw the path box."""
    settings = state.settings()
    limits = () if settings.roots is None else (*settings.roots, *settings.stores)
    if not state.opens_folders():
        st.info(
            "This dashboard is shared over the network, so it opens no folders by path. Upload the"
            " folder instead, or ask whoever runs it to set SRCSEL_ROOTS.",
            icon=":material/lock:",
        )
        return
    ref = state.read("images") or ""
    if ref and named(ref) is None:
        st.session_state.setdefault("images-folder", ref)  # what a link names stands in the box
    form, browse = st.columns([6, 1], vertical_alignment="bottom")
    with form, st.form("folder", border=False):
        box, button = st.columns([5, 1], vertical_alignment="bottom")
        path = box.text_input(
            f"Folder on {here()}",
            key="images-folder",
            placeholder=f"{limits[0] if limits else Path.home()}/leaves",
            help=(
                "Copy it from your file manager. It needs one sub-folder for each class. An address"
                " of a store is read too: s3://bucket/leaves, gs://, az:// or"
                " hf://datasets/OWNER/NAME."
            ),
        )
        if button.form_submit_button("Check folder", width="stretch") and path and path.strip():
            take(path)
            st.rerun()
    with browse:
        browsing.button(take)
    if limits:
        below = " or ".join(md(root) for root in limits)
        st.caption(f"What lies below {below} can be opened.")
    layout()


def public() -> None:
    """Draw the public sets, with licence and size; fetching one is the worker's work."""
    from srcsel.pictures.public import PUBLIC

    sets = list(PUBLIC.values())
    table = pd.DataFrame(
        {
            "Set": [s.title for s in sets],
            "Pictures": [s.pictures for s in sets],
            "Classes": [s.classes for s in sets],
            "Download": [words.megabytes(s.download_bytes) for s in sets],
            "Licence": [s.license for s in sets],
        }
    )
    event = st.dataframe(
        table,
        hide_index=True,
        key="images-public",
        on_select="rerun",
        selection_mode="single-row",
        alt="Public sets",
        column_config={"Pictures": st.column_config.NumberColumn(format="localized")},
    )
    rows = event["selection"]["rows"]
    chosen = sets[rows[0]] if rows else None
    label = (
        f"Download {words.megabytes(chosen.download_bytes)} and check" if chosen else "Tick a set"
    )
    if (
        st.button(label, type="primary", icon=":material/download:", disabled=chosen is None)
        and chosen
    ):
        take(f"public:{chosen.name}")
        st.rerun()
    if chosen:
        st.caption(
            f"From {md(chosen.source)}. Licence: {md(chosen.license)}. It is kept and downloaded"
            " only once."
        )


def take(ref: str) -> None:
    """Choose these pictures, as typed or named, and look at them afresh."""
    with contextlib.suppress(InputError):  # the card says what is wrong with it
        ref = lasting(ref)
    listed.look_again(ref)
    state.write(images=ref)
    st.session_state[TAKEN] = st.session_state.get(TAKEN, 0) + 1


def layout() -> None:
    """Draw how a folder of pictures should look."""
    with st.expander("How should the folder look?", icon=":material/account_tree:"):
        st.code(LAYOUT, language=None)
        st.markdown(
            "One sub-folder for each class, or one CSV file with the columns `file` and `label`"
            " beside them."
        )
