"""The quick listing of a picture folder: names only, made beside the thread that draws."""

from __future__ import annotations

import math
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait

import streamlit as st

from srcsel.base.paths import lasting
from srcsel.base.records import Listing
from srcsel.ui.parts.making import CHECKED, lies_here

WAIT = 0.8  # seconds that a drawing waits for the names of a folder's files
KEPT = 300.0  # seconds that they are believed
LOOK = 0.5  # seconds between two looks whether they are there


def look_again(ref: str) -> None:
    """Forget what was listed and ask for a fresh check."""
    st.session_state.get(CHECKED, {}).pop(ref, None)
    _list.clear()


def listed(ref: str, *, whole: bool = False) -> Listing | None:
    """Return what the folder holds by name; None where it is not on this computer yet, or has a
    table so large that only the worker reads it, which `whole` reads all the same. Where there is
    so much that it takes long, the drawing ends here, says so, and begins anew when it is known.

    Raises InputError.
    """
    ref = lasting(ref)  # whatever was typed or stands in a link: checked at each drawing
    if not lies_here(ref):
        return None
    found = _known(ref, whole=False)
    return _known(ref, whole=True) if whole and found is None else found


def _known(ref: str, *, whole: bool) -> Listing | None:
    if _list(ref, whole).is_old():
        _list.clear(ref, whole)
    coming = _list(ref, whole).future
    wait([coming], WAIT)
    if not coming.done():
        _looking(coming)
        st.stop()
    if coming.exception() is not None:
        _list.clear(ref, whole)  # it may be mended
    return coming.result()


@st.fragment(run_every=LOOK)
def _looking(coming: Future[Listing | None]) -> None:
    """Say that a folder is being looked through, until that is done."""
    if coming.done():
        st.rerun()
    st.info(
        "Looking through the folder. It holds very many files, so this takes a while; other pages"
        " can be used meanwhile.",
        icon=":material/hourglass_empty:",
    )


class _Coming:
    """The names of a folder's files, on their way or there."""

    def __init__(self, ref: str, *, whole: bool) -> None:
        from srcsel.pictures.listing import list_pictures, list_quickly

        self._ended = math.inf
        self.future: Future[Listing | None] = _lister().submit(
            list_pictures if whole else list_quickly, ref
        )
        self.future.add_done_callback(self._note)

    def _note(self, _: Future[Listing | None]) -> None:
        self._ended = time.monotonic()

    def is_old(self) -> bool:
        """Tell whether they may have changed since they were there."""
        return time.monotonic() - self._ended > KEPT


@st.cache_resource(max_entries=16, show_spinner=False)
def _list(ref: str, whole: bool) -> _Coming:
    """Begin to list, once for all who ask: not on the thread that draws, which would answer nothing
    meanwhile, no press and no other page.
    """
    return _Coming(ref, whole=whole)


@st.cache_resource(show_spinner=False)
def _lister() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, "listing")
