"""The line about training: its words, and that page, shell, report and JSON say the same."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from srcsel.base.records import GIVEN, Run, Verdict
from srcsel.cli import tables
from srcsel.report.html import to_html
from srcsel.runs.given import rank_features
from srcsel.runs.public_json import to_json
from srcsel.verdict import after

LINE = (
    "The re-checks ask the networks as they are. After training, the best model was this one in 72"
    " of 100 such cases (60 to 81) of our own study."
)

RUN = Run("r", "2026-03-01T10:15:00+00:00", "folder", ("a", "b"))


@pytest.fixture
def known(monkeypatch):
    """Frequencies of a made-up study."""
    known = {"clear": {"held": 71.6, "low": 60.2, "high": 80.1}}
    monkeypatch.setattr(after, "_frequencies", lambda: known)


def test_the_line_of_each_case(known):
    assert after.after_training(Verdict("clear", "a", "", close=("a",)), RUN) == LINE
    corrected = replace(RUN, left_out=("a.jpg",))
    assert after.after_training(Verdict("clear", "a", "", close=("a",)), corrected) == ""
    arrays = replace(RUN, ref=GIVEN)  # nobody knows of what
    assert after.after_training(Verdict("clear", "a", "", close=("a",)), arrays) == ""
    several = after.after_training(Verdict("clear", "a", "", close=("a", "b")), RUN)
    assert several == LINE.replace("this one", "among the close ones")
    assert (
        after.after_training(Verdict("tie", "a", "", close=("a", "b")), RUN) == ""
    )  # no such cases
    assert after.after_training(Verdict("clear", "a", ""), RUN) == ""  # a run from before
    settled = Verdict("clear", "a", "", close=("a", "b"), measured="Trained.")
    assert after.after_training(settled, RUN) == ""


def test_shell_report_and_json_say_the_line(known, capsys, monkeypatch):
    y = np.repeat([0, 1, 2], 20)
    chance = np.random.default_rng(0)
    strength = {"strong": 3.0, "weak": 0.3}
    result = rank_features(
        {m: chance.normal(size=(60, 6)) + s * np.eye(6)[y] for m, s in strength.items()}, y
    )
    assert result.verdict.kind == "clear"
    assert to_json(result)["verdict"]["after_training"] == ""  # features may be of anything
    result = replace(result, run=replace(result.run, ref="folder"))
    assert to_json(result)["verdict"]["after_training"] == LINE
    monkeypatch.setattr(tables, "made_console", lambda: Console(file=sys.stdout, width=300))
    tables.print_result(result)
    assert f"- {LINE}" in capsys.readouterr().out
    assert LINE in " ".join(to_html(result).split())


@pytest.mark.parametrize("kind", ["clear", "tie", "cannot tell"])
def test_the_number_is_the_shipped_one(kind):
    cause = "alike" if kind == "cannot tell" else ""
    close = ("a",) if kind == "clear" else ("a", "b")
    known = json.loads(after.FREQUENCIES.read_text())[after.case_of(kind, cause)]
    said = after.after_training(Verdict(kind, "a", "", close=close, cause=cause), RUN)
    assert f" in {round(known['held'])} of 100 such cases" in said


def test_where_no_model_helps_nothing_is_said_of_training():
    no_help = Verdict("cannot tell", "a", "", close=("a",), cause="chance")
    assert after.after_training(no_help, RUN) == ""
    assert after.after_training(Verdict("cannot tell", None, "", cause="nothing"), RUN) == ""
