"""What lies beside pictures and may say their classes is pointed at: layouts that people have."""

import json
import re

import pytest

from srcsel.base.errors import InputError
from srcsel.pictures.checks import notes_of
from srcsel.pictures.layouts import remedies
from srcsel.pictures.listing import list_pictures


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SRCSEL_HOME", str(tmp_path_factory.mktemp("home")))


def fill(folder, files):
    """Write files: name -> text, None = a picture that nobody opens."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x" if text is None else text.encode())


def pictures(*patterns, each=12):
    return {pattern.format(i): None for pattern in patterns for i in range(each)}


def said(folder):
    return "\n".join(notes_of(list_pictures(str(folder))))


def in_parts(name, heading, row):
    """Parts that hold a table each."""
    files = pictures("train/{}.jpg", "valid/{}.jpg")
    for part in ("train", "valid"):
        files[f"{part}/{name}"] = heading + "".join(row(i) for i in range(12))
    return files


@pytest.mark.parametrize(
    ("name", "heading", "row"),
    [
        ("metadata.csv", "file_name,label\n", lambda i: f"{i}.jpg,{'ab'[i % 2]}\n"),
        ("labels.csv", "file,label\n", lambda i: f"{i}.jpg,{'ab'[i % 2]}\n"),
        ("_classes.csv", "filename, a, b\n", lambda i: f"{i}.jpg, {i % 2}, {1 - i % 2}\n"),
        ("labels.txt", "", lambda i: f"{i}.jpg {'ab'[i % 2]}\n"),
    ],
)
def test_tables_in_parts_are_named_and_what_is_advised_uses_one(tmp_path, name, heading, row):
    fill(tmp_path, in_parts(name, heading, row))
    told = said(tmp_path)
    assert f"2 tables lie in the folders, such as train/{name}, and they were not looked" in told
    assert f"give its folder: srcsel rank {tmp_path / 'train'}." in told
    found = list_pictures(str(tmp_path / "train"))
    assert (found.classes, len(found.paths), found.label_source) == (("a", "b"), 12, name)


def test_tables_in_class_folders_are_named_too(tmp_path):
    fill(tmp_path, pictures("A/{}.jpg", "B/{}.jpg") | {"B/labels.csv": "file,label\n0.jpg,ill\n"})
    assert "1 table lies in the folders, such as B/labels.csv, and it was not" in said(tmp_path)


@pytest.mark.parametrize("ending", ["jsonl", "json", "xml"])
def test_lists_of_other_kinds_among_the_pictures_are_counted(tmp_path, ending):
    text = json.dumps({"file_name": "0.jpg", "label": "a"})
    files = {f"{name}/metadata.{ending}": text for name in ("cat", "dog")}
    fill(tmp_path, pictures("cat/{}.jpg", "dog/{}.jpg") | files)
    assert f"2 .{ending} files lie among the pictures and are not read" in said(tmp_path)


def test_a_list_of_each_part_is_pointed_at_as_a_table(tmp_path):
    text = json.dumps({f"{i}.jpg": "ab"[i % 2] for i in range(12)})
    files = {f"{part}/classes.json": text for part in ("train", "test")}
    fill(tmp_path, pictures("train/{}.jpg", "test/{}.jpg") | files)
    assert "2 tables lie in the folders, such as train/classes.json" in said(tmp_path)
    assert "are not read" not in said(tmp_path)


def test_notes_such_as_those_of_a_camera_are_none(tmp_path):
    beside = {f"a/{i}.{kind}": "x" for i in range(12) for kind in ("xmp", "AAE", "txt")}
    fill(tmp_path, pictures("a/{}.jpg", "b/{}.jpg") | beside)
    assert said(tmp_path) == ""


@pytest.mark.parametrize(
    ("files", "held"),
    [
        (pictures("images/Abyssinian_{}.jpg", "images/great_pyrenees_{}.jpg"), "'Abyssinian' (12)"),
        (pictures("train/cat.{}.jpg", "train/dog.{}.jpg", "test1/{}.jpg"), "'cat' (12)"),
        (pictures("all/{}_cat.jpg", "all/{}_dog.jpg"), "'dog' (12)"),
        (pictures("all/{}-c1.jpg", "all/{}-c2.jpg"), "'c1' (12)"),
        (pictures("all/cat ({}).jpg", "all/dog ({}).jpg"), "'cat' (12)"),
        (pictures("all/cat_{}_jpg.rf.0a9.jpg", "all/dog_{}_jpg.rf.b7.jpg"), "'cat' (12)"),
        (
            pictures(
                "images/pug_{}.jpg", "images/Ragdoll_{}.jpg", "annotations/trimaps/pug_{}.png"
            ),
            "'Ragdoll' (12)",
        ),
    ],
)
def test_names_that_seem_to_say_the_classes_are_pointed_at(tmp_path, files, held):
    fill(tmp_path, files)
    told = said(tmp_path)
    assert "The names of the pictures seem to say their classes:" in told
    assert held in told


@pytest.mark.parametrize(
    "files",
    [
        pictures("all/IMG_{}.jpg", "all/DSC_{}.jpg"),
        pictures("train/train{}.jpg", "test/test{}.jpg"),
        pictures("cat/a{}.jpg", "dog/b{}.jpg"),
    ],
)
def test_names_by_cameras_parts_and_in_class_folders_say_nothing(tmp_path, files):
    fill(tmp_path, files)
    assert "names of the pictures" not in said(tmp_path)


def test_pictures_all_in_one_place_say_it_in_the_refusal(tmp_path):
    fill(tmp_path, pictures("cat.{}.jpg", "dog.{}.jpg"))
    with pytest.raises(InputError, match="seem to say their classes: 'cat'"):
        list_pictures(str(tmp_path))


@pytest.mark.parametrize(
    ("files", "named"),
    [
        (pictures("jpg/{}.jpg") | {"imagelabels.mat": "M", "setid.mat": "M"}, "imagelabels.mat"),
        (
            pictures("cars_train/{}.jpg", "cars_test/{}.jpg") | {"devkit/annos.mat": "M"},
            "devkit/annos.mat",
        ),
        (pictures("data/{}.jpg") | {"samples.json": "{}"}, "samples.json"),
        (pictures("images/{}.jpg") | {"annotations.xml": "<x/>"}, "annotations.xml"),
        (pictures("img/{}.jpg") | {"list_attr.txt": "2\nA B\n0.jpg -1 1\n"}, "list_attr.txt"),
    ],
)
def test_lists_that_are_not_read_are_named_where_no_folder_is_a_class(tmp_path, files, named):
    fill(tmp_path, files)
    told = said(tmp_path)
    assert named in re.split(" not read| a class", told)[0]
    assert "save it as CSV (file,label)" in told


def test_a_table_of_parts_is_never_the_classes(tmp_path):
    rows = "".join(f"{i}.jpg {i % 3}\n" for i in range(12))
    fill(tmp_path, pictures("img/{}.jpg") | {"list_eval_partition.txt": rows})
    found = list_pictures(str(tmp_path))
    assert (found.classes, found.label_source) == (("img",), "folder names")
    assert "list_eval_partition.txt is not read" in "\n".join(found.notes)


@pytest.mark.parametrize(
    ("outer", "advised"),
    [
        (("cars_train/{}.jpg", "cars_test/{}.jpg"), None),
        (("Final_Test/images/{}.jpg", "Final_Training/images/00/{}.jpg"), "Final_Training"),
    ],
)
def test_parts_with_a_word_in_common_are_parts(tmp_path, outer, advised):
    fill(tmp_path, pictures(*outer))
    assert "these look like parts of a data set" in said(tmp_path)
    ways = [way.label for way in remedies(list_pictures(str(tmp_path)))]
    assert ways[1:] == ([f"Only {advised}"] if advised else [])


def test_what_is_drawn_over_pictures_is_no_class_to_choose(tmp_path):
    fill(tmp_path, pictures("images/{}.jpg", "annotations/trimaps/{}.png"))
    assert "hold no folders of classes" in said(tmp_path)
    assert remedies(list_pictures(str(tmp_path))) == []
    other = tmp_path / "voc"
    fill(other, pictures("JPEGImages/{}.jpg", "SegmentationClass/{}.png"))
    assert "these look like parts" in said(other)


def test_folders_of_folders_are_said_and_those_below_can_be_asked_for(tmp_path):
    fill(
        tmp_path, pictures("Aves/1/{}.jpg", "Aves/2/{}.jpg", "Insecta/3/{}.jpg", "Insecta/4/{}.jpg")
    )
    assert "The folders 'Aves' and 'Insecta' hold folders of their own" in said(tmp_path)
    (below,) = remedies(list_pictures(str(tmp_path)))
    assert list_pictures(below.ref).classes == ("1", "2", "3", "4")


def test_a_table_with_a_class_for_each_picture_is_not_preferred_to_folders(tmp_path):
    rows = "".join(f"{i},box {i} 1 2 3\n" for i in range(12))
    heading = "ImageId,PredictionString\n"
    files = pictures("train/n1/a{}.jpg", "train/n2/b{}.jpg", "val/{}.jpg")
    fill(tmp_path, files | {"val_solution.csv": heading + rows})
    assert list_pictures(str(tmp_path)).label_source == "folder names"
    assert "val_solution.csv was not used" in said(tmp_path)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\0" * 128 + b"DICM", "It is a DICOM file. Export single pictures as PNG."),
        (b"\xff\xd8\xff\xe0", "It is a picture (JPEG) without an ending: add .jpeg"),
        (b"\x80\x04\x95", "It is an array of numbers"),
        (b"\0\0\x08\x03", "It is an array of numbers"),
        (b"words", "Its name does not end like a picture's"),
    ],
)
def test_files_without_an_ending_are_told_by_their_bytes(tmp_path, data, told):
    for i in range(3):
        (tmp_path / f"IM{i}").write_bytes(data)
    (tmp_path / "A.meta").write_bytes(b"x")
    with pytest.raises(InputError) as caught:
        list_pictures(str(tmp_path))
    assert told in str(caught.value)
