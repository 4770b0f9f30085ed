"""The searchable table of everything on offer."""

from __future__ import annotations

from typing import Any

import streamlit as st

from srcsel.models import catalog, finding, prior, queries
from srcsel.models.hubs import HUBS
from srcsel.ui.models import choice
from srcsel.ui.models.table import FOUND, INSIDE, ROW, in_lines, table
from srcsel.ui.parts import words
from srcsel.ui.parts.show import plain

SIZES = {
    "Any size": None,
    "Up to 10 M": 10e6,
    "Up to 30 M": 30e6,
    "Up to 100 M": 100e6,
    "Up to 350 M": 350e6,
}
PIXELS = (0, 96, 128, 160, 192, 224, 240, 256, 288, 320, 384, 448, 512, 518)
"""Usual sizes that models read; 0 = any."""
FEW = 5  # files that cannot be read, named under the table
SHOWN = 300  # rows of the search table at most


def draw(spec: str) -> None:
    """Draw the searchable table of everything on offer, with buttons that add the ticked rows, or
    all that were found.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search",
            key="models-search",
            icon=":material/search:",
            placeholder="resnet, siglip2, dino v3",
        )
        size = st.select_slider("Size (weights)", list(SIZES), key="models-size")
        pixels = st.selectbox("Reads", PIXELS, format_func=_pixels, key="models-pixels", width=130)
        hub = st.selectbox("From", ["", *HUBS], format_func=_from, key="models-hub", width=190)
        commercial = st.pills("Licence", ["Commercial use allowed"], key="models-licence")
    asked: dict[str, Any] = {
        "hub": hub or None,
        "max_params": SIZES[size],
        "size": pixels or None,
        "commercial": bool(commercial),
    }
    found = finding.best_first(catalog.search(text or "", **asked), text or "")
    more = f", the first {SHOWN} shown" if len(found) > SHOWN else ""
    first = "the best fit comes first" if text else "what is here already comes first"
    st.caption(  # above the table: what its own buttons come over is only this
        f"{words.count(len(found), 'model')} found{more}; {first}, then by accuracy on ImageNet."
    )
    rows, columns = in_lines(table(found[:SHOWN]), FOUND, INSIDE)
    event = st.dataframe(
        rows,
        hide_index=True,
        height=420,
        row_height=ROW,
        key=f"found-{text}-{hub}-{size}-{pixels}-{commercial}",
        on_select="rerun",
        selection_mode="multi-row",
        alt="Starting models that match",
        column_order=FOUND,
        column_config=columns,
        placeholder="–",
    )
    for file in catalog.unreadable("checkpoints")[:FEW]:
        st.caption(plain(f"{file.path} in the weights folder is not listed. {file.reason}"))
    picked = [found[row] for row in event["selection"]["rows"] if row < len(found)]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Add {words.count(len(picked), 'model')}" if picked else "Add",
            icon=":material/add:",
            disabled=not picked,
            on_click=choice.add,
            args=(spec, [model.id for model in picked]),
        )
        every = [model for model in found if not model.yardstick]
        if len(every) > 1:
            st.button(
                f"Add all {len(every):,}",
                icon=":material/playlist_add:",
                on_click=choice.add_query,
                args=(spec, queries.written(words=text or "", **asked)),
                help="The likeliest to win are tried first: " + prior.ORDER,
            )


def _pixels(size: int) -> str:
    return f"{size} pixels" if size else "Any size"


def _from(hub: str) -> str:
    return HUBS[hub].title if hub else "Everywhere"
