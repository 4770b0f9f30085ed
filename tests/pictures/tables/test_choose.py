"""Which table gives the classes: the one that fits is taken and said, else both are named."""

import pytest

from srcsel.base.errors import InputError
from srcsel.pictures.listing import list_pictures


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SRCSEL_HOME", str(tmp_path_factory.mktemp("home")))


def fill(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def write(folder, name, pairs, header="file,label"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *(f"{a},{b}" for a, b in pairs)]) + "\n")


def refusal(ref):
    with pytest.raises(InputError) as caught:
        list_pictures(str(ref))
    return str(caught.value)


def competition(folder, train=6, test=4):
    fill(folder, *(f"train_images/tr{k}.jpg" for k in range(train)))
    fill(folder, *(f"test_images/te{k}.jpg" for k in range(test)))
    write(folder, "train.csv", [(f"tr{k}.jpg", k % 3) for k in range(train)], "image_id,label")
    write(folder, "sample_submission.csv", [(f"te{k}.jpg", 4) for k in range(test)])


@pytest.mark.parametrize("test", [4, 40])
def test_a_competition_takes_the_training_table_and_says_so(tmp_path, test):
    competition(tmp_path, test=test)
    found = list_pictures(str(tmp_path))
    assert found.paths == tuple(f"train_images/tr{k}.jpg" for k in range(6))
    assert (found.classes, found.label_source) == (("0", "1", "2"), "train.csv")
    said = "\n".join(found.notes)
    assert "train.csv gives the classes. sample_submission.csv was set aside" in said
    assert f"{test} of {6 + test} pictures are not named in train.csv" in said


def test_ids_without_an_ending_and_a_test_table_without_labels(tmp_path):
    competition(tmp_path)
    write(tmp_path, "train.csv", [(f"tr{k}", k % 2) for k in range(6)], "id_code,diagnosis")
    (tmp_path / "test.csv").write_text("id_code\nte0\nte1\n")
    found = list_pictures(str(tmp_path))
    assert (found.classes, len(found.paths)) == (("0", "1"), 6)


def test_a_form_to_fill_in_is_never_taken_in_place_of_labels_that_do_not_fit(tmp_path):
    competition(tmp_path)
    write(tmp_path, "train.csv", [(f"elsewhere{k}.jpg", k % 3) for k in range(6)])
    said = refusal(tmp_path)
    assert "train.csv does not fit" in said
    assert "sample_submission.csv" in said


def test_two_folders_of_parts_are_never_classes_beside_a_table_that_fails(tmp_path):
    competition(tmp_path)
    (tmp_path / "sample_submission.csv").unlink()
    write(tmp_path, "train.csv", [(f"elsewhere{k}.jpg", k % 3) for k in range(6)])
    assert "It looks for elsewhere0.jpg" in refusal(tmp_path)


def test_several_tables_that_fit_are_all_named(tmp_path):
    fill(tmp_path, *(f"{k}.jpg" for k in range(8)))
    write(tmp_path, "morning.csv", [(f"{k}.jpg", k % 2) for k in range(4)])
    write(tmp_path, "evening.csv", [(f"{k}.jpg", k % 2) for k in range(4, 8)])
    said = refusal(tmp_path)
    assert "evening.csv labels 4 pictures; morning.csv labels 4 pictures" in said
    assert str(tmp_path / "evening.csv") in said
    assert len(list_pictures(str(tmp_path / "morning.csv")).paths) == 4


def test_lists_of_parts_are_read_together_and_said(tmp_path):
    fill(tmp_path, *(f"images/{k}.jpg" for k in range(10)))
    for name, rows in (("train", range(5)), ("val", range(5, 8))):
        lines = [f"images/{k}.jpg {'ab'[k % 2]}" for k in rows]
        (tmp_path / f"{name}.txt").write_text("\n".join(lines))
    found = list_pictures(str(tmp_path))
    assert found.paths == tuple(f"images/{k}.jpg" for k in range(8))
    assert [found.classes[k] for k in found.labels] == [*"abababab"]
    assert [left.path for left in found.skipped if left.kind == "label"] == [
        "images/8.jpg",
        "images/9.jpg",
    ]
    said = "\n".join(found.notes)
    assert "train.txt and val.txt are parts of one list and are read together." in said
    assert said.count("not named in") == 1
    assert "2 of 10 pictures are not named in train.txt and val.txt" in said


def test_lists_of_parts_that_contradict_each_other_are_not_joined(tmp_path):
    fill(tmp_path, *(f"{k}.jpg" for k in range(8)))
    write(tmp_path, "train.csv", [(f"{k}.jpg", k % 2) for k in range(5)])
    write(tmp_path, "val.csv", [(f"{k}.jpg", k % 3) for k in range(3, 8)])
    assert "There are 2 tables of labels that fit" in refusal(tmp_path)


def test_a_table_that_another_one_contains_is_no_rival(tmp_path):
    fill(tmp_path, *(f"{k}.jpg" for k in range(8)))
    write(tmp_path, "all.csv", [(f"{k}.jpg", k % 2) for k in range(8)])
    write(tmp_path, "train.csv", [(f"{k}.jpg", k % 2) for k in range(4)])
    found = list_pictures(str(tmp_path))
    assert (found.label_source, len(found.paths)) == ("all.csv", 8)
    assert "train.csv says the same of fewer pictures" in found.notes[0]


@pytest.mark.parametrize("name", ["labels.csv", "Labels.CSV", "labels.tsv", "labels.txt"])
def test_a_table_called_labels_stops_where_it_matches_nothing(tmp_path, name):
    fill(tmp_path, *(f"train/{k:03d}.jpg" for k in range(6)), *(f"b/{k}.jpg" for k in range(3)))
    mark = "\t" if name.endswith("tsv") else ","
    rows = [f"val/{k:03d}.jpg{mark}{'ab'[k % 2]}" for k in range(6)]
    (tmp_path / name).write_text("\n".join(rows))
    said = refusal(tmp_path)
    assert f"{name} does not fit this folder: none of its 6 rows" in said
    assert "It looks for val/000.jpg" in said
    assert "here lie b/0.jpg" in said


@pytest.mark.parametrize("explicit", [False, True])
def test_fewer_than_half_of_the_rows_is_too_few(tmp_path, explicit):
    fill(tmp_path, "1.jpg", "2.jpg")
    rows = [("1.jpg", "x"), ("2.jpg", "y"), ("3.jpg", "x"), ("4.jpg", "y")]
    write(tmp_path, "labels.csv", rows)
    ref = tmp_path / "labels.csv" if explicit else tmp_path
    found = list_pictures(str(ref))
    assert found.paths == ("1.jpg", "2.jpg")
    assert "2 of 4 rows of labels.csv name no picture" in found.notes[0]
    write(tmp_path, "labels.csv", [*rows, ("5.jpg", "x")])
    assert list_pictures(str(ref)).paths == ("1.jpg", "2.jpg")  # all that lie here are named
    fill(tmp_path, "9.jpg")
    assert "only 2 of its 5 rows name one of the 3 pictures" in refusal(ref)


def test_a_table_called_labels_comes_before_others_and_that_is_said(tmp_path):
    fill(tmp_path, "1.jpg", "2.jpg")
    write(tmp_path, "labels.csv", [("1.jpg", "x"), ("2.jpg", "y")])
    write(tmp_path, "train.csv", [("1.jpg", "p"), ("2.jpg", "q")])
    found = list_pictures(str(tmp_path))
    assert found.classes == ("x", "y")
    assert found.notes == ("labels.csv gives the classes. train.csv was not looked into.",)


def test_a_list_of_class_names_is_no_table(tmp_path):
    fill(tmp_path, "a/1.jpg", "b/1.jpg")
    (tmp_path / "labels.txt").write_text("a\nb\n")
    assert list_pictures(str(tmp_path)).classes == ("a", "b")


def test_folder_names_stay_where_tables_say_the_same(tmp_path):
    fill(tmp_path, *(f"{c}/{k}.jpg" for c in "ab" for k in range(4)))
    for name, rows in (("train", (0, 1, 2)), ("val", (3,))):
        text = "".join(f"{c}/{k}.jpg {'ab'.index(c)}\n" for c in "ab" for k in rows)
        (tmp_path / f"{name}.txt").write_text(text)
    found = list_pictures(str(tmp_path))
    assert (found.classes, len(found.paths), found.label_source) == (("a", "b"), 8, "folder names")
    assert any("train.txt was not used: it gives the same classes" in note for note in found.notes)


def test_train_txt_with_numbers(tmp_path):
    fill(tmp_path, *(f"images/cat {k}.jpg" for k in range(6)))
    text = "".join(f"images/cat {k}.jpg {k % 2}\n" for k in range(6))
    (tmp_path / "train.txt").write_text(text)
    found = list_pictures(str(tmp_path))
    assert (found.classes, found.label_source) == (("0", "1"), "train.txt")
    assert found.labels.tolist() == [0, 1] * 3


def test_tables_in_a_folder_of_their_own(tmp_path):
    fill(tmp_path, *(f"images/{k}.jpg" for k in range(4)))
    write(tmp_path, "annotations/list.csv", [(f"../images/{k}.jpg", "ab"[k % 2]) for k in range(4)])
    for ref in (tmp_path, tmp_path / "annotations" / "list.csv"):
        found = list_pictures(str(ref))
        assert (found.classes, len(found.paths)) == (("a", "b"), 4)


def test_a_workbook_of_labels_is_pointed_at(tmp_path):
    fill(tmp_path, "a/1.jpg", "b/1.jpg", "labels.xlsx")
    found = list_pictures(str(tmp_path))
    assert any(
        "labels.xlsx is not read. If it holds the labels, save it as CSV" in note
        for note in found.notes
    )


@pytest.mark.parametrize("name", ["metadata.jsonl", "annotations.json", "train.parquet", "x.mat"])
def test_pictures_without_folders_point_at_any_file_that_may_hold_labels(tmp_path, name):
    fill(tmp_path, "1.jpg", "2.jpg", name)
    assert f"{name} gives no picture of this folder a class. If it holds" in refusal(tmp_path)


def test_a_table_against_the_folder_names_says_so(tmp_path):
    names = [f"{folder}/{k}.jpg" for folder in "xyz" for k in range(4)]
    fill(tmp_path, *names)
    write(tmp_path, "labels.csv", [(name, "pq"[k % 2]) for k, name in enumerate(names)])
    found = list_pictures(str(tmp_path))
    assert found.classes == ("p", "q")
    assert "The folders 'x', 'y' and 'z' sort the pictures otherwise" in found.notes[0]
    write(tmp_path, "labels.csv", [(name, f"kind {name[0]}") for name in names])
    assert list_pictures(str(tmp_path)).notes == ()


def test_another_column_that_could_be_the_label_is_named(tmp_path):
    fill(tmp_path, *(f"{k}.jpg" for k in range(8)))
    rows = [(f"{k}.jpg", f"s{k % 4},g{k // 4}") for k in range(8)]
    write(tmp_path, "train.csv", rows, "image,species,group")
    (said,) = list_pictures(str(tmp_path)).notes
    assert said.startswith("Column 'species' of train.csv is taken as the class, though 'group'")
    write(
        tmp_path,
        "train.csv",
        [(f"{k}.jpg", f"{k % 2},{'ab'[k % 2]}") for k in range(8)],
        "image,label,class_name",
    )
    assert list_pictures(str(tmp_path)).notes == ()


@pytest.mark.parametrize("column", ["photographer", "shelf"])
def test_folder_names_win_over_a_table_of_something_else(tmp_path, column):
    """Half of the pictures of either folder by each photographer, or on each shelf."""
    names = [f"{folder}/{k}.jpg" for folder in ("cat", "dog") for k in range(4)]
    fill(tmp_path, *names)
    rows = [(name, "xy"[k % 2]) for k, name in enumerate(names)]
    write(tmp_path, "about.csv", rows)
    text = (tmp_path / "about.csv").read_text().splitlines()
    (tmp_path / "about.csv").write_text("\n".join([f"file,{column}", *text[1:]]))
    found = list_pictures(str(tmp_path))
    assert found.classes == ("cat", "dog")
    assert "about.csv was not used" in " ".join(found.notes)


def test_a_text_called_labels_is_read_or_named(tmp_path):
    names = [f"{folder}/{k}.jpg" for folder in ("a", "b") for k in range(3)]
    fill(tmp_path, *names)
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    found = list_pictures(str(tmp_path))
    assert found.classes == ("a", "b")
    assert "labels.txt was not used: its lines do not begin with names" in " ".join(found.notes)
    (tmp_path / "labels.txt").write_text(
        "\n".join(f"{name} {'black bear' if k % 2 else 'fox'}" for k, name in enumerate(names))
    )
    found = list_pictures(str(tmp_path))
    assert found.classes == ("black bear", "fox")
    assert "not used" not in " ".join(found.notes)


def test_a_table_of_the_folders_names_is_no_table_of_pictures(tmp_path):
    fill(tmp_path, *(f"{k % 3}/{k}.jpg" for k in range(9)))
    (tmp_path / "labels.csv").write_text("id,name\n0,cat\n1,dog\n2,owl\n")
    found = list_pictures(str(tmp_path))
    assert (found.classes, len(found.paths)) == (("0", "1", "2"), 9)
    assert "labels.csv names the folders, not pictures" in " ".join(found.notes)
