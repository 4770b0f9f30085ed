"""Headings of every page follow each other without leaving out a level: a screen reader's list of
them is the page's outline.
"""

import dataclasses
import re
from itertools import pairwise

import pytest

from srcsel.base.records import Part
from srcsel.store.serialize import to_plain
from tests.pages.conftest import RUN_ID

PAGES = ["home", "images", "models", "results", "explore", "evidence", "history"]
WRITTEN = re.compile(r"^(#{1,6}) ", re.MULTILINE)  # in Markdown
DRAWN = re.compile(r"<h([1-6])\b")


def levels(tab) -> list[int]:
    """Levels of the headings in the order in which they are read."""
    found = []
    for element in tab.main:
        if element.type in ("title", "header", "subheader"):
            found.append(int(element.tag[1]))
        elif element.type == "markdown":
            found += [len(marks) for marks in WRITTEN.findall(element.value)]
        elif element.type == "html":
            found += [int(level) for level in DRAWN.findall(element.proto.body)]
    return found


def follow(found: list[int]) -> bool:
    steps = pairwise(found)
    return found[:1] == [1] and found.count(1) == 1 and all(b <= a + 1 for a, b in steps)


def test_what_is_no_outline():
    assert follow([1, 2, 3, 2, 2])
    assert not any(map(follow, ([], [2], [1, 3], [1, 2, 1])))


@pytest.mark.parametrize("page", PAGES)
def test_pages_of_a_fresh_computer(visit, page):
    assert follow(levels(visit(page)))


@pytest.mark.parametrize(
    ("page", "address"),
    [(page, {}) for page in PAGES if page not in ("images", "models")]
    + [("explore", {"second": "demo/m1"}), ("explore", {"view": "suspects"})],
)
def test_pages_of_a_finished_run(visit, stored, page, address):
    found = levels(visit(page, run=RUN_ID, **address))
    assert follow(found), found


def test_what_speaks_of_pictures_that_were_chosen(visit, board, settle, picture_folder):
    found = levels(visit("models", images=str(picture_folder)))
    assert follow(found), found
    tab = visit("images", images=str(picture_folder))
    (job,) = [job for job in board.recent() if job.kind == "check"]
    settle(job.id, "running", parts=[Part("pictures", "reading", 12, 30)])
    found = levels(tab.run())
    assert follow(found), found


@pytest.mark.parametrize("state", ["queued", "running", "cancelled", "failed"])
def test_a_run_that_is_under_way_or_was_stopped(visit, board, settle, result, save, state):
    save(result, complete=False)
    job = board.submit("rank", {"run": to_plain(result.run)})
    settle(job, state, parts=[Part(result.run.models[0], "done")])
    for page in ("results", "explore", "history", "home"):
        found = levels(visit(page, run=RUN_ID))
        assert follow(found), (page, found)


def test_two_runs_that_are_compared(visit, stored, result):
    other = dataclasses.replace(
        result.run, id=RUN_ID[:-1] + "3", created="2026-03-02T10:00:00+00:00"
    )
    stored.save(dataclasses.replace(result, run=other))
    tab = visit("history")
    (key,) = [name for name in tab.session_state._state.filtered_state if "-rows-" in name]
    tab.session_state[key] = {"selection": {"rows": [0, 1], "columns": [], "cells": []}}
    found = levels(tab.run())
    assert found[-1] == 2
    assert follow(found), found
