"""Who makes thumbnails, and whose turn it is: the sets of pictures take turns, so that a folder of
slow files holds up its own viewers and nobody else for long.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

Made = TypeVar("Made")


class Makers:
    """A few threads; anyio's would not count those that nobody waits for any more.

    To be asked from one event loop.
    """

    def __init__(self, few: int) -> None:
        self._few = few
        self._threads = ThreadPoolExecutor(few)
        self._working: set[Future] = set()
        self._waiting: dict[
            str, deque[asyncio.Future[None]]
        ] = {}  # by set, whose turn is next first

    async def ask(self, of: str, make: Callable[[], Made]) -> Made:
        """Return what `make` does when it is the turn of the set `of`. Raises TimeoutError where
        nothing is made any more.
        """
        if len(self._working) >= self._few:
            await self._turn(of)
        work = self._threads.submit(make)
        self._working.add(work)
        loop = asyncio.get_running_loop()
        work.add_done_callback(partial(self._over, loop))
        return await asyncio.wrap_future(work)

    def end(self) -> None:
        """Make nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._threads = ThreadPoolExecutor(self._few)
        turns = [turn for own in self._waiting.values() for turn in own if not turn.done()]
        self._working, self._waiting = set(), {}
        for turn in turns:
            turn.set_exception(TimeoutError())

    async def _turn(self, of: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(of, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was ours a moment ago
                self._next()
            raise

    def _over(self, loop: asyncio.AbstractEventLoop, work: Future) -> None:
        """Give a thread that is free to whose turn it is; called in that thread."""
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._free, work)

    def _free(self, work: Future) -> None:
        self._working.discard(work)
        self._next()

    def _next(self) -> None:
        while self._waiting:
            of, own = next(iter(self._waiting.items()))
            del self._waiting[of]
            turn = own.popleft()
            if own:
                self._waiting[of] = own  # behind the others now
            if not turn.done():  # else who waited has left
                turn.set_result(None)
                return


def end_makers(*all_of_them: Makers) -> None:
    """Make nothing more, and end what is being decoded: the server would wait for it."""
    for makers in all_of_them:
        makers.end()
    if "srcsel.pictures.apart" in sys.modules:
        sys.modules["srcsel.pictures.apart"].end()
