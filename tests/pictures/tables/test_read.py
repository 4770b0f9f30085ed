"""Tables as Excel, Kaggle and people write them."""

import tracemalloc

import pytest

from srcsel.base.errors import InputError
from srcsel.pictures.listing import list_pictures
from srcsel.pictures.tables import read_table, rows

PICTURES = ("images/cat 1.jpg", "images/cat 2.jpg", "images/dog.png")
WANTED = {"images/cat 1.jpg": "cat", "images/cat 2.jpg": "cat", "images/dog.png": "dog"}


def read(folder, content, pictures=PICTURES, known=()):
    table = folder / "labels.csv"
    table.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = read_table(table, folder, pictures, known)
    return found.labels, {u.path: u.reason for u in found.skipped}


@pytest.mark.parametrize(
    "text",
    [
        "file,label\nimages/cat 1.jpg,cat\nimages/cat 2.jpg,cat\nimages/dog.png,dog\n",
        "label;file\ncat;images/cat 1.jpg\ncat;images/cat 2.jpg\n\n;\ndog;images/dog.png\n",
        (
            "Image Path\tspecies\tage\nimages/cat 1.jpg\tcat\t3\nimages/cat"
            " 2.jpg\tcat\t\nimages/dog.png\tdog\t5\n"
        ),
        (
            '"File Name","Class"\n"images/cat 1.jpg","cat"\n"images/cat 2.jpg",'
            ' "cat"\n"images/dog.png",dog\n'
        ),
        "images/cat 1.jpg,cat\nimages/cat 2.jpg,cat\nimages/dog.png,dog\n",
        "cat,images/cat 1.jpg\ncat,images/cat 2.jpg\ndog,images/dog.png\n",
        "id,breed\ncat 1,cat\ncat 2,cat\ndog,dog\n",
        "cat 1,cat\ncat 2,cat\ndog.png,dog\n",
        "x,weight,class\ncat 1.jpg,4,cat\nCAT 2.JPG,5,cat\ndog.png,9,dog\n",
        (
            "id,filename,label\n17,images\\cat 1.jpg,cat\n18,./images/cat"
            " 2.jpg,cat\n19,images//dog.png,dog\n"
        ),
        "file|label\r\nimages/cat 1.jpg|cat\r\nimages/cat 2.jpg|cat\r\nimages/dog.png|dog\r\n",
        "file,what it is\nimages/cat 1.jpg,cat\nimages/cat 2.jpg,cat\nimages/dog.png,dog\n",
    ],
)
def test_every_usual_way_to_write_it(tmp_path, text):
    assert read(tmp_path, text) == (WANTED, {})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path, encoding):
    text = "Datei;Klasse;file;label\n;;Blüte.jpg;Gänseblümchen\n"
    labels, skipped = read(tmp_path, text.encode(encoding), ("Blüte.jpg",))
    assert (labels, skipped) == ({"Blüte.jpg": "Gänseblümchen"}, {})


def test_letters_composed_in_two_ways_are_the_same(tmp_path):
    decomposed = "Blu\u0308te.jpg"  # as macOS stores it
    assert read(tmp_path, "file,label\nBlüte.jpg,x\n", (decomposed,)) == ({decomposed: "x"}, {})


def test_absolute_names_inside_the_folder(tmp_path):
    assert read(tmp_path, f"file,label\n{tmp_path}/images/dog.png,dog\n", ("images/dog.png",))[
        0
    ] == {"images/dog.png": "dog"}


@pytest.mark.parametrize(
    "name", ["../secret.jpg", "/etc/secret.jpg", "C:\\secret.jpg", "images/../../secret.jpg", ".."]
)
def test_names_that_lead_outside_name_no_picture(tmp_path, name):
    (tmp_path / "set").mkdir()
    (tmp_path / "secret.jpg").touch()
    labels, skipped = read(tmp_path / "set", f"file,label\n{name},x\na.jpg,y\n", ("a.jpg",))
    assert labels == {"a.jpg": "y"}
    assert "no such picture" in skipped[name]


def test_rows_that_cannot_be_used_are_named(tmp_path):
    text = "file,label\na.jpg,x\nmissing.jpg,x\nb.jpg,\nc.jpg,x\nc.jpg,y\nd.jpg,x\nd.jpg,x\n,x\n"
    text += "short\nphoto.heic,x\n"
    pictures = ("a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg")
    labels, skipped = read(tmp_path, text, pictures, known=("photo.heic",))
    assert labels == {"a.jpg": "x", "d.jpg": "x"}
    assert "no such picture" in skipped["missing.jpg"]
    assert "no label" in skipped["b.jpg"]
    assert "'x' and 'y'" in skipped["c.jpg"]
    assert "not named" in skipped["e.jpg"]
    assert set(skipped) == {"missing.jpg", "b.jpg", "c.jpg", "e.jpg", "(empty name)", "short"}


def test_a_name_that_fits_several_pictures_is_not_guessed(tmp_path):
    labels, skipped = read(
        tmp_path, "file,label\n1.jpg,x\nb/2.jpg,y\n", ("a/1.jpg", "b/1.jpg", "b/2.jpg")
    )
    assert labels == {"b/2.jpg": "y"}
    assert "Several pictures" in skipped["1.jpg"]


def test_an_exact_name_wins_over_a_similar_one(tmp_path):
    labels, _ = read(
        tmp_path,
        "file,label\n1.jpg,root\nx/1.jpg,below\nA.jpg,large\na.jpg,small\n",
        ("1.jpg", "x/1.jpg", "A.jpg", "a.jpg"),
    )
    assert labels == {"1.jpg": "root", "x/1.jpg": "below", "A.jpg": "large", "a.jpg": "small"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no table"),
        ("just a line\nand another\n", "no table"),
        ("p,q,r\n1,2,3\n", "names the picture's file"),
        ("file,width,height\na.jpg,2,3\n", "says its class"),
        ("\0\0\0\0", "no table"),
        ('file,label\n"' + "x" * 200_000 + '",y\n', "cannot be read"),
    ],
)
def test_tables_that_are_none(tmp_path, text, word):
    with pytest.raises(InputError, match=word):
        read(tmp_path, text, ("a.jpg",))


def test_enormous_tables_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "TABLE_LIMIT", 3)
    with pytest.raises(InputError, match="larger than"):
        read(tmp_path, "file,label\n")


IMAGES = tuple(f"img{k}.jpg" for k in range(6))
ALTERNATING = {name: "ab"[k % 2] for k, name in enumerate(IMAGES)}


def table(row, header="file,label"):
    lines = (row.format(n=name, s=name[:-4], c=label) for name, label in ALTERNATING.items())
    return "\n".join(([header] if header else []) + list(lines)) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        table("C:\\Users\\me\\set\\{n},{c}"),
        table("\\\\server\\share\\{n},{c}"),
        table("/home/other/set/{n},{c}"),
        table("./{n},{c}"),
        table("../images/{n},{c}"),
        table("https://host.org/a%20b/{n}?raw=1,{c}"),
        table("s3://bucket/set/{n},{c}"),
        table("file:///home/x/{n},{c}"),
        table("{s},{c}", "id_code,diagnosis"),
        table("data/{s},{c}", "image_id,dx"),
        table("{n};{c}", "sep=;\nfile;label"),
        table("{n},{c}", "# written by hand\nfile,label"),
        table("{n},{c}", "").replace("\n", "\r"),
        table("{n} {c}", ""),
        table("7,{n},{c}", ",file,label"),
        table("{n},{c},train", "file,label,split"),
        table("{n},{c},4.5", "picture of,what,grams"),
        table("'{n}','{c}'", "'file','label'"),
        table("'{n}','{c}'"),
        table("{n}\t{c}", "").replace("img", "set/img"),
    ],
)
def test_every_way_to_name_the_same_file(tmp_path, text):
    labels, skipped = read(tmp_path, text, IMAGES)
    assert (labels, skipped) == (ALTERNATING, {})


def test_escapes_are_read_where_no_file_is_called_so(tmp_path):
    text = "file,label\na%20b.jpg,x\nc%20d.jpg,y\n"
    assert read(tmp_path, text, ("a b.jpg", "c%20d.jpg"))[0] == {
        "a b.jpg": "x",
        "c%20d.jpg": "y",
    }


@pytest.mark.parametrize(
    ("rows_", "pictures", "labels"),
    [
        (
            "data/s1/0.jpg,x data/s2/0.jpg,y",
            "s1/0.jpg s2/0.jpg",
            {"s1/0.jpg": "x", "s2/0.jpg": "y"},
        ),
        (
            "s1/0.jpg,x s2/0.jpg,y",
            "in/s1/0.jpg in/s2/0.jpg",
            {"in/s1/0.jpg": "x", "in/s2/0.jpg": "y"},
        ),
        ("val/0.jpg,x val/1.jpg,y", "train/0.jpg train/1.jpg", {}),
        ("0.jpg,x 1.jpg,y", "a/0.jpg b/0.jpg b/1.jpg", {"b/1.jpg": "y"}),
        ("val/0.jpg,x train/0.jpg,x", "0.jpg", {}),  # one of the two, but which?
        ("xtrain/0.jpg,x y/1.jpg,y", "train/0.jpg y/1.jpg", {"y/1.jpg": "y"}),  # whole names
        ("s/0.jpg,x 1.jpg,y", "s/0.jpg t/s/0.jpg 1.jpg", {"s/0.jpg": "x", "1.jpg": "y"}),
        ("a/b/0.jpg,x q,y", "0.jpg b/0.jpg q.jpg", {"b/0.jpg": "x", "q.jpg": "y"}),
    ],
)
def test_one_path_must_be_a_tail_of_the_other(tmp_path, rows_, pictures, labels):
    text = "file,label\n" + "\n".join(rows_.split()) + "\n"
    assert read(tmp_path, text, tuple(pictures.split()))[0] == labels


def test_rows_of_another_split_than_the_folder_is_called_match_nothing(tmp_path):
    for name, fits in (("train", False), ("val", True), ("photos", True)):
        (tmp_path / name).mkdir()
        labels, _ = read(
            tmp_path / name, "file,label\nval/0.jpg,x\nval/1.jpg,y\n", ("0.jpg", "1.jpg")
        )
        assert bool(labels) == fits


def test_what_found_no_partner_is_counted(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("file,label\na.jpg,x\nb.jpg,y\nc.jpg,y\ngone.jpg,x\nd.jpg,x\nd.jpg,y\n")
    notes = "\n".join(read_table(path, tmp_path, [f"{k}.jpg" for k in "abcdefg"]).notes)
    assert "1 of 6 rows of labels.csv name no picture of this folder, for example gone.jpg" in notes
    assert "3 of 7 pictures are not named in labels.csv" in notes
    assert "1 of 7 pictures is given two labels" in notes


@pytest.mark.parametrize("word", ["", "nan", "NaN", "None", "NA", "N/A", "<NA>", "null"])
def test_no_label_is_no_class(tmp_path, word):
    path = tmp_path / "labels.csv"
    path.write_text(f"file,label\na.jpg,x\nb.jpg,y\nc.jpg,{word}\n")
    found = read_table(path, tmp_path, ("a.jpg", "b.jpg", "c.jpg"))
    assert found.labels == {"a.jpg": "x", "b.jpg": "y"}
    assert "1 of 3 pictures is without a label in labels.csv" in found.notes[0]


def test_none_in_small_letters_is_a_word(tmp_path):
    assert read(tmp_path, "file,label\na.jpg,none\n", ("a.jpg",))[0] == {"a.jpg": "none"}


@pytest.mark.parametrize("bad", ['img3.jpg,"b', '"img3.jpg,b', 'img3.jpg,b"', 'img3.jpg",b'])
def test_a_stray_quotation_mark_costs_no_row(tmp_path, bad):
    path = tmp_path / "labels.csv"
    path.write_text(table("{n},{c}").replace("img3.jpg,b", bad))
    found = read_table(path, tmp_path, IMAGES)
    assert found.labels == ALTERNATING
    assert "1 line of labels.csv has a stray quotation mark" in found.notes[0]


def test_texts_of_several_lines_are_one_cell(tmp_path):
    text = table('{n},"old, ""red""\nand small",{c}', "file,remark,label")
    assert read(tmp_path, text, IMAGES) == (ALTERNATING, {})


@pytest.mark.parametrize(("on", "off"), [("1", "0"), ("1.0", "0.0"), ("True", "False")])
def test_a_column_for_each_class(tmp_path, on, off):
    lines = (
        f"{name},{on if c == 'a' else off},{on if c == 'b' else off}"
        for name, c in ALTERNATING.items()
    )
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(["image_id,a,b", *lines]))
    found = read_table(path, tmp_path, IMAGES)
    assert found.labels == ALTERNATING
    assert "a column for each class (2)" in found.notes[0]


@pytest.mark.parametrize("text", ["{k}\t{v}.0\t{n}", "{k},{v},{n}", "{n} {v} {w}", "{n},{v},{k}"])
def test_tables_of_numbers_without_a_header(tmp_path, text):
    """As MXNet lists and lists of one column for each class are written."""
    lines = (text.format(k=k, n=n, v=k % 2, w=1 - k % 2) for k, n in enumerate(IMAGES))
    labels, _ = read(tmp_path, "\n".join(lines), IMAGES)
    groups = {frozenset(n for n in labels if labels[n] == c) for c in set(labels.values())}
    assert groups == {frozenset(IMAGES[::2]), frozenset(IMAGES[1::2])}


def test_several_classes_at_once_are_refused(tmp_path):
    with pytest.raises(InputError, match="several classes at once"):
        read(tmp_path, table("{n},1,1", "image,cat,dog"), IMAGES)


@pytest.mark.parametrize("pair", [("cat", "cat "), ("Blu\u0308te", "Bl\u00fcte")])
def test_labels_read_as_one_are_said(tmp_path, pair):
    path = tmp_path / "labels.csv"
    path.write_text(f'file,label\na.jpg,"{pair[0]}"\nb.jpg,"{pair[1]}"\nc.jpg,dog\n')
    found = read_table(path, tmp_path, ("a.jpg", "b.jpg", "c.jpg"))
    assert len(set(found.labels.values())) == 2
    (note,) = found.notes
    assert ascii(pair[0]) in note
    assert ascii(pair[1]) in note


def test_a_table_with_too_many_rows_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "ROW_LIMIT", 5)
    with pytest.raises(InputError, match="more than 5 rows"):
        read(tmp_path, table("{n},{c}"), IMAGES)


def test_a_given_table_says_what_it_looks_for(tmp_path):
    (tmp_path / "a.jpg").touch()
    (tmp_path / "mine.csv").write_text("file,label\nx.jpg,1\ny.jpg,2\n")
    with pytest.raises(
        InputError, match=r"none of its 2 rows .* looks for x.jpg and y.jpg; here lie a"
    ):
        list_pictures(str(tmp_path / "mine.csv"))


@pytest.mark.parametrize(
    "text",
    [
        "file,label\ndog.png,dog\n" + "," * 2_000_000,
        "," * 2_000_000 + "\nfile,label\ndog.png,dog\n",
        "file,label\ndog.png,dog\n" + '"a\n",' * 400_000,
        "file,label\ndog.png,dog\n" + "\xe9," * 2_000_000,
        ("file,label\ndog.png,dog\n" + "," * 2_000_000).encode("utf-16"),
    ],
    ids=["last line", "first line", "over many lines", "in another encoding", "UTF-16"],
)
def test_a_row_that_does_not_end_is_refused_before_it_fills_the_memory(tmp_path, text):
    (tmp_path / "labels.csv").write_bytes(
        text if isinstance(text, bytes) else text.encode("latin-1")
    )
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="a row of more than 262,144 letters"):
            read_table(tmp_path / "labels.csv", tmp_path, PICTURES)
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()


def test_what_is_kept_of_a_table_goes_by_the_pictures_not_by_its_rows(tmp_path):
    text = "file,label\n" + "".join(f"dog.png,kind {k}\n" for k in range(100_000))
    (tmp_path / "labels.csv").write_text(text)
    tracemalloc.start()
    try:
        found = read_table(tmp_path / "labels.csv", tmp_path, PICTURES)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert (found.rows, found.matched, found.labels) == (100_000, 100_000, {})


def told(tmp_path, header, row, name="labels.csv"):
    """Labels and notes of a table with one row a picture; row: of the number and the name."""
    path = tmp_path / name
    path.write_text("\n".join([header, *(row(k, n) for k, n in enumerate(IMAGES))]))
    found = read_table(path, tmp_path, IMAGES)
    return found.labels, " ".join(found.notes), found


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_row_wider_than_the_heading_is_never_cut(tmp_path, mark):
    """Half of the labels hold the separator."""
    kinds = (f"Tomato{mark} early", "Potato")
    labels, notes, found = told(
        tmp_path, f"file{mark}label", lambda k, n: f"{n}{mark}{kinds[k % 2]}"
    )
    assert labels == dict.fromkeys(IMAGES[1::2], "Potato")
    assert f"{len(IMAGES[::2])} rows of labels.csv have more cells than the heading" in notes
    assert "Put quotes round" in found.skipped[0].reason


def test_a_separator_at_the_end_of_lines_is_no_cell(tmp_path):
    labels, notes, _ = told(tmp_path, "file,label", lambda k, n: f"{n},{'ab'[k % 2]},")
    assert labels == ALTERNATING
    assert "more cells" not in notes


def test_a_name_that_holds_the_separator_is_said_to(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("file,label\na,0.jpg,cat\nb.jpg,dog\nc.jpg,cat\n")
    found = read_table(path, tmp_path, ["a,0.jpg", "b.jpg", "c.jpg"])
    assert found.labels == {"b.jpg": "dog", "c.jpg": "cat"}
    assert "1 row of labels.csv has more cells than the heading and is left out." in found.notes[1]


def test_numbers_of_rows_without_a_heading_are_no_labels(tmp_path):
    """As R's write.table writes tables."""
    labels, _, _ = told(tmp_path, "file,label", lambda k, n: f"{k + 1},{n},{'ab'[k % 2]}")
    assert labels == ALTERNATING


@pytest.mark.parametrize("column", ["fold", "Split", "width", "MD5", "photographer", "is_train"])
def test_what_sorts_pictures_by_no_class_is_no_label(tmp_path, column):
    with pytest.raises(InputError, match="cannot tell which one says its class"):
        told(tmp_path, f"file,{column}", lambda k, n: f"{n},{k % 2}")
    labels, _, _ = told(tmp_path, f"file,{column},kind", lambda k, n: f"{n},{k % 2},{'ab'[k % 2]}")
    assert labels == ALTERNATING


def test_an_unknown_column_of_two_is_said_to_be_taken(tmp_path):
    labels, notes, found = told(tmp_path, "file,material", lambda k, n: f"{n},{'ab'[k % 2]}")
    assert labels == ALTERNATING
    assert "Column 'material' of labels.csv is taken as the class." in notes
    assert not found.known


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("file,flip,blurry", lambda k: f"{k % 2},{k // 2 % 2}"),  # as often both or none
        ("file,grade_kl,side", lambda k: f"{k % 3},{'LR'[k % 2]}"),
        ("file,angle,blurry,material", lambda k: f"{k % 3},{k // 2 % 2},{'xy'[k % 2]}"),
    ],
)
def test_where_several_columns_may_be_the_class_it_asks(tmp_path, header, cells):
    with pytest.raises(InputError, match="cannot tell which one says its class"):
        told(tmp_path, header, lambda k, n: f"{n},{cells(k)}")


def test_a_weak_name_says_what_else_the_class_could_be(tmp_path):
    labels, notes, _ = told(
        tmp_path, "file,tag,material", lambda k, n: f"{n},day{k // 2 % 2},{'ab'[k % 2]}"
    )
    assert set(labels.values()) == {"day0", "day1"}
    assert "though 'material' could be it too" in notes
    labels, notes, _ = told(tmp_path, "file,type,material", lambda k, n: f"{n},jpg,{'ab'[k % 2]}")
    assert labels == ALTERNATING
    assert "Column 'material'" in notes


def test_two_columns_of_one_name_are_said(tmp_path):
    labels, notes, _ = told(
        tmp_path, "file,label,label", lambda k, n: f"{n},{'ab'[k % 2]},{k // 2 % 2}"
    )
    assert labels == ALTERNATING
    assert "two columns called 'label'; the first is taken" in notes


@pytest.mark.parametrize("row", ["{n} black {c}", "{n}: black {c}", "{n}\tblack {c}"])
def test_a_text_of_paths_with_labels_of_several_words(tmp_path, row):
    path = tmp_path / "labels.txt"
    path.write_text("\n".join(row.format(n=n, c=c) for n, c in ALTERNATING.items()))
    labels = read_table(path, tmp_path, IMAGES).labels
    assert labels == {n: f"black {c}" for n, c in ALTERNATING.items()}


def test_a_column_of_words_beside_flags_is_the_class(tmp_path):
    labels, notes, _ = told(
        tmp_path,
        "file,flip,blurry,material",
        lambda k, n: f"{n},{k % 2},{k // 2 % 2},{'ab'[k % 2]}",
    )
    assert labels == ALTERNATING
    assert "Column 'material'" in notes


def test_rows_with_several_classes_are_not_said_to_have_none(tmp_path):
    """Of a column for each of three classes the third row has two."""
    marks = {0: "1,0,0", 1: "0,1,0", 2: "1,1,0", 3: "0,0,1", 4: "1,0,0", 5: "0,1,0"}
    _, notes, found = told(tmp_path, "file,a,b,c", lambda k, n: f"{n},{marks[k]}")
    assert found.labels == {
        IMAGES[k]: "abc"[m.split(",").index("1")] for k, m in marks.items() if k != 2
    }
    assert "1 of 6 pictures is given several classes at once in labels.csv" in notes


@pytest.mark.parametrize(
    ("asked", "here"),
    [
        ("{}", "{:04d}.png"),
        ("{}.png", "{:04d}.png"),
        ("{}.0", "{}.png"),
        ("{}.dcm", "{}.png"),
        ("a/{}.dcm", "a/{}.jpg"),
        ("{}.JPG", "{:03d}.png"),
    ],
)
def test_names_that_differ_in_zeros_or_ending_are_meant_and_that_is_said(tmp_path, asked, here):
    rows = "".join(f"{asked.format(i)},{'ab'[i % 2]}\n" for i in range(8))
    (tmp_path / "labels.csv").write_text(f"id,label\n{rows}")
    names = [here.format(i) for i in range(8)]
    read = read_table(tmp_path / "labels.csv", tmp_path, names)
    assert read.labels == {name: "ab"[i % 2] for i, name in enumerate(names)}
    assert "8 rows name a picture but for its ending or the zeros before a number" in read.notes[0]


def test_a_name_as_it_is_written_comes_first(tmp_path):
    (tmp_path / "labels.csv").write_text("id,label\n1.png,a\n01.png,b\n002.png,c\n")
    read = read_table(tmp_path / "labels.csv", tmp_path, ["1.png", "01.png", "2.png", "2.jpg"])
    assert read.labels == {"1.png": "a", "01.png": "b"}
    assert read.missing == ("002.png",)


@pytest.mark.parametrize("form", ['="{}"', '"=""{}"""'])
def test_a_formula_that_keeps_a_text_is_that_text(tmp_path, form):
    rows = "".join(f"{form.format(f'{i:03d}')},{form.format('ab'[i % 2])}\n" for i in range(4))
    (tmp_path / "labels.csv").write_text(f"id,label\n{rows}")
    names = [f"{i:03d}.png" for i in range(4)]
    read = read_table(tmp_path / "labels.csv", tmp_path, names)
    assert read.labels == {name: "ab"[i % 2] for i, name in enumerate(names)}
    assert read.notes == ()


def test_of_one_name_in_two_parts_that_of_the_tables_own_part_is_meant(tmp_path):
    names = [f"{part}/{i}.png" for part in ("train", "test") for i in range(4)]
    rows = "".join(f"{i}.png,{'ab'[i % 2]}\n" for i in range(4))
    for stem in ("train", "labels"):
        (tmp_path / f"{stem}.csv").write_text(f"file,label\n{rows}")
    read = read_table(tmp_path / "train.csv", tmp_path, names)
    assert read.labels == {f"train/{i}.png": "ab"[i % 2] for i in range(4)}
    assert read_table(tmp_path / "labels.csv", tmp_path, names).labels == {}


@pytest.mark.parametrize(
    ("column", "values", "folders"),
    [
        ("split", ("train", "test"), ("train", "test")),
        ("Set", ("Training", "valid"), ("train", "val")),
        ("fold", ("0", "1"), ("fold0", "fold_1")),
    ],
)
def test_of_one_name_in_two_parts_that_of_the_row_s_part_is_meant(
    tmp_path, column, values, folders
):
    names = [f"{folder}/{i}.png" for folder in folders for i in range(4)]
    rows = [(i, part, "ab"[(i + part) % 2]) for part in (0, 1) for i in range(4)]
    lines = "".join(f"{i}.png,{label},{values[part]}\n" for i, part, label in rows)
    (tmp_path / "labels.csv").write_text(f"file,label,{column}\n{lines}")
    read = read_table(tmp_path / "labels.csv", tmp_path, names)
    assert read.labels == {f"{folders[part]}/{i}.png": label for i, part, label in rows}
    (tmp_path / "labels.csv").write_text(
        f"file,label,{column}\n{lines}".replace(f",{values[1]}\n", ",x\n")
    )
    assert len(read_table(tmp_path / "labels.csv", tmp_path, names).labels) == 4


def test_numbers_of_rows_are_no_class(tmp_path):
    rows = "".join(f"{i % 2},{i}.png,{'ab'[i // 4]}\n" for i in range(8))
    (tmp_path / "t.csv").write_text(f"Unnamed: 0,file,kind\n{rows}")
    read = read_table(tmp_path / "t.csv", tmp_path, [f"{i}.png" for i in range(8)])
    assert set(read.labels.values()) == {"a", "b"}
