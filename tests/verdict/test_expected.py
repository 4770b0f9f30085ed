"""What one gets, in words: against accuracies written by hand."""

import dataclasses

import numpy as np
import pytest

import srcsel
from srcsel.base.records import Accuracy
from srcsel.verdict.expected import expected, in_words, percent, with_accuracy


@pytest.fixture
def result():
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    centers = rng.standard_normal((3, 8))
    sets = {
        name: rng.standard_normal((90, 8)) + apart * centers[y]
        for name, apart in (("good", 3.0), ("fair", 1.0), ("poor", 0.2))
    }
    return srcsel.rank_features(sets, y)


def put(result, **means):
    told = tuple(Accuracy(m, (v,), v, v - 0.047, v + 0.047) for m, v in means.items())
    return dataclasses.replace(result, accuracies=told)


def test_the_winner_the_best_of_the_others_and_the_best_yardstick(result):
    models = tuple(dataclasses.replace(m, yardstick=m.id == "poor") for m in result.models)
    shown = put(dataclasses.replace(result, models=models), good=0.791, fair=0.77, poor=0.358)
    reached = expected(shown)
    assert (reached.winner.model, reached.next_best.model) == ("good", "fair")
    assert reached.yardstick.model == "poor"
    assert in_words(reached) == (
        "about 79 % right on these pictures (74 to 84), the best of the others 77 (72 to 82),"
        " a yardstick 36 (31 to 41)"
    )


def test_what_was_not_measured_is_not_said(result):
    bare = dataclasses.replace(result, accuracies=())
    assert expected(bare) is None
    assert with_accuracy(bare) == bare.verdict
    alone = expected(put(result, good=0.5))
    assert (alone.next_best, alone.yardstick) == (None, None)
    assert in_words(alone) == "about 50 % right on these pictures (45 to 55)"


def test_it_stands_first_in_the_verdicts_text(result):
    winner = next(a for a in result.accuracies if a.model == "good")
    assert result.verdict.winner == "good"
    assert result.verdict.text.startswith(
        f"Start from good. It is about {percent(winner.mean)} % right on these pictures ("
    )


def test_it_goes_into_the_json(result):
    told = srcsel.to_json(result)["accuracies"]
    assert [a["model"] for a in told] == ["good", "fair", "poor"]
    assert all(a["low"] <= a["mean"] <= a["high"] for a in told)


def test_the_shell_has_a_column_of_it(result, capsys):
    from srcsel.cli.tables import print_result

    print_result(put(result, good=0.791, fair=0.77))
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    assert "79 %" in rows["good"]
    assert "77 %" in rows["fair"]
    assert "n/a" in rows["poor"]


def test_the_report_says_it(result, tmp_path):
    from srcsel.report.card import reached

    assert reached(put(result, good=0.5)) == (
        "What you get: about 50 % right on these pictures (45 to 55)."
    )
    assert reached(put(result)) == ""
