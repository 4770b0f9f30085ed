"""Fast numbers on the pages: the switch and what it asks, and what two runs say of it beside each
other.
"""

import dataclasses

import pytest

from srcsel.runs import race_rules as rules
from srcsel.ui.history import compare
from srcsel.ui.models import precision


@pytest.fixture
def models(visit, picture_folder):
    """Open the page with pictures and models chosen: models(precision="fast")."""
    return lambda **address: visit(
        "models", images=str(picture_folder), **{"models": "demo"} | address
    )


def switch(tab):
    return tab.toggle(key="models-precision")


def asked(tab, board):
    next(button for button in tab.button if button.label.startswith("Score")).click().run()
    return next(job for job in board.active() if job.kind == "rank").payload["run"]


def test_exact_unless_asked_for_and_fast_by_one_press(models, board, words_of):
    tab = models()
    assert switch(tab).value is False
    assert "--precision" not in tab.code[-1].value
    assert "fast ones may take less" not in words_of(tab)
    switch(tab).set_value(True).run()
    assert tab.query_params["precision"] == "fast"
    assert tab.code[-1].value.endswith("--models demo --precision fast")
    assert asked(tab, board)["precision"] == "bfloat16"


def test_exact_again_by_another_press(models, board):
    tab = models(precision="fast")
    assert switch(tab).value is True
    switch(tab).set_value(False).run()
    assert tab.query_params["precision"] == "exact"
    assert "--precision" not in tab.code[-1].value
    assert asked(tab, board)["precision"] == "float32"


def test_a_link_with_another_word_gives_exact_numbers_with_a_sentence(models):
    tab = models(precision="int3")
    assert switch(tab).value is False
    assert "choice of fast numbers" in tab.info[0].value


def test_fast_numbers_and_a_fast_answer_go_together(models, board, monkeypatch):
    monkeypatch.setattr(rules, "no_race", lambda counts, models, stored=0: "")
    tab = models(precision="fast")
    tab.toggle(key="models-fast").set_value(True).run()
    assert tab.code[-1].value.endswith("--models demo --precision fast --race")
    run = asked(tab, board)
    assert (run["precision"], run["race"]) == ("bfloat16", True)


@pytest.mark.parametrize(
    ("chosen", "said"), [("demo", True), ("demo,timm/resnet18.a1_in1k", False)]
)
def test_where_every_model_is_too_small_the_switch_says_so(models, words_of, chosen, said):
    tab = models(models=chosen, precision="fast")
    assert (precision.SMALL in words_of(tab)) == said
    price = next(button.help for button in tab.button if button.label.startswith("Score"))
    assert ("exact numbers on this computer's processor; fast ones may take less" in price) != said
    assert precision.SMALL not in words_of(models(models=chosen))


def test_two_runs_beside_each_other_say_which_was_fast(result):
    fast = dataclasses.replace(result, run=dataclasses.replace(result.run, precision="bfloat16"))
    assert list(compare.changes(result, fast)) == [
        ("Numbers", "exact (float32)", "fast (bfloat16)")
    ]
