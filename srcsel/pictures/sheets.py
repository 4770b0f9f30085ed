"""Sheets of many small pictures of a thumbnail set, for maps that show pictures instead of dots.

Made by the worker when a browser first asks for one; the server only reads them. A sheet is named
by the files on it as they are now, each asked again whether it may be opened.
"""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from srcsel.base.errors import InputError
from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.pictures import thumbs
from srcsel.store.memory import Memory

ON_SHEET = 256  # pictures of a sheet; it, ROW and CELL also stand in ui/parts/map/pictures.js
ROW = 16  # pictures in a row
CELL = 48  # pixels of one
PAPER = (136, 140, 146)  # where a picture cannot be read
VERSION = 1  # part of what sheets are remembered by; raise it with every change to how they look


def sheet(set_id: str, number: int) -> bytes | None:
    """Return a sheet as JPEG, b"" where it is not made yet, None where the set has none such."""
    question = _question(set_id, number)
    if question is None:
        return None
    found = _memory().recall("sheets", question, lambda kept, _: kept["jpeg"].tobytes())
    return found or b""


def make(set_id: str, watch: Watch | None = None) -> int:
    """Make the sheets of a set that are not there; returns how many the set has.

    Raises InputError where there is no such set, StoreError, Cancelled; what was made is kept.
    """
    watch, sheets = watch or Watch(), -(-thumbs.count(set_id) // ON_SHEET)
    if not sheets:
        raise InputError("These pictures are not registered any more. Open the page again.")
    for number in range(sheets):
        watch.update("pictures", "running", number, sheets)
        question = _question(set_id, number)
        if question is not None and not sheet(set_id, number):
            jpeg = np.frombuffer(_drawn(set_id, number), np.uint8)
            _memory().remember("sheets", question, {"jpeg": jpeg}, None)
    watch.update("pictures", "done", sheets, sheets)
    return sheets


def _drawn(set_id: str, number: int) -> bytes:
    """Paste the pictures of a sheet, each cut to a square around its middle."""
    paper = Image.new("RGB", (ROW * CELL, ROW * CELL), PAPER)
    for place, index in enumerate(_indices(set_id, number)):
        found = thumbs.picture(set_id, index, thumbs.SIZES[0])
        if found is None or found[0] != "image/jpeg":
            continue
        with Image.open(io.BytesIO(found[1])) as small:  # our own JPEG
            cell = ImageOps.fit(small, (CELL, CELL), Image.Resampling.LANCZOS)
        paper.paste(cell, (place % ROW * CELL, place // ROW * CELL))
    out = io.BytesIO()
    paper.save(out, "JPEG", quality=82)
    return out.getvalue()


def _indices(set_id: str, number: int) -> range:
    return range(number * ON_SHEET, min((number + 1) * ON_SHEET, thumbs.count(set_id)))


def _question(set_id: str, number: int) -> dict[str, Any] | None:
    indices = _indices(set_id, number) if number >= 0 else range(0)
    if not len(indices):
        return None
    files = json.dumps(thumbs.stamps(set_id, indices))
    digest = hashlib.sha256(files.encode()).hexdigest()
    return {"version": VERSION, "set": set_id, "sheet": number, "files": digest}


def _memory() -> Memory:
    return Memory(load_settings().datasets, synced=False)
