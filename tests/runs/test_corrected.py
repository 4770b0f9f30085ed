"""Corrected runs: the same numbers whichever way they are asked for, and the answer before beside
them.
"""

import dataclasses
import json

import pytest

import srcsel
from srcsel.base.errors import UnknownNameError
from srcsel.base.settings import load_settings
from srcsel.cli.commands import main
from srcsel.features.passing import Passing
from srcsel.pictures.corrections import corrections
from srcsel.pictures.tables import corrections_csv
from srcsel.runs import corrected
from srcsel.runs.corrected import correction_of
from srcsel.runs.run import answer, new_run
from srcsel.store.features import open_runs

KNOWN = corrections(["red/000.png", "red/001.png"], {"blue/011.png": "green", "red/002.png": "odd"})


@pytest.fixture
def models():
    return ["pixels/thumbnail", "demo/shapes"]


@pytest.fixture
def first(picture_folder, models):
    return answer(new_run(picture_folder, models, title="Squares"))


def numbers(told):
    return [(s["model"], s["measure"], s["value"], s["low"]) for s in told["scores"]]


def test_page_shell_and_python_say_the_same(first, picture_folder, models, tmp_path, capsys):
    page = answer(correction_of(first, KNOWN))
    table = tmp_path / "corrections.csv"
    table.write_text(corrections_csv(KNOWN, {}))
    python = srcsel.rank(picture_folder, models, corrections=table)
    same = srcsel.rank(picture_folder, models, corrections=KNOWN)
    target = tmp_path / "shell.json"
    asked = ["rank", str(picture_folder), "--models", ",".join(models)]
    assert main([*asked, "--corrections", str(table), "--json", str(target)]) == 0
    printed = capsys.readouterr().out
    shell = json.loads(target.read_text())
    told = srcsel.before_and_after(page)
    assert told.startswith("2 pictures left out, 2 with another label: the verdict ")
    assert told in printed
    assert "You left out" not in printed  # said already
    for result in (page, python, same):
        plain = srcsel.to_json(result)
        assert numbers(plain) == numbers(shell)
        assert plain["before"]["text"] == told
        assert plain["before"]["run"] == first.run.id
        assert plain["run"]["relabeled"] == [["blue/011.png", "green"], ["red/002.png", "odd"]]
        assert plain["run"]["left_out"] == ["red/000.png", "red/001.png"]
    assert page.run.corrects == first.run.id
    assert page.dataset.classes == ("blue", "green", "odd", "red")
    assert {"You left out 2 pictures.", "You gave 2 pictures another label."} <= set(page.notes)
    loaded = open_runs(load_settings()).load(page.run.id)
    assert srcsel.before_and_after(loaded) == told
    assert loaded.run == page.run


def test_the_class_that_a_picture_has_is_no_correction(first, picture_folder, models, tmp_path):
    table, target = tmp_path / "corrections.csv", tmp_path / "shell.json"
    table.write_text("file,change,new_label\nred/002.png,new label,red\n")
    asked = ["rank", str(picture_folder), "--models", ",".join(models), "--json", str(target)]
    found = [
        srcsel.rank(picture_folder, models, corrections=table),
        answer(new_run(picture_folder, models, relabeled={"red/002.png": "red"})),
    ]
    told = list(map(srcsel.to_json, found))
    for way in (["--corrections", str(table)], ["--relabel", "red/002.png", "red"]):
        assert main([*asked, *way]) == 0
        told.append(json.loads(target.read_text()))
    for one in told:
        assert one["run"]["relabeled"] == []
        assert one["before"] is None
        assert not any("another label" in note for note in one["notes"])
        assert one["dataset"]["digest"] == first.dataset.digest
    mixed = new_run(picture_folder, models, relabeled={"red/002.png": "red", "red/003.png": "blue"})
    assert answer(mixed).run.relabeled == (("red/003.png", "blue"),)


def test_the_title_counts_what_is_corrected_and_not_twice(first):
    once = correction_of(first, KNOWN)
    assert once.title == "Squares without 2 pictures, with 2 new labels"
    again = dataclasses.replace(first, run=once)
    less = correction_of(again, corrections(["red/000.png"]))
    assert less.title == "Squares without 1 picture"
    assert less.corrects == once.id
    assert correction_of(again, corrections()).title == "Squares"


def test_a_further_correction_stands_beside_the_one_before_and_undoing_all_too(first):
    once = answer(correction_of(first, KNOWN))
    less = answer(correction_of(once, corrections(["red/000.png"])))
    assert less.before.run == once.run.id
    said = "1 picture taken in again, 2 with the old label again: "
    assert srcsel.before_and_after(less).startswith(said)
    none = answer(correction_of(once, corrections()))
    assert none.dataset.digest == first.dataset.digest
    assert srcsel.before_and_after(none).startswith("2 pictures taken in again, 2 with the old")


def test_features_that_are_stored_are_used_again(first, monkeypatch):
    def never(*_, **__):
        raise AssertionError("pictures were put through a model again")

    monkeypatch.setattr(Passing, "over", never)
    assert len(answer(correction_of(first, KNOWN)).dataset.paths) == 34


def test_runs_that_ask_something_else_are_no_before(first, picture_folder, models):
    run = correction_of(first, KNOWN)
    settings = load_settings()
    runs = open_runs(settings)
    assert corrected.before_of(run, runs, settings).run == first.run.id
    for other in (
        dataclasses.replace(run, seed=1),
        dataclasses.replace(run, models=run.models[:1]),
        dataclasses.replace(run, corrects="20260101-000000-000000-aaaa"),
        dataclasses.replace(run, corrects="", person="somebody"),
        first.run,
    ):
        assert corrected.before_of(other, runs, settings) is None
    assert corrected.before_of(dataclasses.replace(run, corrects=""), runs, settings) is not None


def test_a_picture_that_is_not_there_cannot_be_given_another_label(first):
    with pytest.raises(UnknownNameError, match="no picture to give another label"):
        answer(correction_of(first, corrections([], {"red/1.png": "blue"})))
