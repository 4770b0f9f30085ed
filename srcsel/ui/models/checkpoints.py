"""The set of one's own model files: those of SRCSEL_WEIGHTS and those added by path, and what of
them cannot be used and why.
"""

from __future__ import annotations

import streamlit as st

from srcsel.base.records import SourceModel
from srcsel.base.settings import load_settings
from srcsel.models import catalog
from srcsel.ui.parts import words
from srcsel.ui.parts.show import WRAPPED, md, plain

SET = catalog.CHECKPOINTS


def chosen(spec: str) -> list[SourceModel]:
    """Return the models of a choice; none where it is this set and no file can be used."""
    if spec == SET and not catalog.own_files():
        return []
    return catalog.find_models(spec)


def about(spec: str) -> None:
    """Say under the set where its files come from, and list those that cannot be used."""
    if spec != SET:
        return
    folder = load_settings().weights
    st.caption(
        f"Your own model files: those of the folder {md(folder)} (SRCSEL_WEIGHTS), and those you"
        " add below by their path."
        if folder
        else "Your own model files: those you add below by their path. To list a whole folder of"
        " them, start srcsel with SRCSEL_WEIGHTS set to it."
    )
    _unusable(expanded=not catalog.own_files())
    _added()


def keep(models: list[SourceModel]) -> bool:
    """Remember which of some models are files of the person's own; tells whether all are.

    Raises StoreError.
    """
    files = [model for model in models if model.id.startswith(f"{SET}/") and model.at is None]
    for model in files:
        catalog.remember(model.id.removeprefix(f"{SET}/"))
    return len(files) == len(models)


def _unusable(*, expanded: bool) -> None:
    bad = catalog.unreadable(SET)
    if not bad:
        return
    with st.expander(  # closed where others can be used: the button to go on lies below
        f"{words.count(len(bad), 'file')} cannot be used",
        icon=":material/warning:",
        expanded=expanded,
        key="open-unusable",
    ):
        st.dataframe(
            {"File": [plain(one.path) for one in bad], "Why": [plain(one.reason) for one in bad]},
            hide_index=True,
            row_height=WRAPPED,  # the reason ends with what to do
            alt="Model files that cannot be used, and why",
            column_config={"File": st.column_config.TextColumn(width=300)},
        )


def _added() -> None:
    names = catalog.added()
    if not names:
        return
    with st.popover("Take a file off the list", icon=":material/playlist_remove:", type="tertiary"):
        st.caption("The file itself stays where it is.")
        for name in names:
            st.button(
                md(name),
                key=f"forget-{name}",
                type="tertiary",
                on_click=catalog.forget,
                args=(name,),
            )
