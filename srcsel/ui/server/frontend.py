"""The program that runs in the browser, Streamlit's own files, answered in fewer steps.

Streamlit reads them in other threads, 64 kB at a time. Each step waits for the interpreter's lock,
while the first page's imports hold it: the 61 files of that page took 0.28 s, and take 0.07 s so.
"""

from __future__ import annotations

from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

FOLDER = Path(st.__file__).parent / "static"
KEPT = "public, immutable, max-age=31536000"  # their names change with their content


class Frontend:
    """Answers GET for the files below /static that exist at the start; passes on everything
    else.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        found = (path for path in (FOLDER / "static").rglob("*") if path.is_file())
        self.files = {f"/{path.relative_to(FOLDER).as_posix()}": path for path in found}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the whole file at once, here: it is small, and the system has it in memory after the
        first visitor.
        """
        wanted = (
            self.files.get(scope["path"])
            if scope["type"] == "http" and scope["method"] == "GET"
            else None
        )
        if wanted is None:
            return await self.app(scope, receive, send)
        kind = guess_type(wanted.name)[0] or "application/octet-stream"
        answer = Response(wanted.read_bytes(), media_type=kind, headers={"Cache-Control": KEPT})
        return await answer(scope, receive, send)
