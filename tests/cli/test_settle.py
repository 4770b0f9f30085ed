"""`srcsel settle`: the same sentences as the page, JSON, and what cannot be settled."""

import dataclasses
import json

import numpy as np
import pytest

import srcsel
from srcsel.base.errors import InputError
from srcsel.base.records import Accuracy, Gap, Protocol, Settled, Verdict
from srcsel.cli.commands import main

TWO = ("a", "b")
CLEAR = Settled(
    TWO,
    Protocol("finetune", seeds=(0, 1)),
    (Accuracy("b", (0.7, 0.7), 0.7, 0.65, 0.75), Accuracy("a", (0.6, 0.6), 0.6, 0.55, 0.65)),
    (Gap("a", 0.1, 0.05, 0.15),),
    ("b",),
    "b",
    "clear",
)


@pytest.fixture
def settle(monkeypatch):
    """Let settling end as told: settle(Settled or error); returns what was asked."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 20)
    given = {name: rng.normal(size=(40, 4)) for name in TWO}
    tie = Verdict("tie", "a", "Start from a. Text.", {}, TWO, why="Text.")
    result = dataclasses.replace(srcsel.rank_features(given, labels), verdict=tie)
    asked = []

    def install(outcome):
        def fake(run, models, *, minutes, device, watch):
            asked.append((run, models, minutes, device))
            if isinstance(outcome, Exception):
                raise outcome
            return dataclasses.replace(result, settled=outcome)

        monkeypatch.setattr("srcsel.evidence.settle.settle", fake)
        return asked

    return install


def test_it_says_what_was_measured(settle, capsys, tmp_path):
    asked = settle(CLEAR)
    target = tmp_path / "out.json"
    assert main(["settle", "run-1", "--minutes", "4", "--json", str(target)]) == 0
    assert asked == [("run-1", "bundled", 4.0, None)]
    said = capsys.readouterr().out.replace("\n", " ")
    told = json.loads(target.read_text())
    assert told["verdict"]["measured"].startswith(
        "Measured: b reached 70 % (65 to 75), 10.0 points"
    )
    assert f"Start from b. {told['verdict']['measured']}" in said
    assert told["settled"]["winner"] == "b"


def test_json_alone(settle, capsys):
    settle(CLEAR)
    assert main(["settle", "run-1", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"]["winner"] == "b"


def test_what_is_not_settled_is_said_with_another_status(settle, capsys):
    settle(dataclasses.replace(CLEAR, gaps=(), ended="time"))
    assert main(["settle", "run-1"]) == 1
    told = capsys.readouterr()
    assert "srcsel: The time allowed was spent before each model" in told.err
    assert "Measured" not in told.out


def test_nothing_to_settle_is_bad_input(settle, capsys):
    settle(InputError("The answer is clear already, so there is nothing to settle."))
    assert main(["settle", "run-1"]) == 2
    assert "srcsel: The answer is clear already" in capsys.readouterr().err


@pytest.mark.parametrize("minutes", ["0", "-3", "nan"])
def test_minutes_must_be_some(minutes, capsys):
    assert main(["settle", "run-1", "--minutes", minutes]) == 2
    assert "minutes must be" in capsys.readouterr().err
