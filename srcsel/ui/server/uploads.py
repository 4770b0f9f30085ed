"""Uploads go to the disk while they come; Streamlit, which would keep them in memory for as long as
the browser tab is open, gets a token instead.

What Streamlit checks it still checks: the session, its own token against foreign pages, the method.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import streamlit as st
from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection, Request

from srcsel.base.errors import SrcselError
from srcsel.ui.parts import incoming
from srcsel.ui.people import people
from srcsel.ui.server.doors import UPLOADS, refuse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEAD_LIMIT = 16 * 2**10  # bytes of one line before the file


class Uploads:
    """Writes what is uploaded to a file, and passes on its token."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the body of an upload out of the request."""
        upload = scope["type"] == "http" and scope["method"] == "PUT" and UPLOADS in scope["path"]
        if not upload:
            return await self.app(scope, receive, send)
        from srcsel.pictures import uploads  # numpy comes with it: not before the first page
        from srcsel.store import files

        path = None
        try:
            person = people.person_of(HTTPConnection(scope).cookies)
            who = person.id if person else ""
            uploads.require_room(who, _said(scope), incoming.sizes(who))
            path = incoming.new_file()
            name = await _write(Request(scope, receive), path)
            if not _said(scope):  # sent in pieces: known only now
                uploads.require_room(who, path.stat().st_size, incoming.sizes(who))
        except ClientDisconnect:
            return _forget(path)
        except (_NoFile, MultipartParseError):
            _forget(path)
            return await refuse(scope, receive, send, 400, "This upload holds no file.")
        except _TooLarge:
            _forget(path)
            return await refuse(scope, receive, send, 413, "This file is too large.")
        except OSError as error:
            _forget(path)
            why = str(files.explain_disk(Path(error.filename or "the work folder"), error))
            return await refuse(scope, receive, send, 507, why)
        except SrcselError as error:
            _forget(path)
            return await refuse(scope, receive, send, 413, str(error))
        except BaseException:  # stopped from outside, as where the body is longer than any upload
            _forget(path)
            raise
        return await self._pass_on(scope, send, name, incoming.hand_over(path, who))

    async def _pass_on(self, scope: Scope, send: Send, name: str, token: bytes) -> None:
        """Give Streamlit an upload of the same name that holds the token."""
        line = secrets.token_hex(16)
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"'
        body = f"--{line}\r\n{head}\r\nContent-Type: application/zip\r\n\r\n".encode()
        body += token + f"\r\n--{line}--\r\n".encode()
        passed = dict(scope, headers=list(scope["headers"]))
        headers = MutableHeaders(scope=passed)
        headers["content-type"] = f"multipart/form-data; boundary={line}"
        headers["content-length"] = str(len(body))
        kept, left = False, [body]

        async def receive() -> Message:
            piece = left.pop() if left else b""
            return {"type": "http.request", "body": piece, "more_body": False}

        async def watched(message: Message) -> None:
            nonlocal kept
            kept = kept or 200 <= message.get("status", 500) < 300
            await send(message)

        try:
            await self.app(passed, receive, watched)
        finally:
            if not kept:
                incoming.discard(token)


class _NoFile(Exception):
    """The body holds no file."""


class _TooLarge(Exception):
    """The file is larger than uploads may be."""


class _Part:
    """Takes the first file of a form, piece by piece."""

    def __init__(self, out: BinaryIO, most: int) -> None:
        self.name = ""  # as the browser gave it; "" before a file came
        self._out, self._left = out, most
        self._field = self._value = b""
        self._named: bytes | None = None  # file name of the part under way
        self._writing = False
        self.callbacks: Any = {
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_data,
        }

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        if len(self._value) > HEAD_LIMIT:
            raise _NoFile

    def _on_header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._named = parse_options_header(self._value)[1].get(b"filename")
        self._field = self._value = b""

    def _on_headers_finished(self) -> None:
        self._writing = self._named is not None and not self.name
        if self._named is not None and self._writing:
            text = self._named.decode("utf-8", "replace")
            # it is written into a header again: no quote or line end may be in it
            self.name = re.sub(r'[\x00-\x1f"\\]', "_", text) or "upload"
        self._named = None

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._writing:
            self._left -= end - start
            if self._left < 0:
                raise _TooLarge
            self._out.write(memoryview(data)[start:end])


async def _write(request: Request, path: Path) -> str:
    """Write the file of the form to `path`; return the name it was given."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise _NoFile
    with path.open("xb") as out:
        part = _Part(out, int(st.get_option("server.maxUploadSize")) * 2**20)
        parser = MultipartParser(options[b"boundary"], part.callbacks)
        async for chunk in request.stream():
            parser.write(chunk)
        parser.finalize()
    if not part.name:
        raise _NoFile
    return part.name


def _said(scope: Scope) -> int:
    """Return the bytes that the request says it holds; `Doors` counts them too."""
    return int(Headers(scope=scope).get("content-length", "0"))


def _forget(path: Path | None) -> None:
    if path is not None:
        path.unlink(missing_ok=True)
