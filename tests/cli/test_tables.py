"""The tables of the shell: the headline measures first, all others below as far as the terminal is
wide.
"""

import dataclasses
import sys

import numpy as np
import pytest
from rich.console import Console

from srcsel.base.records import HEADLINE, Dropped, Failure, Race
from srcsel.cli import tables
from srcsel.runs.given import rank_features


@pytest.fixture(scope="module")
def result():
    """Four models by every measure that needs features only; LEEP and NCE need a head and fail."""
    y = np.repeat([0, 1, 2], 20)
    chance = np.random.default_rng(0)
    strength = {"strong": 3.0, "middling": 1.0, "weak": 0.3, "none": 0.0}
    features = {m: chance.normal(size=(60, 6)) + s * np.eye(6)[y] for m, s in strength.items()}
    found = rank_features(features, y, measures="all")
    return dataclasses.replace(found, failures=(*found.failures, Failure("weak", "", "It broke.")))


def printed(result, capsys, monkeypatch, width=120) -> list[str]:
    monkeypatch.setattr(tables, "made_console", lambda: Console(file=sys.stdout, width=width))
    tables.print_result(result)
    return capsys.readouterr().out.splitlines()


def row(lines, start) -> list[str]:
    (found,) = [line for line in lines if line.startswith(start)]
    return found.removeprefix(start).split()


@pytest.mark.parametrize("raced", [False, True])
def test_of_very_many_that_failed_or_left_the_first_are_named(raced, result, capsys, monkeypatch):
    many = [
        dataclasses.replace(result.models[0], id=f"timm/m{k:03}", title=f"m{k:03}")
        for k in range(50)
    ]
    gone = [Failure(model.id, "", "It is gone.") for model in many]
    race = None
    if raced:
        left = [Dropped(m.id, 45 + k, "strong", 99.0, "behind") for k, m in enumerate(many)]
        race = Race((45, 60), 1, 54, tuple(left))
    grown = dataclasses.replace(
        result, models=(*result.models, *many), failures=tuple(gone), race=race
    )
    lines = printed(grown, capsys, monkeypatch)
    named = [line[:4] for line in lines if line.endswith(": It is gone.")]
    first = range(49, 29, -1) if raced else range(20)  # those that stayed longest, where they left
    assert named == [f"m{k:03}" for k in first]
    what = "left the race" if raced else "failed"
    assert f"30 more models that {what}: --json names each, with its reason." in lines


def test_the_first_table_has_the_headline_measures_only(result, capsys, monkeypatch):
    lines = printed(result, capsys, monkeypatch, 160)
    (head,) = [line for line in lines if line.startswith("model ")]
    for name in HEADLINE:
        assert tables.MEASURES[name].title in head
    assert "Davies" not in head
    assert lines.index(head) < next(
        i for i, line in enumerate(lines) if line.startswith("other measures")
    )


def test_the_others_are_rows_with_the_best_marked(result, capsys, monkeypatch):
    lines = printed(result, capsys, monkeypatch)
    assert row(lines, "other measures") == ["strong", "middling", "weak", "none"]
    values = {s.model: s.value for s in result.scores if s.measure == "davies_bouldin"}
    told = row(lines, "Davies-Bouldin index [lower is better]")
    assert [float(v.rstrip("*").replace(",", "")) for v in told] == pytest.approx(
        [values[m] for m in ("strong", "middling", "weak", "none")], rel=0.01
    )
    assert [v.endswith("*") for v in told] == [values[m] == min(values.values()) for m in values]
    (wide,) = [line for line in lines if line.startswith("TransRate")]
    assert wide.startswith("TransRate [wide]")
    assert any("wide: favours models with many features" in line for line in lines)


def test_what_does_not_fit_is_named(result, capsys, monkeypatch):
    lines = printed(result, capsys, monkeypatch, 70)
    assert row(lines, "other measures") == ["strong", "middling"]
    assert any("Not here for want of room: weak, none." in line for line in lines)
    assert (
        max(map(len, [line for line in lines if line.startswith(("other", "Davies", "Linear d"))]))
        <= 70
    )


def test_a_reason_is_said_once_for_all_it_holds_for(result, capsys, monkeypatch):
    lines = printed(result, capsys, monkeypatch)
    told = [line for line in lines if line.startswith("n/a:") and "LEEP" in line.split(".")[0]]
    assert len(told) == 1
    for model in ("strong", "middling", "weak", "none"):
        assert model in told[0]
    assert "weak: It broke." in lines


def test_the_usual_measures_alone_have_no_second_table(capsys, monkeypatch):
    y = np.repeat([0, 1], 15)
    few = rank_features({"m": np.random.default_rng(0).normal(size=(30, 4))}, y)
    assert not any(line.startswith("other measures") for line in printed(few, capsys, monkeypatch))


def test_one_other_measure_alone_is_the_first_table(result, capsys, monkeypatch):
    alone = dataclasses.replace(result, run=dataclasses.replace(result.run, measures=("lda",)))
    lines = printed(alone, capsys, monkeypatch)
    assert any(line.startswith("model ") and "Linear discriminant" in line for line in lines)
    assert not any(line.startswith("other measures") for line in lines)


def test_one_model_is_the_best_of_none(capsys):
    y = np.arange(30) % 3
    X = np.random.default_rng(0).standard_normal((30, 8)) + np.eye(3, 8)[y]
    for sets, starred in (({"one": X}, False), ({"one": X, "two": X[:, :4]}, True)):
        result = rank_features(sets, y, measures="supcon,cka,gbc")
        tables.print_result(result)
        assert ("*" in capsys.readouterr().out) == starred
