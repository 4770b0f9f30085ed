"""What gets ready while the browser starts, and what waits until the first page is drawn."""

from __future__ import annotations

import gc
import importlib
import logging
import time

from srcsel.base.settings import load_settings
from srcsel.ui.parts import incoming

LOG = logging.getLogger(__name__)
READING = 2.5  # seconds after the start in which nothing but the first page is made ready


def warm_up() -> None:
    """Import what the home page needs while the browser starts; when that is drawn, wake the board
    and import the rest.

    All of it takes the interpreter's lock in turns with the first page: hence the order, and the
    pause. Streamlit collects garbage after every drawing of a page, in which it holds the lock for
    80 ms if it must look through all modules each time; frozen, they are passed over.
    """
    gc.freeze()
    importlib.import_module("srcsel.ui.parts.shipped")
    importlib.import_module("srcsel.ui.parts.cards")
    gc.freeze()
    time.sleep(READING)
    wake()
    sweep()
    for name in ("pandas", "plotly.graph_objects", "srcsel.measures"):
        importlib.import_module(name)
    gc.freeze()


def wake() -> None:
    """Let jobs from before a restart go on."""
    try:
        from srcsel.jobs.board import Board

        Board(load_settings().jobs).wake()
    except (
        Exception
    ):  # the pages must open even where the work folder cannot be used; they say so themselves
        LOG.exception("The job board could not be woken")


def sweep() -> None:
    """Remove what killed uploads and unpackings left, and uploads that nobody used for long."""
    try:
        from srcsel.pictures import uploads

        incoming.sweep()
        uploads.sweep()
    except Exception:  # as in `wake`
        LOG.exception("Old uploads could not be removed")
