"""What every page stands in: the top navigation, titles, presenter mode, the footer.

To add a page: one file in `pages/`, one line in PAGES.
"""

from __future__ import annotations

import html
from functools import cache

import streamlit as st

from srcsel.ui.app import state, tour, turned
from srcsel.ui.app.navigation import PAGES, STATIC, page
from srcsel.ui.people import people
from srcsel.ui.people.reach import here, prefix

_COMMAND = "srcsel.command"
_ENGINE = "srcsel.engine"
GO = ":material/lan: The computers of the Ray cluster read your pictures too."
_PRESENTER = "presenter"
PRESENTING_MEANS = "Presenter mode: larger type, and only what tells the story."
SHEETS = ("frame", "pictures", "results", "explore", "evidence", "tour")  # in STATIC


def show() -> None:
    """Draw the whole window: navigation, the page the address names, the footer."""
    # The icon is set before the navigation, else the browser asks a font server for one.
    st.set_page_config(page_title="srcsel", page_icon=str(STATIC / "icon.svg"), layout="wide")
    st.session_state.pop(_COMMAND, None)
    st.session_state.pop(_ENGINE, None)
    current = st.navigation([page(entry.key) for entry in PAGES], position="top")
    name = current.title.lstrip("0123456789 ")
    st.set_page_config(page_title="srcsel" if name == "Home" else f"{name} · srcsel")
    st.logo(str(STATIC / "logo.svg"), size="large")
    st.html(_style(*SHEETS, *(["presenter"] if presenting() else [])))
    _corner()
    tour.card(current.url_path or PAGES[0].key)
    try:
        current.run()
    finally:  # also where a page stops early
        _footer(promise=name != "Home")  # Home says it beside its buttons


@cache
def _style(*sheets: str) -> str:
    """Join the style sheets: the browser draws each `st.html` for itself on every page."""
    texts = [(STATIC / f"{sheet}.css").read_text("utf-8") for sheet in sheets]
    return f"<style>{chr(10).join(texts)}</style>"


def header(title: str, lead: str = "") -> None:
    """Draw the page's title and one sentence under it.

    Both are our own words, never names from files.
    """
    st.title(title, anchor=False)
    if lead and not presenting():
        st.markdown(lead)


def presenting() -> bool:
    """Tell whether presenter mode is on: larger type, and pages hide whatever is not the story."""
    return state.read("present") == "on"


def command(*texts: str) -> None:
    """Give the same job as shell commands; the footer shows them. Call it anywhere on the page."""
    st.session_state[_COMMAND] = texts


def computed_on(engine: str) -> None:
    """Give the engine of the run that the page is about; the footer says who reads the pictures."""
    st.session_state[_ENGINE] = engine


def privacy() -> str:
    """Say as Markdown who reads the pictures: of the page's run, else of runs to come."""
    settings = state.settings()
    engine = st.session_state.get(_ENGINE, settings.engine)
    if settings.is_shared_out(engine):
        return GO
    return f":material/lock: Your pictures stay on {here()}."


def _corner() -> None:
    """Draw the switch of presenter mode at the right end of the navigation."""
    st.session_state[_PRESENTER] = presenting()
    with st.container(key="corner", width="content"):
        st.toggle("Present", key=_PRESENTER, on_change=_present, help=PRESENTING_MEANS)
        turned.watch()


def _present() -> None:
    state.write(present="on" if st.session_state[_PRESENTER] else None)


def _footer(*, promise: bool) -> None:
    st.space("medium")
    if presenting():
        return
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.caption(privacy() if promise else "", width="content")
        texts = st.session_state.get(_COMMAND)
        if texts:
            with st.popover("The same from a shell", icon=":material/terminal:", type="tertiary"):
                for text in texts:
                    st.code(text, language="bash", wrap_lines=True)
        _signed_in()


def _signed_in() -> None:
    """Say who signed in, beside the way out."""
    who = people.person_of(st.context.cookies)
    if who is None:
        return
    name = f"Signed in as {html.escape(who.name)}. " if who.name else ""
    # a link, not a button: the server answers it, and every tab of this sign-in is closed
    st.html(
        f'<p class="srcsel-sign-out">{name}<a href="{prefix()}/sign-out">Sign out</a></p>',
        width="content",
    )
