"""With a damaged job table every page opens, none says that the program made a mistake, and History
tells what happened and lists the runs.
"""

import random

import pytest

from srcsel.base.settings import load_settings
from srcsel.jobs import Board, base, starting
from srcsel.ui.parts import mine

PAGES = ("home", "images", "models", "results", "explore", "evidence", "history")


@pytest.fixture
def damaged(stored, work, monkeypatch):
    """200 flipped bytes in a table of 30 jobs, looked at by no process yet."""
    monkeypatch.setattr(starting, "tend", lambda *_, **__: None)
    board = Board(load_settings().jobs)
    for number in range(30):
        board.submit("check", {"ref": f"/pictures/{number}" * 9})
    chance, data = random.Random(3), bytearray(board.table.path.read_bytes())
    for _ in range(200):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    for path in board.folder.glob("board*"):
        path.unlink()
    board.table.path.write_bytes(data)
    base._looked_at.clear()


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens(damaged, visit, words_of, result, page):
    tab = visit(page, run=result.run.id)
    assert not tab.exception
    assert not [error for error in tab.error if "mistake" in error.value]
    assert words_of(tab)


def test_history_says_so_and_lists_the_runs(damaged, visit):
    tab = visit("history")
    assert any("moved aside" in warning.value for warning in tab.warning)
    assert tab.dataframe[0].value["Run"].tolist() == ["leaves"]


def notice_in(tab) -> list[str]:
    return [warning.value for warning in tab.warning if "moved aside" in warning.value]


def test_what_was_said_can_be_dismissed_for_good(damaged, visit):
    tab = visit("history")
    tab.button(key="dismiss-0").click().run()
    assert not tab.exception
    assert not notice_in(tab)
    assert not Board(load_settings().jobs).notices()
    assert not notice_in(visit("history"))


def test_who_does_not_own_all_dismisses_it_for_themselves(damaged, visit, monkeypatch):
    monkeypatch.setattr(mine, "is_mine", lambda whose: False)
    tab = visit("history")
    assert notice_in(tab)
    tab.button(key="dismiss-0").click().run()
    assert not notice_in(tab)
    assert notice_in(visit("history"))
