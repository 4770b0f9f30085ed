"""Very many pictures on the pages: the switch to use all, what it asks, and what a check says."""

import dataclasses

import pytest

from srcsel.base import sampling


@pytest.fixture
def models(visit, picture_folder):
    """Open the Models page with 30 pictures."""
    return lambda **address: visit(
        "models", images=str(picture_folder), **{"models": "demo"} | address
    )


def switches(tab):
    return [toggle for toggle in tab.toggle if toggle.key == "models-all"]


def asked(tab, board):
    next(button for button in tab.button if button.label.startswith("Score")).click().run()
    return next(job for job in board.active() if job.kind == "rank").payload["run"]


def test_a_sample_unless_all_are_asked_for(models, board, words_of, monkeypatch):
    assert switches(models()) == []
    monkeypatch.setattr(sampling, "ALL_UP_TO", 20)
    tab = models()
    assert "of 30 pictures are used, a sample" in words_of(tab)
    (switch,) = switches(tab)
    assert switch.label == "Use all 30 pictures"
    switch.set_value(True).run()
    assert tab.query_params["all"] == "on"
    assert "All 30 pictures are used, as you asked" in words_of(tab)
    assert tab.code[-1].value.endswith("--all-pictures")
    assert asked(tab, board)["all_pictures"] is True
    tab = models(all="on")
    switches(tab)[0].set_value(False).run()
    assert "--all-pictures" not in tab.code[-1].value


def test_who_asks_again_keeps_it(visit, save, result, monkeypatch):
    monkeypatch.setattr(sampling, "ALL_UP_TO", 20)
    run = dataclasses.replace(result.run, all_pictures=True)
    save(result, run=run)
    tab = visit("models", images=run.ref, again=run.id)
    assert switches(tab)[0].value is True
