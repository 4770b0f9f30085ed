"""The same model once more at other input sizes: on the Models page."""

from __future__ import annotations

import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.models import catalog
from srcsel.ui.models import checkpoints, choice
from srcsel.ui.parts import cards, words
from srcsel.ui.parts.show import md, plain

MEANS = (
    "A model reads every picture shrunk to one size. Its own is the one it was trained at; a"
    " smaller one is faster, a larger one shows finer detail, and which of them suits your pictures"
    " only a run tells."
)


def choose(spec: str) -> None:
    """Draw a model of the chosen ones, the sizes it can also read, and the button that adds
    them.
    """
    models = [model for model in checkpoints.chosen(spec) if model.at is None]
    if not models:
        return
    with st.expander(
        "Try a model at another picture size", icon=":material/aspect_ratio:", key="open-sizes"
    ):
        st.caption(MEANS)
        titles = {model.id: plain(model.title) for model in models}
        chosen = st.selectbox(
            "Starting model", list(titles), format_func=titles.__getitem__, key=f"size-of-{spec}"
        )
        model = next(model for model in models if model.id == chosen)
        try:
            sizes = catalog.other_sizes(model)
        except SrcselError as error:
            st.caption(f":material/info: {md(cards.sentence(error))}")
            return
        picked = st.pills(
            f"Beside its own {model.input_size} pixels",
            sizes,
            selection_mode="multi",
            key=f"sizes-{chosen}",
        )
        st.button(
            f"Add at {words.count(len(picked), 'size')}" if picked else "Add",
            key="add-sizes",
            icon=":material/add:",
            disabled=not picked,
            on_click=choice.add,
            args=(spec, [f"{chosen}@{size}" for size in picked]),
        )
