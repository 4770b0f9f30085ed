"""What the web server does beside Streamlit: thumbnails, security headers, what is refused, the
sign-in, waking the job board.

Streamlit's own `server.allowedHosts` guards neither plain HTTP nor our route, so the check is made
in `doors`, for everything. The content policy lets the browser talk to nobody but this server.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import hashlib
import importlib
import logging
import os
import re
import socket
import stat
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import streamlit as st
from anyio import to_thread
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from srcsel.base import access, log
from srcsel.base.errors import InputError, SrcselError
from srcsel.base.quotas import load_quotas
from srcsel.base.scarce import NOT_ENOUGH, is_out_of_memory
from srcsel.base.settings import NOWHERE, load_settings
from srcsel.pictures import thumbs
from srcsel.ui.parts import incoming
from srcsel.ui.people import people
from srcsel.ui.people.reach import shared
from srcsel.ui.server.doors import Doors
from srcsel.ui.server.frontend import FOLDER, Frontend
from srcsel.ui.server.gate import Gate
from srcsel.ui.server.makers import Makers, end_makers
from srcsel.ui.server.uploads import Uploads

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from srcsel.pictures.sheets import Sheet

SCRIPT = Path(__file__).parents[1] / "app" / "main.py"
LOG = logging.getLogger(__name__)
FEW = max(2, min(4, (os.cpu_count() or 1) // 2))  # thumbnails made at a time, quickly; one slowly
PATIENCE = 20.0  # seconds that the browser waits for one
READING = 2.5  # seconds after the start in which nothing but the first page is made ready


MAKERS = Makers(FEW)
SLOW = Makers(
    1
)  # of what took longer than a moment: one such file holds up others of its kind only


class SecurityHeaders:
    """Adds the content policy and its companions to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.headers = {
            "Content-Security-Policy": content_policy(),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "SAMEORIGIN",
            # not "no-referrer": a form's Origin would be "null", which `doors` takes for foreign
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers where an HTTP answer starts."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        await self.app(scope, receive, add if scope["type"] == "http" else send)


def content_policy() -> str:
    """Write the Content-Security-Policy: everything from this server, plus Streamlit's own inline
    script by hash.
    """
    page = (FOLDER / "index.html").read_text(encoding="utf-8")
    inline = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() for code in inline)
    scripts = " ".join(f"'sha256-{digest}'" for digest in digests)
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {scripts} blob:",  # blob: the workers of data frames and charts
            "style-src 'self' 'unsafe-inline'",  # Streamlit writes its styles at run time
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' data:",  # data: how the camera hands over what it took
            "media-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "frame-src 'self'",
            "frame-ancestors 'self'",
            "form-action 'self'",
            "base-uri 'self'",
            "object-src 'none'",
        )
    )


async def thumbnail(request: Request) -> Response:
    """Answer GET /thumbs/{set_id}/{index}/{size}.jpg; 404 for whatever no page has registered.

    Few are made at a time, and who waits for one takes no thread from the pages. A file that takes
    longer than a moment goes on where it holds up only others that do; what takes longer than
    PATIENCE is a placeholder for now.
    """
    asked = request.path_params
    numbers = [asked["index"], asked["size"]]
    if not all(re.fullmatch(r"[0-9]{1,9}", number) for number in numbers):
        numbers = ["0", "0"]  # a number of 4,400 digits is none that anybody registered
    of = asked["set_id"]
    ask = partial(thumbs.picture, of, *map(int, numbers))
    found = await to_thread.run_sync(partial(ask, effort="kept"))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            if found == thumbs.NOT_YET:
                found = await MAKERS.ask(of, partial(ask, effort="quick"))
            if found == thumbs.NOT_YET:
                found = await SLOW.ask(of, ask)
    if found == thumbs.NOT_YET:
        found = thumbs.placeholder(awaited=True)
    if found is None:
        return PlainTextResponse("There is no such picture.\n", status_code=404)
    kind, body = found
    if kind != "image/jpeg":  # the placeholder: the picture may come
        return Response(body, media_type=kind, headers={"Cache-Control": "no-store"})
    return _jpeg(request, body)


async def sheet(request: Request) -> Response:
    """Answer GET /thumbs/{set_id}/sheets/{number}.jpg; 202 while the worker makes it, 404 for
    whatever no page has registered.
    """
    set_id, number = request.path_params["set_id"], request.path_params["number"]
    if not re.fullmatch(r"[0-9]{1,6}", number):
        return PlainTextResponse("There is no such sheet.\n", status_code=404)
    found = await to_thread.run_sync(_sheet, set_id, int(number))
    if found is None:
        return PlainTextResponse("There is no such sheet.\n", status_code=404)
    if not found.jpeg:
        return Response(status_code=202, headers={"Cache-Control": "no-store"})
    if found.lacks:
        return Response(found.jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})
    return _jpeg(request, found.jpeg)


def _sheet(set_id: str, number: int) -> Sheet | None:
    """Read a sheet, and see to it that the worker makes those of its set where it is due."""
    from srcsel.jobs.board import Board
    from srcsel.pictures import sheets

    found = sheets.sheet(set_id, number)
    if found is not None and found.due:
        with contextlib.suppress(SrcselError):  # the pages say what is wrong with the work folder
            Board(load_settings().jobs).submit("sheets", {"set": set_id})
    return found


def _jpeg(request: Request, body: bytes) -> Response:
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {"Cache-Control": "private, max-age=3600", "ETag": etag}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="image/jpeg", headers=headers)


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
    Thread(target=_warm_up, daemon=True).start()
    yield
    end_makers(MAKERS, SLOW)
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


def _wake() -> None:
    try:
        from srcsel.jobs.board import Board

        Board(load_settings().jobs).wake()
    except (
        Exception
    ):  # the pages must open even where the work folder cannot be used; they say so themselves
        LOG.exception("The job board could not be woken")


def _sweep() -> None:
    """Remove what killed uploads and unpackings left, and uploads that nobody used for long."""
    try:
        from srcsel.pictures import uploads

        incoming.sweep()
        uploads.sweep()
    except Exception:  # as in `_wake`
        LOG.exception("Old uploads could not be removed")


def _warm_up() -> None:
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
    _wake()
    _sweep()
    for name in ("pandas", "plotly.graph_objects", "srcsel.measures"):
        importlib.import_module(name)
    gc.freeze()


ROUTES = [
    Route("/thumbs/{set_id}/sheets/{number}.jpg", sheet, methods=["GET"]),
    Route("/thumbs/{set_id}/{index}/{size}.jpg", thumbnail, methods=["GET"]),
]
MIDDLEWARE = [
    Middleware(SecurityHeaders),
    Middleware(Doors),
    Middleware(Gate),
    Middleware(Uploads),
    Middleware(Frontend),
]
