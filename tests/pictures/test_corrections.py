"""Corrections of a picture set: made, undone, applied, and what they make of the classes."""

import numpy as np
import pytest

from srcsel.base.errors import InputError, UnknownNameError
from srcsel.base.records import Corrections
from srcsel.pictures import corrections as c
from srcsel.pictures.dataset import load_dataset, pictures_of
from srcsel.runs.question import new_run

SOME = c.corrections(["b/2.png", "a/1.png"], {"b/1.png": "a"})


def test_they_are_kept_in_order_each_once():
    assert Corrections(("a/1.png", "b/2.png"), (("b/1.png", "a"),)) == SOME
    assert c.corrections("a/1.png") == Corrections(("a/1.png",))
    assert not Corrections()
    assert SOME


def test_one_picture_cannot_be_left_out_and_have_another_label():
    with pytest.raises(InputError, match=r"^a/1\.png is to be left out and"):
        c.corrections(["a/1.png"], [("a/1.png", "b")])
    with pytest.raises(InputError, match=r"a/1\.png is to have another label, but none is said"):
        c.corrections([], {"a/1.png": " "})


def test_the_last_word_counts_and_undoing_goes_back_to_what_was():
    out = c.leave_out(SOME, ["b/1.png"])
    assert out == Corrections(("a/1.png", "b/1.png", "b/2.png"))
    named = c.relabel(out, {"b/1.png": "new", "a/1.png": "b"})
    assert named == Corrections(("b/2.png",), (("a/1.png", "b"), ("b/1.png", "new")))
    assert c.take_back(named, ["a/1.png", "b/1.png"], SOME) == SOME
    assert c.take_back(SOME, ["a/1.png", "b/1.png", "z"], Corrections()) == c.corrections("b/2.png")


def test_what_was_done_in_words():
    assert c.in_words(SOME) == "2 pictures left out, 1 with another label"
    assert c.in_words(c.corrections([], {"x": "y"})) == "1 picture with another label"
    later = c.corrections(["a/1.png", "c/1.png", "c/2.png"], {"c/3.png": "a"})
    assert c.difference(SOME, later) == (
        "2 pictures left out, 1 with another label, 1 taken in again, 1 with the old label again"
    )
    assert c.difference(SOME, SOME) == ""
    moved = c.corrections(["a/1.png", "b/1.png", "b/2.png"])
    assert c.difference(SOME, moved) == "1 picture left out"


def test_a_typed_label_is_one_of_the_classes_or_a_new_one():
    assert c.label_named("rust ", ["rust", "a  b"]) == "rust"
    assert c.label_named("a b", ["rust", "a  b"]) == "a  b"
    assert c.label_named(" two\nlines ", []) == "two lines"
    assert c.label_named("rus\ud800t", []) == "rus t"  # half a letter: no file can hold it
    for text in ("", " \n", "x" * 201):
        with pytest.raises(InputError, match="A label is a word or a few"):
            c.label_named(text, [])


def test_a_corrected_set_is_the_folder_with_fewer_pictures_and_other_classes(picture_folder):
    whole = load_dataset(str(picture_folder))
    every = [path for path in whole.paths if path.startswith("blue/")]
    data = load_dataset(
        str(picture_folder),
        left_out=["red/000.png"],
        relabeled=dict.fromkeys(every[1:], "sea") | {every[0]: "green"},
    )
    assert data.classes == ("green", "red", "sea")
    assert data.counts.tolist() == [13, 11, 11]
    assert data.paths == tuple(path for path in whole.paths if path != "red/000.png")
    assert data.digest != whole.digest
    assert [(one.path, one.kind) for one in data.unreadable] == [("blue", "class")]
    assert not any("could not" in note for note in data.notes)
    named = {path: data.classes[k] for path, k in zip(data.paths, data.labels, strict=True)}
    assert named[every[0]] == "green"
    assert named["green/000.png"] == "green"
    same = load_dataset(str(picture_folder), relabeled={every[0]: "blue"})
    assert same.digest == whole.digest
    assert np.array_equal(same.labels, whole.labels)


def test_a_run_opens_its_pictures_as_it_corrects_them(picture_folder):
    run = new_run(
        picture_folder, "pixels", left_out=["red/000.png"], relabeled=[("red/001.png", "blue")]
    )
    data = pictures_of(run)
    assert data.counts.tolist() == [13, 12, 10]


def test_pictures_that_are_not_there_are_named(picture_folder):
    data = load_dataset(str(picture_folder))
    c.require_there(c.corrections(["red/000.png"], {"red/001.png": "blue"}), data)
    with pytest.raises(UnknownNameError, match=r"no picture to give another label .* red/00"):
        c.require_there(c.corrections([], {"red/0001.png": "blue"}), data)


def test_what_becomes_of_the_classes_is_said_before_the_run(picture_folder):
    data = load_dataset(str(picture_folder))
    of = {name: [p for p in data.paths if p.startswith(f"{name}/")] for name in data.classes}
    assert c.foreseen(data, c.corrections(of["red"][:2])) == ((), "")
    assert c.foreseen(data, c.corrections(data.paths[::8])) == ((c.CAUTION,), "")
    small, refused = c.foreseen(data, c.corrections(of["red"][:3]))
    assert refused == ""
    assert small[0].startswith("red (9) has fewer than 10 pictures")
    gone, refused = c.foreseen(data, c.corrections(of["red"], {of["blue"][0]: "odd"}))
    assert refused == ""
    assert gone[0] == "No picture of red stays, so that is no class any more."
    assert gone[1].startswith("odd has a single picture")
    _, refused = c.foreseen(data, c.corrections(of["red"] + of["blue"]))
    assert refused.startswith("All 12 pictures belong to one class, 'green'.")
    assert c.foreseen(data, c.corrections(data.paths))[1].startswith("All pictures are left out")
