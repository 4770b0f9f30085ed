"""Choose a folder: a dialog that walks the folders one may open, with the pictures in each."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.base.paths import named, opened, written
from srcsel.pictures import places
from srcsel.pictures.places import Count
from srcsel.ui.app import state
from srcsel.ui.parts import cards, words
from srcsel.ui.parts.show import md

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

MOST = 60  # folders of a level that are shown; a part of the name finds the others
COUNTING, LONGER = 0.25, 2.0  # seconds that a drawing counts for, and after "Count the rest"
CRUMBS = 4  # folders of the way that are shown
_AT, _COUNTED, _TIME = "images.at", "images.counted", "images.counting"  # in the session
_OPEN = "images.browsing"  # the same: the page may be drawn anew behind the dialog, which stays


def button(take: Callable[[str], None]) -> None:
    """Draw the button that opens the dialog; `take` chooses a folder."""
    if places.starts() and st.button(
        "Browse", icon=":material/folder_open:", key="browse", width="stretch"
    ):
        st.session_state[_AT] = str(_first())
        st.session_state[_COUNTED] = {}
        st.session_state[_OPEN] = True
    if st.session_state.get(_OPEN):
        _dialog(take)


def _close() -> None:
    st.session_state.pop(_OPEN, None)


def _first() -> Path:
    """Begin beside the folder that is chosen, else where one may begin."""
    chosen = state.read("images") or ""
    if chosen and named(chosen) is None:
        try:
            above = opened(chosen).parent
            if above in places.way_to(above):
                return above
        except SrcselError:
            pass
    return places.starts()[0]


@st.dialog("Choose a folder", width="medium", icon=":material/folder_open:", on_dismiss=_close)
def _dialog(take: Callable[[str], None]) -> None:
    try:
        folder = opened(st.session_state[_AT])
        below = places.inside(folder)
    except SrcselError as error:
        st.error(cards.sentence(error), icon=":material/error:")
        folder, below = places.starts()[0], []
    until = time.monotonic() + st.session_state.pop(_TIME, COUNTING)
    _way(folder)
    shown = _found(below)
    said, use = st.columns([3, 2], vertical_alignment="center")
    numbers = _rows(shown)  # the level is there before anything is counted
    for path, number in zip(shown, numbers, strict=True):
        number.caption(_said(_counted(path, until)))
    counted = _counted(folder, until) or _at_least(below)
    with said:
        _about(folder, below, counted)
    with use:
        _use_button(take, folder, counted)
    if st.session_state.pop("images.browsed", False):
        st.rerun()  # closes the dialog
    if any(_counted(path, 0.0) is None for path in shown):
        st.button("Count the rest", type="tertiary", key="browse-count", on_click=_count_longer)
    if len(shown) < len(below):
        st.caption(f"{len(shown)} of {words.count(len(below), 'folder')} shown.")


def _about(folder: Path, below: list[Path], counted: Count | None) -> None:
    name = md(folder.name or folder)
    text = f"{words.count(len(below), 'folder')} in **{name}**"
    if counted is not None and not counted.pictures:
        text = (
            f"No pictures in **{name}**: go back up and open another folder."
            if counted.whole
            else f"{text}. No pictures yet: open the one that holds yours."
        )
    st.markdown(text)


def _use_button(take: Callable[[str], None], folder: Path, counted: Count | None) -> None:
    """Draw the button that takes the folder: what to do first only where there are pictures."""
    found = counted is not None and counted.pictures > 0
    name = md(folder.name or folder)
    st.button(
        f"Use {name}: {_said(counted)}" if found else f"Use {name} as it is",
        type="primary" if found else "tertiary",
        icon=":material/check:" if found else None,
        key="browse-use",
        width="stretch",
        help=None if found else "For a folder of tables or packed pictures, such as Parquet.",
        on_click=_use,
        args=(take, folder),
    )


def _way(folder: Path) -> None:
    """Draw the folders that lead here, each a button."""
    way = places.way_to(folder)
    starts = [path for path in places.starts() if path not in way]
    with st.container(horizontal=True, gap="xsmall", key="browse-way"):
        for path in (*starts, *way[-CRUMBS:]):
            st.button(
                md(path.name or path),
                key=f"browse-way-{path}",
                type="tertiary",
                icon=":material/home:" if path in starts else ":material/chevron_right:",
                disabled=path == folder,
                help=md(path),
                on_click=_go,
                args=(path,),
            )


def _found(below: list[Path]) -> list[Path]:
    if len(below) <= MOST:
        return below
    part = st.text_input("Part of the name", key="browse-part", icon=":material/search:") or ""
    return [path for path in below if part.casefold() in path.name.casefold()][:MOST]


def _rows(shown: list[Path]) -> list[DeltaGenerator]:
    """Draw the folders, each a button; return the places of their numbers."""
    numbers = []
    with st.container(key="browse-rows", gap=None):
        for path in shown:
            name, number = st.columns([3, 1], vertical_alignment="center")
            name.button(
                md(path.name),
                key=f"browse-in-{path}",
                type="tertiary",
                icon=":material/folder:",
                on_click=_go,
                args=(path,),
            )
            numbers.append(number.empty())
    return numbers


def _at_least(below: list[Path]) -> Count | None:
    """Return what the folders of a level hold that were counted; None where that is nothing."""
    known = (_counted(path, 0.0) for path in below)
    pictures = sum(count.pictures for count in known if count is not None)
    return Count(pictures, whole=False) if pictures else None


def _counted(path: Path, until: float) -> Count | None:
    """Count a folder's pictures, once while the dialog is open and while there is time."""
    known: dict[str, Count] = st.session_state.setdefault(_COUNTED, {})
    if str(path) not in known and time.monotonic() < until:
        found = places.count(path, until)
        if found is not None:
            known[str(path)] = found
    return known.get(str(path))


def _said(counted: Count | None) -> str:
    if counted is None:
        return "not counted yet"
    if not counted.whole and counted.pictures:
        return f"over {words.count(counted.pictures, 'picture')}"
    if not counted.whole:
        return f"none in {places.MOST_SEEN:,} files"
    return words.count(counted.pictures, "picture") if counted.pictures else "no pictures"


def _go(path: Path) -> None:
    st.session_state[_AT] = str(path)
    st.session_state.pop("browse-part", None)


def _count_longer() -> None:
    st.session_state[_TIME] = LONGER


def _use(take: Callable[[str], None], folder: Path) -> None:
    ref = written(folder)
    take(ref)
    st.session_state["images-folder"] = ref
    st.session_state["images.browsed"] = True
    _close()
