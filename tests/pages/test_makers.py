"""Who makes thumbnails: a few at a time, and sets of pictures take turns."""

import asyncio
import threading

import pytest
from anyio.from_thread import start_blocking_portal

from srcsel.ui.server.makers import Makers


@pytest.fixture
def loop():
    """Run coroutines in an event loop of another thread."""
    with start_blocking_portal() as portal:
        yield portal.call


@pytest.fixture
def makers():
    made = Makers(1)
    yield made
    made.end()


def test_a_set_of_many_holds_up_another_for_one_only(loop, makers):
    free, order = threading.Event(), []

    def make(name):
        free.wait(30)
        order.append(name)
        return name

    async def ask():
        asked = [makers.ask("many", lambda k=k: make(k)) for k in range(5)]
        waiting = [asyncio.ensure_future(one) for one in asked]
        await asyncio.sleep(0)  # all of the first set are in line
        waiting.append(asyncio.ensure_future(makers.ask("one", lambda: make("one"))))
        await asyncio.sleep(0)
        free.set()
        return await asyncio.gather(*waiting)

    assert loop(ask) == [0, 1, 2, 3, 4, "one"]
    assert order == [0, 1, "one", 2, 3, 4]


def test_who_left_is_passed_over_and_loses_nobody_a_turn(loop, makers):
    free, order = threading.Event(), []

    def make(name):
        free.wait(30)
        order.append(name)

    async def ask():
        names = ("begun", "left", "left too", "stays")
        waiting = [asyncio.ensure_future(makers.ask(n, lambda n=n: make(n))) for n in names]
        await asyncio.sleep(0.05)
        for one in waiting[1:3]:
            one.cancel()
        free.set()
        return await asyncio.gather(*waiting, return_exceptions=True)

    outcomes = loop(ask)
    assert [type(one) for one in outcomes[1:3]] == [asyncio.CancelledError] * 2
    assert order == ["begun", "stays"]


def test_what_goes_wrong_is_raised_and_the_next_has_its_turn(loop, makers):
    async def ask():
        with pytest.raises(ValueError, match="base 10"):
            await makers.ask("x", lambda: int("no number"))
        return await makers.ask("x", lambda: 5)

    assert loop(ask) == 5


def test_at_the_end_nobody_waits_for_ever(loop, makers):
    free = threading.Event()

    async def ask():
        begun = asyncio.ensure_future(makers.ask("x", lambda: free.wait(30)))
        waits = asyncio.ensure_future(makers.ask("x", lambda: 5))
        await asyncio.sleep(0.05)
        makers.end()
        with pytest.raises(TimeoutError):
            await waits
        free.set()
        await begun

    loop(ask)
