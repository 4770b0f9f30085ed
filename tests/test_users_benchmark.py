"""What the benchmark of many users counts, worked out by hand."""

import types

import pytest
from anyio.from_thread import start_blocking_portal

from benchmarks import users
from benchmarks._session import Drawn


@pytest.fixture
def seen():
    return users.Visit("http://127.0.0.1:1", 1)


def test_nineteen_of_twenty_pages_are_within_the_limit_or_not(seen):
    seen.seconds["while nothing computes"]["home"] = [float(k) for k in range(1, 22)]
    seen.seconds["beside runs"]["home"] = [1.0, 1.0]
    table = {row["what"]: row for row in users.rows(seen)}
    first = table["all pages, while nothing computes"]
    assert (first["median"], first["19 of 20"], first["kept"], first["n"]) == (11, 20, "NO", 21)
    assert table["all pages, beside runs"]["kept"] == "yes"


def test_what_is_wrong_on_a_page_is_a_problem(seen):
    run, ref = next(iter(seen.refs.items()))
    right, wrong = f"$ srcsel rank {ref} --models x".encode(), b"srcsel rank demo:else"
    seen.note("results", Drawn(1.0, right, []), run)
    assert seen.problems == []
    for text in (wrong, right + wrong, b""):
        seen.note("results", Drawn(1.0, text, []), run)
    seen.note("home", Drawn(1.0, b"This page could not be drawn because", []), None)
    assert len(seen.problems) == 4


def test_a_run_in_the_queue_shows_nothing_yet():
    waiting = b"Trying 10 starting models on **Digits**"
    assert users.waits(Drawn(1.0, waiting, []))
    assert not users.waits(Drawn(1.0, waiting + b" srcsel rank demo:else", []))
    assert not users.waits(Drawn(1.0, b"", []))


def test_memory_is_compared_with_that_after_two_thirds():
    memory = [(float(k), mb) for k, mb in enumerate([1.0] * 20 + [100.0] * 5 + [110.0] * 5)]
    assert users.growth(memory) == (100.0, 110.0)
    assert users.tenths(memory) == [1] * 7 + [100, 110, 110]


def test_a_run_that_cannot_be_started_is_a_problem(seen, monkeypatch):
    class Nowhere:
        def __init__(self, url):
            pass

        async def __aenter__(self):
            return types.SimpleNamespace(open=self._open)

        async def __aexit__(self, *_):
            pass

        async def _open(self, page, query=""):
            return Drawn(0.1, b"", [])

    monkeypatch.setattr(users, "Tab", Nowhere)
    with start_blocking_portal() as portal:
        portal.call(seen.starter, 0, 0.0, 0.0)
    assert seen.problems == ["no run could be started on demo:digits"]
