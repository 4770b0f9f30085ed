"""Small pictures over HTTP, each alone and in sheets: few are made at a time, and none keeps a
thread from the pages.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
from functools import partial
from typing import TYPE_CHECKING

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from srcsel.base.errors import SrcselError
from srcsel.base.settings import load_settings
from srcsel.pictures import thumbs
from srcsel.ui.server.makers import Makers, end_makers

if TYPE_CHECKING:
    from srcsel.pictures.sheets import Sheet

FEW = max(2, min(4, (os.cpu_count() or 1) // 2))  # made at a time, quickly; one slowly
PATIENCE = 20.0  # seconds that the browser waits for one

MAKERS = Makers(FEW)
SLOW = Makers(1)  # of what took longer than a moment: such a file holds up others of its kind only


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


def end() -> None:
    """Make no more of them."""
    end_makers(MAKERS, SLOW)


ROUTES = [
    Route("/thumbs/{set_id}/sheets/{number}.jpg", sheet, methods=["GET"]),
    Route("/thumbs/{set_id}/{index}/{size}.jpg", thumbnail, methods=["GET"]),
]
