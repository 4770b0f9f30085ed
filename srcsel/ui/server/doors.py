"""What is refused before anything else looks at a request: foreign names, foreign pages, and what
is too large.

A page of another site, open in the same browser, can send requests here. The browser says where
they come from (Host, Origin, Sec-Fetch-Site); no page can forge that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from srcsel.ui.people.reach import LOOPBACK, is_loopback, own_names

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER_LIMIT = 32 * 2**10  # bytes of all header lines; a sign-in takes up to 12,000 of them
ADDRESS_LIMIT = 16 * 2**10  # bytes of path and query; our links stay below 5,000
BODY_LIMIT = 2**20  # bytes of any request that is no upload
UPLOADS = "/_stcore/upload_file/"
FRAMING = 2**20  # bytes that an upload may hold beside the file

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_NO_HOST = (
    "This server does not answer to that name. Open http://localhost instead, or, to share the"
    " dashboard under another name, start it with SRCSEL_HOSTS=that-name."
)
_NOT_FROM_HERE = (
    "This server calls itself localhost for this computer only. To reach it from elsewhere under"
    " that name (a container's port, a tunnel), start it with SRCSEL_HOSTS=localhost."
)
_FOREIGN = (
    "This request was made by a page of another site, so it is refused. Open the dashboard itself."
)


class Doors:
    """Answers requests that are refused with a sentence; passes on the others."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at the request's head; count its body while it comes."""
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        if (why := _refusal(scope)) is not None:
            return await refuse(scope, receive, send, *why)
        if scope["type"] == "websocket":
            return await self.app(scope, receive, send)
        return await self._with_limit(scope, receive, send)

    async def _with_limit(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = _body_limit(scope["path"])
        said = Headers(scope=scope).get("content-length", "0")
        if not said.isascii() or not said.isdecimal() or len(said) > 15 or int(said) > limit:
            return await refuse(scope, receive, send, *_too_much(limit))
        came, answered = 0, False

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > limit:  # sent in pieces without saying how many
                raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, counted, watched)
        except _TooLarge:
            if not answered:
                await refuse(scope, receive, send, *_too_much(limit))


class _TooLarge(Exception):
    """Ends a request whose body goes on and on; nobody sees it."""


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, text: str) -> None:
    """Answer with a sentence; close a socket before it opens."""
    if scope["type"] == "websocket":
        return await send({"type": "websocket.close", "code": 1008, "reason": ""})
    answer = PlainTextResponse(
        text + "\n", status_code=status, headers={"Cache-Control": "no-store"}
    )
    return await answer(scope, receive, send)


def _refusal(scope: Scope) -> tuple[int, str] | None:
    headers = Headers(scope=scope)
    if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_LIMIT:
        return 431, f"The head of this request is larger than {HEADER_LIMIT:,} bytes."
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > ADDRESS_LIMIT:
        return 414, f"This address is longer than {ADDRESS_LIMIT:,} bytes. Copy the link again."
    if (why := _wrong_host(headers, scope)) is not None:
        return 400, why
    return (403, _FOREIGN) if _is_foreign(headers, scope) else None


def _wrong_host(headers: Headers, scope: Scope) -> str | None:
    hosts = headers.getlist("host")
    host = re.sub(r":\d+$", "", hosts[0]).lower() if len(hosts) == 1 else ""
    if host in own_names():
        return None
    if host not in LOOPBACK:
        return _NO_HOST
    client = scope.get("client")  # none: a socket of this computer's file system
    return None if client is None or is_loopback(client[0]) else _NOT_FROM_HERE


def _is_foreign(headers: Headers, scope: Scope) -> bool:
    """Tell whether a page of another site, or of another port, sent this.

    Only following a link from there is allowed: a GET that fills the window.
    """
    socket = scope["type"] == "websocket"
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        followed = headers.get("sec-fetch-mode") == "navigate" and (
            headers.get("sec-fetch-dest", "document") == "document"
        )
        if socket or scope["method"] not in _SAFE or not followed:
            return True
    origin = headers.get("origin")
    if origin is None or (not socket and scope["method"] in _SAFE):
        return False
    try:
        place = urlsplit(origin).netloc.lower()
    except ValueError:
        return True
    return place != headers.get("host", "").lower() and place not in own_names()


def _body_limit(path: str) -> int:
    if UPLOADS in path:
        return int(st.get_option("server.maxUploadSize")) * 2**20 + FRAMING
    return BODY_LIMIT


def _too_much(limit: int) -> tuple[int, str]:
    return 413, f"This is more than the {limit // 2**20:,} MB that the server takes at once."
