"""Tables as Excel, Kaggle and people write them."""

import pytest

from srcsel.base.errors import InputError
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
