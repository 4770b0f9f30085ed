"""What the web server does beside Streamlit: what stands before every page, and what happens when
it starts and ends.

Streamlit's own `server.allowedHosts` guards neither plain HTTP nor our routes, so the check is made
in `doors`, for everything.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread

import streamlit as st
from starlette.middleware import Middleware

from srcsel.base import access, log
from srcsel.base.errors import InputError, SrcselError
from srcsel.base.quotas import load_quotas
from srcsel.base.scarce import NOT_ENOUGH, is_out_of_memory
from srcsel.base.settings import NOWHERE, load_settings
from srcsel.ui.people import people
from srcsel.ui.people.reach import shared
from srcsel.ui.server import thumbnails, warming
from srcsel.ui.server.doors import Doors
from srcsel.ui.server.frontend import Frontend
from srcsel.ui.server.gate import Gate
from srcsel.ui.server.headers import SecurityHeaders
from srcsel.ui.server.uploads import Uploads

SCRIPT = Path(__file__).parents[1] / "app" / "main.py"
LOG = logging.getLogger(__name__)

ROUTES = thumbnails.ROUTES
MIDDLEWARE = [
    Middleware(SecurityHeaders),
    Middleware(Doors),
    Middleware(Gate),
    Middleware(Uploads),
    Middleware(Frontend),
]


def require_sign_in() -> None:
    """End the program, in words, where others could reach it without signing in, or the
    environment asks for a log or a limit that there is not.
    """
    try:
        people.require_sign_in()
        log.level_named()
        load_quotas()
    except InputError as error:
        sys.exit(f"srcsel: {error}")


def close_paths() -> None:
    """Let nothing be opened by path where others reach this server and SRCSEL_ROOTS is not set.

    A path box would otherwise show any file to whoever reaches the port. The environment says it to
    the workers too, and those still there from before with other limits leave.
    """
    if shared() and not os.environ.get("SRCSEL_ROOTS"):
        os.environ["SRCSEL_ROOTS"] = NOWHERE
    with contextlib.suppress(OSError):  # the pages say what is wrong with the work folder
        access.announce(load_settings().jobs)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Answer at once; beside that get ready for the first pages, and go on with jobs from before a
    restart.
    """
    close_paths()
    with contextlib.suppress(SrcselError):  # said when the program was started
        log.begin(load_settings().log, "server")
    log.event("server started", sign_in=people.way(), shared=shared())
    if shared() and people.way() == "none":
        LOG.warning(people.INSECURE)
    send_at_once()
    Thread(target=warming.warm_up, daemon=True).start()
    yield
    thumbnails.end()
    log.event("server ended")
    log.end()


def send_at_once() -> None:
    """Let connections to this process send small packets at once, which those accepted later
    inherit.

    Streamlit opens its socket in a way for which asyncio leaves that off: the second part of each
    answer then waited 40 ms until the browser acknowledged the first, 0.4 s in all for the files of
    the first page.
    """
    with contextlib.suppress(FileNotFoundError):  # Windows
        for number in [int(name.name) for name in Path("/dev/fd").iterdir()]:
            with contextlib.suppress(OSError):  # closed meanwhile
                if not stat.S_ISSOCK(os.fstat(number).st_mode):
                    continue  # `fromfd` would leave a copy of it open
                with socket.fromfd(number, socket.AF_INET, socket.SOCK_STREAM) as one:
                    if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def on_script_error(error: Exception) -> bool:
    """Say in words that a page broke, and write the trace to the log instead of the page."""
    # numpy comes with it, which the server's start need not wait for
    from srcsel.ui.parts.show import md

    if isinstance(
        error, SrcselError
    ):  # written for the person: a full disk, a folder that may not be written
        st.error(md(error), icon=":material/error:")
        return True
    if is_out_of_memory(error):
        LOG.error("Memory was short", exc_info=error, extra={"about": _whose_page()})
        st.error(f"{NOT_ENOUGH} Then reload the page.", icon=":material/error:")
        return True
    LOG.error("A page failed", exc_info=error, extra={"about": _whose_page()})
    st.error(
        "This page could not be drawn because of a mistake in the program. Your pictures and"
        " results are safe. Reload the page; if it happens again, the terminal shows the details"
        f" ({type(error).__name__}).",
        icon=":material/error:",
    )
    return True


def _whose_page() -> dict[str, str]:
    """Name the run that a page shows and who looks at it, for the log."""
    from srcsel.ui.parts import mine

    with contextlib.suppress(Exception):  # outside a page, or what failed is just that
        return {"run": st.query_params.get("run", ""), "person": mine.person()}
    return {}
