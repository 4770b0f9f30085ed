"""The gate: where a sign-in is asked for, nothing is answered before it.

No page, thumbnail, medium, upload or socket; Streamlit's own files neither.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from html import escape
from http.cookies import SimpleCookie
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, unquote, urlencode

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from streamlit.auth_util import encode_provider_token

from srcsel.base import log
from srcsel.ui.people import ended, people
from srcsel.ui.people.reach import prefix
from srcsel.ui.server.attempts import REMEMBERED, Attempts
from srcsel.ui.server.doors import refuse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
_BACK = "/oauth2callback"  # where the provider sends people back to
_OPEN = ("/_stcore/health", "/auth/login", "/auth/logout")
_NEXT = "srcsel_next"  # cookie: where to go on after the provider's page
_OUT = "srcsel_out"  # cookie: signed out here, so do not go to the provider unasked
_PASSWORD_LIMIT = 4096  # bytes of the form
_PAGE = Template((Path(__file__).parent / "sign-in.html").read_text(encoding="utf-8"))


class Gate:
    """Lets those in who signed in; shows the others how."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.attempts = Attempts()
        self.slowed: dict[str, float] = {}  # address -> until when; told to the log once for each
        # by what stands for a sign-in: the sockets it opened
        self.sockets: dict[str, set[asyncio.Event]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask who sent this, where a sign-in is asked for."""
        if scope["type"] not in ("http", "websocket") or people.way() == "none":
            return await self.app(scope, receive, send)
        path = scope["path"].removeprefix(prefix()) or "/"
        if scope["type"] == "http" and path in (SIGN_IN, SIGN_OUT):
            answer = (
                self._sign_out(scope) if path == SIGN_OUT else await self._sign_in(scope, receive)
            )
            return await answer(scope, receive, send)
        if path == _BACK:
            return await self._back(scope, receive, send)
        if path in _OPEN:
            return await self.app(scope, receive, send)
        connection = HTTPConnection(scope)
        person = people.person_of(connection.cookies)
        if person is None:
            return await _stop(connection, scope, receive, send)
        if not people.welcome(person):
            return await _turn_away(person, connection, scope, receive, send)
        if path == "/" and _NEXT in connection.cookies and scope["type"] == "http":
            onward = RedirectResponse(_local(unquote(connection.cookies[_NEXT])), 303)
            onward.delete_cookie(_NEXT, path=prefix() or "/")
            return await onward(scope, receive, send)
        if scope["type"] == "websocket":
            return await self._while_signed_in(connection, scope, receive, send)
        return await self.app(scope, receive, send)

    async def _while_signed_in(
        self, connection: HTTPConnection, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Keep a socket open until its sign-in ends: in another tab, or because it is too old."""
        mark = people.sign_in_of(connection.cookies) or ""
        over = asyncio.Event()
        self.sockets.setdefault(mark, set()).add(over)
        closed = False

        async def until_over() -> Message:
            nonlocal closed
            came, left = asyncio.ensure_future(receive()), asyncio.ensure_future(over.wait())
            try:
                await asyncio.wait({came, left}, return_when=asyncio.FIRST_COMPLETED)
                gone = over.is_set() or people.person_of(connection.cookies) is None
                if came.done() and not gone:
                    return came.result()
            finally:
                came.cancel()
                left.cancel()
            if not closed:
                closed = True
                await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return {"type": "websocket.disconnect", "code": 1008, "reason": ""}

        async def while_open(message: Message) -> None:
            if not closed and not over.is_set():
                await send(message)

        try:
            await self.app(scope, until_over, while_open)
        finally:
            self.sockets[mark].discard(over)
            if not self.sockets[mark]:
                del self.sockets[mark]

    async def _back(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Streamlit take in what the provider says, and tell the log who it was."""
        came: dict[str, str] = {}

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                for line in Headers(raw=message["headers"]).getlist("set-cookie"):
                    came.update({name: one.value for name, one in SimpleCookie(line).items()})
            await send(message)

        await self.app(scope, receive, watched)
        person = people.person_of(came)
        if person is None:
            _tell("sign-in failed", scope, "warning")
        elif not people.welcome(person):
            _tell("sign-in refused", scope, "warning", person.id)
        else:
            _tell("signed in", scope, person=person.id)

    def _sign_out(self, scope: Scope) -> Response:
        """End the sign-in for every copy of its cookie, and close its sockets."""
        cookies = HTTPConnection(scope).cookies
        mark, person = people.sign_in_of(cookies), people.person_of(cookies)
        if person is not None:
            _tell("signed out", scope, person=person.id)
        if mark is not None:
            ended.end(mark)
            for over in self.sockets.get(mark, ()):
                over.set()
        return _signed_out()

    async def _sign_in(self, scope: Scope, receive: Receive) -> Response:
        request = Request(scope, receive)
        onward = _local(request.query_params.get("next", ""))
        if people.way() == "oidc":
            return _to_provider(request, onward)
        if request.method != "POST":
            return _page(onward)
        text = await _typed_password(request)
        address = request.client.host if request.client else ""
        if (wait := self.attempts.wait(address)) > 0:  # no awaiting from here to the count
            seconds = math.ceil(wait)
            self._tell_slowed(scope, address, wait)
            said = f"Too many wrong passwords. Try again in {seconds} seconds."
            return _page(onward, said, 429, {"Retry-After": str(seconds)})
        if not people.is_password(text):
            self.attempts.failed(address)
            _tell("sign-in failed", scope, "warning")
            return _page(onward, "This is not the password. Ask whoever runs this dashboard.", 401)
        self.attempts.succeeded(address)
        cookie = people.cookie_for()
        person = people.person_of({people.COOKIE: cookie})
        _tell("signed in", scope, person=person.id if person else "")
        answer = RedirectResponse(onward, 303)
        answer.set_cookie(
            people.COOKIE,
            cookie,
            max_age=people.STAYS,
            path=prefix() or "/",
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return answer

    def _tell_slowed(self, scope: Scope, address: str, wait: float) -> None:
        """Tell the log that an address has to wait, once while it does."""
        now = time.monotonic()
        if now < self.slowed.get(address, 0.0):
            return
        if len(self.slowed) >= REMEMBERED:
            self.slowed.clear()
        self.slowed[address] = now + wait
        _tell("sign-in slowed down", scope, "warning", wait=wait)


def _tell(what: str, scope: Scope, level: str = "info", person: str = "", wait: float = 0) -> None:
    """Write to the log what became of a sign-in: whose it is, and where it came from."""
    client = scope.get("client")
    address = client[0] if client else ""
    log.event(what, level, person=person, address=address, wait=math.ceil(wait))


async def _stop(connection: HTTPConnection, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a window to the sign-in; tell everything else that it may not."""
    if scope["type"] == "websocket" or scope["method"] != "GET" or not _is_window(connection):
        return await refuse(scope, receive, send, 401, "Sign in first: open the dashboard.")
    if _OUT in connection.cookies:
        link = f'<p><a href="{prefix()}{SIGN_IN}">Sign in again</a></p>'
        return await _html("<p>You are signed out.</p>", link)(scope, receive, send)
    here = scope["path"] + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
    to = f"{prefix()}{SIGN_IN}?{urlencode({'next': here})}" if here != "/" else prefix() + SIGN_IN
    return await RedirectResponse(to, 303)(scope, receive, send)


async def _turn_away(
    person: people.Person, connection: HTTPConnection, scope: Scope, receive: Receive, send: Send
) -> None:
    """Tell somebody whom the dashboard is not for, and how to come in as somebody else."""
    who = person.name or "somebody without an address"
    said = (
        f"You are signed in as {who}, who is not among those this dashboard is for. Ask whoever"
        " runs it, or sign in as somebody else"
    )
    if scope["type"] == "websocket" or not _is_window(connection):
        return await refuse(scope, receive, send, 403, f"{said}: {prefix()}{SIGN_OUT}")
    link = f'<p><a href="{prefix()}{SIGN_OUT}">Sign out</a></p>'
    return await _html(f'<p role="alert">{escape(said)}.</p>', link, 403)(scope, receive, send)


def _is_window(connection: HTTPConnection) -> bool:
    return "text/html" in connection.headers.get("accept", "")


def _to_provider(request: Request, onward: str) -> Response:
    """Go the way of `st.login`: Streamlit's own route, with its token for the provider."""
    names, chosen = people.providers(), request.query_params.get("provider")
    if len(names) > 1 and chosen not in names:
        links = "".join(
            f'<p><a href="?{escape(urlencode({"provider": name, "next": onward}))}">'
            f"{escape(name.capitalize())}</a></p>"
            for name in names
        )
        return _html("", links)
    token = encode_provider_token(chosen if chosen in names else names[0])
    answer = RedirectResponse(f"{prefix()}/auth/login?{urlencode({'provider': token})}", 303)
    answer.delete_cookie(_OUT, path=prefix() or "/")
    if onward not in ("/", prefix() + "/"):
        answer.set_cookie(
            _NEXT, quote(onward), max_age=600, path=prefix() or "/", httponly=True, samesite="lax"
        )
    return answer


def _page(
    onward: str, said: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    inside = (
        f'<form method="post" action="?{escape(urlencode({"next": onward}))}">'
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" required autofocus'
        ' autocomplete="current-password"><button>Sign in</button></form>'
    )
    alert = f'<p role="alert">{escape(said)}</p>' if said else ""
    return _html(alert, inside, status, headers)


def _html(
    said: str, inside: str, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    fresh = {"Cache-Control": "no-store"} | (headers or {})
    return HTMLResponse(_PAGE.substitute(said=said, inside=inside), status, fresh)


async def _typed_password(request: Request) -> str:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _PASSWORD_LIMIT:
            return ""
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=4)
    except ValueError:
        return ""
    return fields.get("password", [""])[0]


def _signed_out() -> Response:
    if people.way() == "oidc":
        answer = RedirectResponse(prefix() + "/auth/logout", 303)
        # else the provider, which may still know this browser, would sign in again at once
        answer.set_cookie(_OUT, "1", path=prefix() or "/", httponly=True, samesite="lax")
        return answer
    answer = RedirectResponse(prefix() + SIGN_IN, 303)
    answer.delete_cookie(people.COOKIE, path=prefix() or "/")
    return answer


def _local(text: str) -> str:
    """Return an address of this server; where `text` is none, that of the home page."""
    plain = re.fullmatch(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*", text)
    return text if plain else prefix() + "/"
