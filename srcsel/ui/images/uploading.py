"""Pictures from the browser: a folder or a zip, unpacked once into the work folder."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from srcsel.base.errors import SrcselError
from srcsel.pictures import packing, uploads
from srcsel.pictures.decoder import SUFFIXES
from srcsel.pictures.kinds import PHOTOS
from srcsel.pictures.tables.rows import SUFFIXES as TABLES
from srcsel.store import files
from srcsel.ui.images import choosing, kept
from srcsel.ui.parts import cards, incoming, mine

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

UNPACKED, REFUSED = "srcsel.unpacked", "srcsel.refused"  # session: the upload that was, and why not
WHERE = "It goes to the work folder on the computer this dashboard runs on, nowhere else."


def draw() -> None:
    """Draw the two boxes, and what was uploaded before."""
    left, right = st.columns(2, gap="large")
    with left:
        several = st.file_uploader(
            "Your folder: drop it here, or browse",
            # photos that are not read come too, so that they are named
            type=sorted(suffix[1:] for suffix in {*SUFFIXES, *TABLES, *PHOTOS}),
            accept_multiple_files="directory",
            key="images-dropped",
            help=f"{WHERE} For more than 1,000 pictures a zip is faster.",
        )
    with right:
        file = st.file_uploader("Or a zip of it", type=["zip"], key="images-zip", help=WHERE)
    if not several and file is None:
        choosing.layout()
    for came in (several, [file] if file is not None else []):
        key = hashlib.sha256("".join(one.file_id for one in came).encode()).hexdigest()
        if came and key not in st.session_state.get(UNPACKED, ()) and (ref := _kept(came, key)):
            choosing.take(ref)
            st.rerun()
    kept.draw(choosing.take)


def _kept(came: Sequence[UploadedFile], key: str) -> str | None:
    """Unpack an upload, once; return its folder, or None after saying why it cannot be used."""
    refused = st.session_state.get(REFUSED, ("", ""))
    if refused[0] != key:
        try:
            with contextlib.ExitStack() as held, st.spinner("Unpacking"):
                paths = [(one.name, held.enter_context(incoming.content(one))) for one in came]
                ref = str(_unpacked(paths))
        except SrcselError as error:
            refused = (key, cards.sentence(error))
            st.session_state[REFUSED] = refused
        else:
            st.session_state[UNPACKED] = (*st.session_state.get(UNPACKED, ()), key)
            return ref
    what = "zip" if came[0].name.lower().endswith(".zip") else "folder"
    st.error(refused[1], title=f"This {what} cannot be used", icon=":material/folder_zip:")
    return None


def _unpacked(came: Sequence[tuple[str, Path]]) -> Path:
    """Keep a zip, or a folder as one; raises what `uploads.keep` does."""
    name, path = came[0]
    if len(came) == 1 and name.lower().endswith(".zip"):
        return uploads.keep(path, name, mine.asker())
    packed = incoming.new_file()
    try:
        packing.pack(came, packed)
        return uploads.keep(packed, f"{packing.name_of(came)}.zip", mine.asker())
    except OSError as error:
        raise files.explain_disk(packed.parent, error) from error
    finally:
        packed.unlink(missing_ok=True)
