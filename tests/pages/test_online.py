"""Without internet the Models page says so once, before the run, and offers what is here."""

import time

import pytest

from srcsel.models import catalog
from srcsel.ui.models import online

LACKING = "demo/flowers,timm/resnet18.a1_in1k"


@pytest.fixture
def models(visit, picture_folder):
    return lambda spec: visit("models", images=str(picture_folder), models=spec)


def answered(board, settle, *, reached: bool, ago: float = 0.0) -> None:
    settle(board.submit("reach", {}), "done", result={"reached": reached}, ended=time.time() - ago)


def said(tab) -> list[str]:
    return [one.value for one in tab.warning if "No internet" in one.value]


def test_nothing_is_asked_where_all_is_here(models, board):
    models("demo/flowers")
    assert [job.kind for job in board.active()] == []


def test_it_is_asked_once_and_nothing_said_meanwhile(models, board):
    tab = models(LACKING)
    tab.run()
    assert [job.kind for job in board.active()] == ["reach"]
    assert not said(tab)
    assert not tab.exception


def test_without_internet_what_is_here_can_be_used(models, board, settle):
    answered(board, settle, reached=False)
    tab = models(LACKING)
    (told,) = said(tab)
    assert "1 of 2 models would have to be downloaded" in told
    tab.button(key="offline-here").click().run()
    assert tab.query_params["models"] == "demo/flowers"
    assert not said(tab)


def test_where_none_is_here_those_that_ship_are_taken(models, board, settle):
    answered(board, settle, reached=False)
    tab = models("timm/resnet18.a1_in1k")
    tab.button(key="offline-here").click().run()
    assert tab.query_params["models"] == catalog.BUNDLED


def test_with_internet_nothing_is_said(models, board, settle):
    answered(board, settle, reached=True)
    assert not said(models(LACKING))


def test_an_old_answer_is_asked_again(models, board, settle):
    answered(board, settle, reached=False, ago=3600)
    tab = models(LACKING)
    assert not said(tab)
    assert [job.kind for job in board.active()] == ["reach"]


def test_how_many_would_have_to_be_downloaded():
    assert online._of(2, 5) == "2 of 5 models"
    assert online._of(5, 5) == "all 5 models"
    assert online._of(1, 1) == "the model"
