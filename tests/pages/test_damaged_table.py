"""With a damaged job table every page opens, none says that the program made a mistake, and History
tells what happened and lists the runs.
"""

import random

import pytest

from srcsel.base.settings import load_settings
from srcsel.jobs import Board, base

PAGES = ("home", "images", "models", "results", "explore", "evidence", "history")


@pytest.fixture
def damaged(stored, work, monkeypatch):
    """200 flipped bytes in a table of 30 jobs, looked at by no process yet."""
    monkeypatch.setattr(Board, "_tend", lambda self, lane, **_: None)
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
