"""What looks like labels and is none: parts, guesses of a model, remarks on a label."""

import json

import pytest

from srcsel.pictures.listing import list_pictures
from srcsel.pictures.tables.columns import find_columns
from srcsel.pictures.tables.lists import read_mat
from srcsel.pictures.tables.names import Finder
from srcsel.pictures.tables.nested import rows_of


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SRCSEL_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def pets(tmp_path):
    for kind in ("cat", "dog"):
        (tmp_path / kind).mkdir()
        for k in range(4):
            (tmp_path / kind / f"{k}.jpg").write_bytes(b"x")
    return tmp_path


NAMES = [f"{kind}/{k}.jpg" for kind in ("cat", "dog") for k in range(4)]


@pytest.mark.parametrize(
    "content",
    [
        {"train": NAMES[::2], "val": NAMES[1::2]},
        {name: "train" if k % 2 else "val" for k, name in enumerate(NAMES)},
        {name: k % 2 for k, name in enumerate(NAMES)},  # say, whether it is sharp
    ],
    ids=["parts", "part of each", "a number for each"],
)
def test_json_that_says_something_else_leaves_the_folders_their_classes(pets, content):
    (pets / "quality.json").write_text(json.dumps(content))
    assert list_pictures(str(pets)).classes == ("cat", "dog")


def test_the_label_of_a_record_is_its_own_before_what_lies_deeper_in_it():
    record = {"meta": {"label": "batch1"}, "file": "a.jpg", "label": "cat"}
    header, first, _ = rows_of([record, {**record, "file": "b.jpg"}])
    assert dict(zip(header, first, strict=True)) == {"file": "a.jpg", "label": "cat"}


def test_what_a_model_guessed_is_no_label():
    def said(kind):
        return {"result": [{"value": {"choices": [kind]}}]}

    task = {
        "image": "a.jpg",
        "annotations": [said("cat"), said("cat")],
        "predictions": [said("dog")],
    }
    header, *_ = rows_of([task, {**task, "image": "b.jpg"}])
    assert "choices" not in header


def test_a_label_that_is_missing_leaves_its_column_the_labels():
    files = ["1.jpg", "2.jpg", "3.jpg"]
    header, *rows = rows_of(
        {"file": files, "label": ["cat", None, "dog"], "group": ["a", "a", "b"]}
    )
    assert header == ["file", "label", "group"]
    assert [row[1] for row in rows] == ["cat", "", "dog"]


def columns(header, rows, knows=lambda _: False):
    return find_columns([header, *rows], "x.csv", knows)


def test_a_coarser_word_is_no_name_of_a_number_where_only_the_first_rows_agree():
    words = ("animal", "vehicle", "animal", "vehicle")
    rows = [[f"{k}.jpg", str(k // 100), words[k // 100]] for k in range(200)]
    assert columns(["file", "label", "category"], rows).label == 1
    few = [[f"{k}.jpg", str(k % 2), words[k % 2]] for k in range(20)]
    assert columns(["file", "label", "category"], few).label == 2
    named = [[f"{k}.jpg", str(k % 2), words[k % 2]] for k in range(300)]
    assert columns(["file", "label", "category name"], named).label == 2


def test_a_word_in_a_heading_is_said_and_remarks_on_labels_are_none():
    rows = [[f"{k}.jpg", ("cat", "dog")[k % 2]] for k in range(8)]
    found = columns(
        ["filename", "Finding Labels", "n"], [[*row, str(k)] for k, row in enumerate(rows)]
    )
    assert (found.label, found.known) == (1, False)
    assert "'Finding Labels'" in found.said
    remarked = [[*row, ("manual", "auto")[k // 4]] for k, row in enumerate(rows)]
    with pytest.raises(Exception, match="cannot tell"):
        columns(["filename", "animal", "label_source"], remarked)


def test_a_guess_is_not_taken_for_the_folder_of_a_picture():
    here = {f"{kind}/{k}.jpg" for kind in ("cat", "dog") for k in range(4)}
    rows = [[f"{k}.jpg", *pair] for k in range(4) for pair in (("dog", "cat"), ("cat", "dog"))]
    found = columns(["file", "predicted", "label"], rows, here.__contains__)
    assert (found.label, found.place) == (2, 2)


def test_a_date_before_two_names_tells_them_apart():
    finder = Finder(["20230501-7.png"], loose=True)
    assert finder.find("20230502-7.png") == (None, False)
    assert finder.find("7.png") == ("20230501-7.png", False)
    assert Finder(["7.png"], loose=True).find("1a2b3c4d-7.png") == ("7.png", False)


@pytest.mark.parametrize(
    "text",
    [
        '[{"a":' + "[" * 200 + "1" + "]" * 200 + "}]",
        '[{"a":' + "[" * 5000 + "1" + "]" * 5000 + "}]",
        '{"images": [{"id": [1], "file_name": "cat/0.jpg"}], "annotations": [{"image_id": [1],'
        ' "category_id": 1}], "categories": [{"id": 1, "name": "x"}]}',
    ],
    ids=["deep", "very deep", "a list as id"],
)
def test_a_list_that_cannot_be_read_leaves_the_folders_their_classes_and_is_named(pets, text):
    (pets / "labels.json").write_text(text)
    found = list_pictures(str(pets))
    assert found.classes == ("cat", "dog")
    assert any("labels.json" in note for note in found.notes)


def test_a_damaged_mat_file_is_an_error_of_ours():
    with pytest.raises(Exception, match=r".") as caught:
        read_mat(b"MATLAB 5.0 MAT-file" + bytes(200))
    assert type(caught.value).__name__ == "PictureError"
