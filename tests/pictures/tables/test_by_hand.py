"""Tables as people and labelling programs write them: each row is read as it is meant."""

import pytest

from srcsel.base.errors import InputError
from srcsel.pictures.listing import list_pictures


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SRCSEL_HOME", str(tmp_path_factory.mktemp("home")))


def fill(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def told(folder, text, names=tuple(f"{k}.jpg" for k in range(6))):
    """The label of each picture by a table, in the order of their paths, and what is said."""
    fill(folder, *names)
    (folder / "labels.csv").write_text(text)
    found = list_pictures(str(folder))
    return [found.classes[k] for k in found.labels], " ".join(found.notes)


def lines(heading, row):
    return "\n".join([heading, *(row(k) for k in range(6))])


@pytest.mark.parametrize(("on", "off"), [("x", ""), ("yes", "no"), ("ja", "nein"), ("✓", "-")])
def test_a_mark_by_hand_says_the_class(on, off, tmp_path):
    rows = lines("file,cat,dog", lambda k: f"{k}.jpg,{(on, off)[k % 2]},{(off, on)[k % 2]}")
    assert told(tmp_path, rows)[0] == ["cat", "dog"] * 3


@pytest.mark.parametrize(
    "form", ["['{}']", '["{}"]', "[{}]", '{{"class": "{}"}}', '{{"a": [["{}"]]}}']
)
def test_what_stands_alone_in_brackets_is_the_label(form, tmp_path):
    cells = [form.format(name).replace('"', '""') for name in ("cat", "dog")]
    labels, said = told(tmp_path, lines("file,label", lambda k: f'{k}.jpg,"{cells[k % 2]}"'))
    assert labels == ["cat", "dog"] * 3
    assert f"read without them: {form.format('cat')} as 'cat'" in said


def test_several_in_brackets_stay_as_they_are(tmp_path):
    labels, _ = told(tmp_path, lines("file,label", lambda k: f"{k}.jpg,\"['a', 'b{k % 2}']\""))
    assert labels[:2] == ["['a', 'b0']", "['a', 'b1']"]


def test_a_column_with_label_in_its_name(tmp_path):
    rows = lines("Image,Finding Labels,View", lambda k: f"{k}.jpg,{'ab'[k % 2]},{'xy'[k // 3]}")
    assert told(tmp_path, rows)[0] == ["a", "b"] * 3
    rows = lines("Image,label one,label two", lambda k: f"{k}.jpg,{'ab'[k % 2]},{'xy'[k // 3]}")
    with pytest.raises(InputError, match="cannot tell which one says its class"):
        told(tmp_path, rows)


def test_of_a_number_and_its_word_the_word_is_the_class(tmp_path):
    rows = lines("file,label,label_name", lambda k: f"{k}.jpg,{k % 2},{('cat', 'dog')[k % 2]}")
    assert told(tmp_path, rows)[0] == ["cat", "dog"] * 3
    rows = lines("file,label,label_name", lambda k: f"{k}.jpg,{k % 3},{('cat', 'dog')[k % 2]}")
    assert told(tmp_path, rows)[0] == ["0", "1", "2"] * 2


def test_the_folder_in_a_column_of_its_own(tmp_path):
    names = [f"s{k % 2}/{k // 2}.jpg" for k in range(6)]
    rows = lines("folder,file,label", lambda k: f"s{k % 2},{k // 2}.jpg,{'ab'[k // 3]}")
    assert told(tmp_path, rows, names)[0] == ["a", "a", "b", "a", "b", "b"]  # s0/0, s0/1 ...


def test_a_title_above_the_table(tmp_path):
    rows = lines("My leaves of 2024,,\n,,\nfile,label,note", lambda k: f"{k}.jpg,{'ab'[k % 2]},")
    assert told(tmp_path, rows) == (["a", "b"] * 3, "")
    index = lines(",label", lambda k: f"{k}.jpg,{'ab'[k % 2]}")  # as pandas writes one of names
    assert told(tmp_path, index)[0] == ["a", "b"] * 3
    other = lines("file;label", lambda k: f'{k}.jpg;"{"ab"[k % 2]}, x"')
    assert told(tmp_path, other)[0] == ["a, x", "b, x"] * 3


def test_names_as_label_studio_writes_them(tmp_path):
    names = [f"images/{k}.jpg" for k in range(6)]
    rows = lines("image,choice", lambda k: f"/data/upload/1/{k}{k}{k}{k}abcd-{k}.jpg,{'ab'[k % 2]}")
    labels, said = told(tmp_path, rows, names)
    assert labels == ["a", "b"] * 3
    assert "names another folder than 'images'" in said


def test_only_a_folder_whose_name_says_nothing_may_be_called_otherwise(tmp_path):
    rows = lines("file,label", lambda k: f"session2/{k}.jpg,{'ab'[k % 2]}")
    with pytest.raises(InputError, match="It looks for session2/0"):
        told(tmp_path, rows, [f"session1/{k}.jpg" for k in range(6)])
