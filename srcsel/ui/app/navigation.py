"""The pages there are, where they lie, and how one goes to another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import streamlit as st
from streamlit.navigation.page import StreamlitPage

import srcsel
from srcsel.ui.app import state


@dataclass(frozen=True)
class Entry:
    """One page: `key` is its file in pages/ and its address."""

    key: str
    title: str
    icon: str


PAGES = (
    Entry("home", "Home", ":material/home:"),
    Entry("images", "1 Images", ":material/photo_library:"),
    Entry("models", "2 Models", ":material/deployed_code:"),
    Entry("results", "3 Results", ":material/leaderboard:"),
    Entry("explore", "4 Explore", ":material/scatter_plot:"),
    Entry("evidence", "5 Evidence", ":material/science:"),
    Entry("history", "History", ":material/history:"),
)

_PACKAGE = Path(srcsel.__file__).parent
_SHIPPED = _PACKAGE / "_app" / "pages"  # where the wheel puts the root pages/
FOLDER = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent / "pages"
STATIC = Path(__file__).parent / "static"


def page(key: str) -> StreamlitPage:
    """Return the page named `key` in PAGES, for `st.page_link`, `st.switch_page` and
    `st.navigation`.
    """
    entry = next(entry for entry in PAGES if entry.key == key)
    return st.Page(
        FOLDER / f"{key}.py",
        title=entry.title,
        icon=entry.icon,
        url_path=key,
        default=entry is PAGES[0],
    )


def go(key: str, **chosen: str | None) -> NoReturn:
    """Open page `key` now, with `chosen` (names of state.NAMES) in its address; None forgets a
    choice.
    """
    state.write(**chosen)
    st.switch_page(page(key), query_params={name: value for name, value in chosen.items() if value})
