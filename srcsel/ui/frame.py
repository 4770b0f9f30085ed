"""What every page stands in: the top navigation, titles, presenter mode, the footer.

To add a page: one file in `pages/`, one line in PAGES.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import streamlit as st
from streamlit.navigation.page import StreamlitPage

import srcsel
from srcsel.ui import tour


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

_COMMAND = "srcsel.command"
_PRESENTER = "presenter"
_PRESENTER_STYLE = """
html { font-size: 20px !important; }
@media (max-width: 1400px) {
  [data-testid="stTopNavLink"] > span:first-child { display: none; }
  [class*="st-key-bars-"] .xtick:not(:first-child):not(:last-child) { display: none; } }
"""  # in a narrow window the marks of an axis would stand on one another: the first and the last stay. Without their
# icons all pages find room in the top bar.


def show() -> None:
    """Draw the whole window: navigation, the page the address names, the footer."""
    # The icon is set before the navigation, else the browser asks a font server for one.
    st.set_page_config(page_title="srcsel", page_icon=str(STATIC / "icon.svg"), layout="wide")
    st.session_state.pop(_COMMAND, None)
    current = st.navigation([page(entry.key) for entry in PAGES], position="top")
    name = current.title.lstrip("0123456789 ")
    st.set_page_config(page_title="srcsel" if name == "Home" else f"{name} · srcsel")
    st.logo(str(STATIC / "logo.svg"), size="large")
    st.html(STATIC / "frame.css")
    if presenting():
        st.html(f"<style>{_PRESENTER_STYLE}</style>")
    tour.card(current.url_path or PAGES[0].key)
    try:
        current.run()
    finally:  # also where a page stops early
        _footer(promise=name != "Home")  # Home says it beside its buttons


def page(key: str) -> StreamlitPage:
    """Return the page named `key` in PAGES, for `st.page_link`, `st.switch_page` and `st.navigation`."""
    entry = next(entry for entry in PAGES if entry.key == key)
    return st.Page(FOLDER / f"{key}.py", title=entry.title, icon=entry.icon, url_path=key, default=entry is PAGES[0])


def go(key: str, **chosen: str | None) -> NoReturn:
    """Open page `key` now, with `chosen` (names of state.NAMES) in its address; None forgets a choice."""
    from srcsel.ui import state

    state.write(**chosen)
    st.switch_page(page(key), query_params={name: value for name, value in chosen.items() if value})


def header(title: str, lead: str = "") -> None:
    """Draw the page's title and one sentence under it. Both are our own words, never names from files."""
    st.title(title, anchor=False)
    if lead and not presenting():
        st.markdown(lead)


def presenting() -> bool:
    """Tell whether presenter mode is on: larger type, and pages hide whatever is not the story."""
    return bool(st.session_state.get(_PRESENTER, False))


def command(text: str) -> None:
    """Give the same job as a shell command; the footer shows it. Call it anywhere on the page."""
    st.session_state[_COMMAND] = text


def _footer(*, promise: bool) -> None:
    st.space("medium")
    side = "right" if presenting() else "distribute"
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment=side):
        if not presenting():
            st.caption(":material/lock: Your pictures stay on this computer." if promise else "", width="content")
            text = st.session_state.get(_COMMAND)
            if text:
                with st.popover("The same from a shell", icon=":material/terminal:", type="tertiary"):
                    st.code(text, language="bash", wrap_lines=True)
        st.toggle(
            "Presenter mode",
            key=_PRESENTER,
            persist_state="session",
            help="Larger type, and only what tells the story.",
        )
