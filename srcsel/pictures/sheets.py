"""Sheets of many small pictures of a thumbnail set, for maps that show pictures instead of dots.

Made by the worker when a browser first asks for one; the server only reads them. A sheet is named
by the files on it as they are now, each asked again whether it may be opened. One that lacks a
picture because time or memory was short is shown so for now, and made again after a while.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from srcsel.base.errors import InputError, PictureError
from srcsel.base.settings import load_settings
from srcsel.base.watch import Watch
from srcsel.pictures import thumbs
from srcsel.store.memory import Memory

ON_SHEET = 256  # pictures of a sheet; it, ROW and CELL also stand in ui/parts/map/pictures.js
ROW = 16  # pictures in a row
CELL = 48  # pixels of one
PAPER = (136, 140, 146)  # where a picture cannot be read
VERSION = 2  # part of what sheets are remembered by; raise it with every change to how they look
AGAIN = 2 * thumbs.REST  # seconds before one that lacks a picture is made again


@dataclass(frozen=True)
class Sheet:
    """A sheet as it is now."""

    jpeg: bytes = b""  # b"" = not made yet
    lacks: int = 0  # pictures that time or memory was short for
    made: float = 0.0  # when, in seconds since the epoch

    @property
    def due(self) -> bool:
        """Whether it is to be made, or made again."""
        passed = abs(time.time() - self.made)  # a clock that was set back says nothing
        return not self.jpeg or (self.lacks > 0 and passed > AGAIN)


def sheet(set_id: str, number: int) -> Sheet | None:
    """Return a sheet; None where the set has none such."""
    question = _question(set_id, number)
    if question is None:
        return None
    found = _memory().recall(
        "sheets",
        question,
        lambda kept, about: Sheet(kept["jpeg"].tobytes(), int(about[0]), float(about[1])),
    )
    return found or Sheet()


def make(set_id: str, watch: Watch | None = None) -> int:
    """Make the sheets of a set that are not there; returns how many the set has.

    Raises InputError where there is no such set, StoreError, Cancelled; what was made is kept.
    """
    watch, sheets = watch or Watch(), -(-thumbs.count(set_id) // ON_SHEET)
    if not sheets:
        raise InputError("These pictures are not registered any more. Open the page again.")
    for number in range(sheets):
        watch.update("pictures", "running", number, sheets)
        question, known = _question(set_id, number), sheet(set_id, number)
        if question is not None and known is not None and known.due:
            jpeg, lacks = _drawn(set_id, number)
            arrays = {"jpeg": np.frombuffer(jpeg, np.uint8)}
            _memory().remember("sheets", question, arrays, [lacks, time.time()])
    watch.update("pictures", "done", sheets, sheets)
    return sheets


def _drawn(set_id: str, number: int) -> tuple[bytes, int]:
    """Paste the pictures of a sheet, each cut to a square around its middle; say too for how many
    time or memory was short.
    """
    paper, lacks = Image.new("RGB", (ROW * CELL, ROW * CELL), PAPER), 0
    for place, index in enumerate(_indices(set_id, number)):
        try:
            jpeg = thumbs.small(set_id, index, thumbs.SIZES[0])
        except PictureError as error:
            lacks += not error.lasting
            continue
        if jpeg is None:  # it may not be opened any more
            continue
        with Image.open(io.BytesIO(jpeg)) as small:  # our own JPEG
            cell = ImageOps.fit(small, (CELL, CELL), Image.Resampling.LANCZOS)
        paper.paste(cell, (place % ROW * CELL, place // ROW * CELL))
    out = io.BytesIO()
    paper.save(out, "JPEG", quality=82)
    return out.getvalue(), lacks


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
