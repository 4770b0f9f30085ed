"""What was uploaded and is unpacked here: use it again, or remove it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from srcsel.base import phrases
from srcsel.pictures import uploads
from srcsel.pictures.uploads import Upload
from srcsel.ui.app import state
from srcsel.ui.parts import mine, words
from srcsel.ui.parts.show import md
from srcsel.ui.people.reach import here

_ASKED = "images.removing"  # session: id of the upload asked about; the page may be drawn anew


def draw(take: Callable[[str], None]) -> None:
    """Draw a line for each upload of this person; `take` chooses its pictures."""
    ours = [one for one in uploads.listed() if is_mine(one)]
    if not ours:
        return
    st.markdown("**Uploads that are here**")
    with st.container(border=True):
        for one in ours:
            name, size, until, use, remove = st.columns(
                [4, 1, 3, 1, 1], vertical_alignment="center"
            )
            name.markdown(md(one.name), wrap=False)
            size.caption(words.megabytes(one.size), wrap=False)
            until.caption(_until(one))
            use.button(
                "Use",
                key=f"kept-use-{one.id}",
                on_click=take,
                args=(str(one.folder),),
                type="tertiary",
            )
            if remove.button(
                "Remove", key=f"kept-remove-{one.id}", icon=":material/delete:", type="tertiary"
            ):
                st.session_state[_ASKED] = one.id
            if st.session_state.get(_ASKED) == one.id:
                _confirm(one)


def is_mine(upload: Upload) -> bool:
    """Tell whether this person may use and remove an upload."""
    return any(map(mine.is_mine, upload.people or ("",)))


def _until(upload: Upload) -> str:
    if upload.until == float("inf"):
        return ""
    day = datetime.fromtimestamp(upload.until, UTC).isoformat()
    return f"Kept until {phrases.when(day)}, longer if used again"


def _close() -> None:
    st.session_state.pop(_ASKED, None)


@st.dialog("Remove these pictures?", icon=":material/delete:", on_dismiss=_close)
def _confirm(upload: Upload) -> None:
    st.markdown(
        f"**{md(upload.name)}**, {words.megabytes(upload.size)}, goes from {here()}. Runs"
        " about it keep their scores and maps, but show no pictures any more."
    )
    with st.container(horizontal=True):
        if st.button("Remove", type="primary", key="kept-yes", on_click=_remove, args=(upload,)):
            st.rerun()  # closes the dialog
        if st.button("Keep", key="kept-no", on_click=_close):
            st.rerun()


def _remove(upload: Upload) -> None:
    _close()
    if not is_mine(upload):
        return
    uploads.remove(upload.id, mine.asker() or None)
    if (state.read("images") or "").startswith(str(upload.folder)):
        state.write(images=None)
