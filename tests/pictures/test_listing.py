"""Folders as people have them become the right classes; everything left aside is named with its
reason.
"""

import os
import re
import types

import numpy as np
import pytest

from srcsel.base.errors import InputError, UnknownNameError
from srcsel.pictures import bundled
from srcsel.pictures.listing import list_pictures


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("SRCSEL_HOME", str(folder))
    return folder


def fill(folder, *names, content=b"x"):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def aside(listing):
    return {u.path: u.reason for u in listing.skipped}


def refusal(ref):
    with pytest.raises(InputError) as caught:
        list_pictures(str(ref))
    return str(caught.value)


def test_a_folder_per_class(tmp_path):
    leaves = fill(
        tmp_path / "leaves",
        "rust/b.jpg",
        "rust/a.PNG",
        "mildew/deeper/still/1.jpeg",
        "healthy/x.webp",
    )
    found = list_pictures(str(leaves))
    assert found.paths == (
        "healthy/x.webp",
        "mildew/deeper/still/1.jpeg",
        "rust/a.PNG",
        "rust/b.jpg",
    )
    assert found.classes == ("healthy", "mildew", "rust")
    assert found.labels.tolist() == [0, 1, 2, 2]
    assert found.labels.dtype == np.int64
    assert (found.name, found.folder, found.ref) == ("leaves", leaves, str(leaves))
    assert (found.label_source, found.skipped) == ("folder names", ())


def test_what_is_left_aside_and_what_is_not_worth_a_word(tmp_path):
    fill(
        tmp_path,
        "a/1.jpg",
        "b/2.jpg",
        "a/photo.HEIC",
        "a/raw.CR2",
        "b/clip.mp4",
        "b/noending",
        "b/odd.xyz",
        "loose.jpg",
    )
    fill(
        tmp_path,
        "a/Thumbs.db",
        "a/.DS_Store",
        "notes.txt",
        "__MACOSX/a/._1.jpg",
        ".git/x.jpg",
        "b/desktop.ini",
    )
    os.mkfifo(tmp_path / "a" / "pipe.jpg")
    (tmp_path / "a" / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "a" / "self.jpg").symlink_to(tmp_path / "a" / "self.jpg")
    found = list_pictures(str(tmp_path))
    reasons = aside(found)
    assert found.paths == ("a/1.jpg", "b/2.jpg")
    assert set(reasons) == {
        *("a/photo.HEIC", "a/raw.CR2", "b/clip.mp4", "b/noending", "b/odd.xyz", "loose.jpg"),
        *("a/pipe.jpg", "a/gone.jpg", "a/self.jpg"),
    }
    assert "JPEG" in reasons["a/photo.HEIC"]
    assert "film" in reasons["b/clip.mp4"]
    assert ".xyz" in reasons["b/odd.xyz"]
    assert "outside the class folders" in reasons["loose.jpg"]
    assert [u.path for u in found.skipped] == sorted(reasons)


def test_names_that_cannot_be_shown_are_left_aside(tmp_path):
    fill(tmp_path, "a/1.jpg", "b/2.jpg", "b/Blüte.jpg", "c/新しい 花.png")
    (tmp_path / "a" / os.fsdecode(b"\xff.jpg")).touch()
    found = list_pictures(str(tmp_path))
    assert "b/Blüte.jpg" in found.paths
    assert "c/新しい 花.png" in found.paths
    assert list(aside(found)) == ["a/?.jpg"]


def test_links_to_folders_are_followed_once(tmp_path):
    fill(tmp_path / "elsewhere", "1.jpg")
    fill(tmp_path / "set", "a/1.jpg", "b/1.jpg")
    (tmp_path / "set" / "c").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "a" / "up").symlink_to(tmp_path / "set")
    found = list_pictures(str(tmp_path / "set"))
    assert found.paths == ("a/1.jpg", "b/1.jpg", "c/1.jpg")
    assert list(aside(found)) == ["a/up"]


def test_wrapper_folders_are_looked_through(tmp_path):
    fill(
        tmp_path / "flowers",
        "flowers-main/data/rose/1.jpg",
        "flowers-main/data/tulip/2.jpg",
        "flowers-main/x.heic",
    )
    found = list_pictures(str(tmp_path / "flowers"))
    assert found.folder == tmp_path / "flowers" / "flowers-main" / "data"
    assert (found.name, found.classes, found.paths) == (
        "flowers",
        ("rose", "tulip"),
        ("rose/1.jpg", "tulip/2.jpg"),
    )
    assert list(aside(found)) == ["../x.heic"]


def test_a_single_class_is_a_listing_all_the_same(tmp_path):
    assert list_pictures(str(fill(tmp_path, "only/1.jpg", "only/2.jpg"))).classes == ("only",)


def test_a_wrapped_table(tmp_path):
    fill(tmp_path, "set/images/1.jpg", "set/images/2.jpg")
    (tmp_path / "set" / "labels.csv").write_text("file,label\n1.jpg,x\n2.jpg,y\n")
    found = list_pictures(str(tmp_path))
    assert found.folder == tmp_path / "set"
    assert (found.paths, found.classes) == (("images/1.jpg", "images/2.jpg"), ("x", "y"))
    assert found.label_source == "labels.csv"


def test_a_table_may_be_named_itself(tmp_path):
    fill(tmp_path, "1.jpg", "2.jpg")
    (tmp_path / "first.csv").write_text("file,label\n1.jpg,x\n2.jpg,y\n")
    (tmp_path / "second.csv").write_text("file,label\n1.jpg,y\n2.jpg,z\n")
    assert "Call the one with the labels labels.csv" in refusal(tmp_path)
    found = list_pictures(str(tmp_path / "second.csv"))
    assert (found.classes, found.ref) == (("y", "z"), str(tmp_path / "second.csv"))


def test_a_table_about_something_else_leaves_the_folders_in_charge(tmp_path):
    fill(tmp_path, "a/1.jpg", "a/2.jpg", "b/3.jpg")
    (tmp_path / "weights.csv").write_text("day,grams\n1,2\n")
    found = list_pictures(str(tmp_path))
    assert found.classes == ("a", "b")
    assert "It was not used" in aside(found)["weights.csv"]
    (tmp_path / "weights.csv").write_text("file,label\na/1.jpg,odd\n")
    assert list_pictures(str(tmp_path)).classes == ("a", "b")
    assert "it labels 1 of the 3 pictures" in list_pictures(str(tmp_path)).notes[0]
    (tmp_path / "weights.csv").rename(tmp_path / "labels.csv")
    assert list_pictures(str(tmp_path)).classes == ("odd",)


def test_a_useless_table_without_class_folders_is_an_error(tmp_path):
    fill(tmp_path, "1.jpg")
    (tmp_path / "t.csv").write_text("a,b,c\n1,2,3\n")
    assert "'file' and 'label'" in refusal(tmp_path)
    (tmp_path / "t.csv").write_text("file,label\nmissing.jpg,rose\n")
    assert "missing.jpg" in refusal(tmp_path)


def test_pasted_paths(tmp_path, monkeypatch):
    folder = fill(tmp_path / "my pictures", "a/1.jpg", "b/2.jpg")
    for text in (f' "{folder}" ', f"'{folder}'", f"{folder}/", f"file://{tmp_path}/my%20pictures"):
        assert list_pictures(text).ref == str(folder)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert list_pictures("~/my pictures").ref == str(folder)
    assert list_pictures("my pictures").ref == str(folder)


def test_wrong_paths_name_what_they_may_mean_and_nothing_else(tmp_path):
    fill(tmp_path / "flowers", "rose/1.jpg")
    fill(tmp_path / "Holiday", "1.jpg")
    wrong = tmp_path / "flwers" / "rose"
    right = tmp_path / "flowers" / "rose"
    assert refusal(wrong) == (
        f"I cannot open {wrong}: there is no such folder. Did you mean {right}? Copy the folder's"
        " path again."
    )
    assert f"Did you mean {tmp_path / 'flowers'}?" in refusal(tmp_path / "flwers" / "tulip")
    assert f"Did you mean {tmp_path / 'Holiday'}?" in refusal(tmp_path / "HOLIDAYS")
    far = tmp_path / "beetles"
    assert refusal(far) == (
        f"I cannot open {far}: there is no such folder. Copy the folder's path again."
    )
    deep = tmp_path.joinpath(*["a folder with a name of some length"] * 6)
    assert f"I cannot open {deep}: there" in refusal(deep)
    assert "is a file" in refusal(tmp_path / "flowers" / "rose" / "1.jpg")
    assert "No folder was chosen" in refusal("  ")
    assert "Copy the path again" in refusal("a\0b")


def test_empty_and_flat_folders(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "There are no pictures" in refusal(tmp_path / "empty")
    (tmp_path / "empty" / "a.gz").write_bytes(b"")
    assert "I see 1 .gz file. " in refusal(tmp_path / "empty")
    fill(tmp_path / "phone", "a/1.heic", "a/2.heic", "b/3.dng")
    said = refusal(tmp_path / "phone")
    assert "2 .heic, 1 .dng" in said
    fill(tmp_path / "flat", "1.jpg", "2.jpg")
    said = refusal(tmp_path / "flat")
    assert "I see 2 pictures but no class folders" in said
    assert "labels.csv" in said


def test_folders_that_may_not_be_opened(tmp_path, monkeypatch):
    fill(tmp_path, "a/1.jpg", "b/2.jpg")
    real = os.scandir

    def locked(path):
        if str(path).endswith("/b"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", locked)
    found = list_pictures(str(tmp_path))
    assert (found.classes, list(aside(found))) == (("a",), ["b"])
    assert "'b' (This folder cannot be opened: Permission denied)" in found.notes[0]
    assert "Permission denied" in refusal(tmp_path / "b")


def test_demo_targets_are_written_once(home, monkeypatch):
    written = []

    def write_target(name, folder):
        if not folder.is_dir():
            written.append(name)
            fill(folder, "a/1.jpg", "b/2.jpg")
        return folder

    fake = types.SimpleNamespace(
        TARGETS={"tiny": types.SimpleNamespace(title="Tiny things")},
        VERSION="7",
        write_target=write_target,
    )
    monkeypatch.setattr(bundled, "targets", fake, raising=False)
    for _ in range(2):
        found = list_pictures("demo:tiny")
    assert (written, found.name, found.ref) == (["tiny"], "Tiny things", "demo:tiny")
    assert found.folder == home / "public" / "demo-tiny-7"
    with pytest.raises(UnknownNameError, match="tiny"):
        list_pictures("demo:tyni")


def test_public_sets_that_are_not_here(home):
    assert "not on this computer yet" in refusal("public:DTD")
    with pytest.raises(UnknownNameError, match="DTD"):
        list_pictures("public:DTDD")


def test_listing_many_files_opens_and_asks_about_none(tmp_path, monkeypatch):
    """No system call a file: 2,000 files in four folders cost four scans."""
    for name in "abcd":
        fill(tmp_path, *(f"{name}/{k}.jpg" for k in range(500)))
    calls = []
    real = os.stat
    monkeypatch.setattr(os, "stat", lambda *a, **k: calls.append(a) or real(*a, **k))
    assert len(list_pictures(str(tmp_path)).paths) == 2000
    assert len(calls) < 20


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("1.npy", "PNG"),
        ("1.mat", "PNG"),
        ("1.heic", "JPEG"),
        ("1.svg", "PNG"),
        ("1.dcm", "PNG"),
        ("1.nii", "PNG"),
        ("1.nii.gz", "Medical"),
        ("1.psd", "JPEG or PNG"),
        ("1.raw", "JPEG"),
        ("1.czi", "PNG"),
    ],
)
def test_a_class_of_files_that_are_no_pictures_is_named_with_the_reason(tmp_path, name, what):
    fill(tmp_path, "cat/1.jpg", "dog/1.jpg", f"owl/{name}")
    found = list_pictures(str(tmp_path))
    ending = name.removeprefix("1")
    assert found.notes == (
        f"The folder 'owl' (1 {ending}) holds no picture that can be read, so it is no class.",
    )
    assert what in aside(found)[f"owl/{name}"]


def test_empty_class_folders_are_named(tmp_path):
    fill(tmp_path, "cat/1.jpg", "dog/1.jpg", "emu/notes.txt")
    (tmp_path / "owl" / "deep").mkdir(parents=True)
    assert list_pictures(str(tmp_path)).notes == (
        "The folders 'emu' (1 .txt) and 'owl' (empty) hold no picture that can be read: they are no"
        " classes.",
    )


def test_a_wrapper_with_an_unrelated_table_is_looked_through(tmp_path):
    fill(tmp_path, "set/cat/1.jpg", "set/dog/1.jpg")
    (tmp_path / "about.csv").write_text("day,grams\n1,2\n")
    found = list_pictures(str(tmp_path))
    assert found.classes == ("cat", "dog")
    assert "about.csv was not used" in found.notes[0]


def test_a_table_without_pictures_says_what_lies_there_instead(tmp_path):
    fill(tmp_path, "a/1.npy", "a/2.npy")
    (tmp_path / "labels.csv").write_text("file,label\n1.npy,x\n")
    said = refusal(tmp_path)
    assert "There are no pictures" in said
    assert "2 .npy files" in said
    assert "Save each picture in it as PNG" in said
    assert "labels.csv lies here without the pictures that it may name" in said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("all.7z", "It is a packed folder. Unpack it first."),
        ("all.tar.xz", "It is a packed folder. Unpack it first."),
        ("labels.xlsx", "Save it as CSV (UTF-8)."),
        ("labels.jsonl", "Save the labels as CSV (file,label)."),
        ("notes.doc", "is a file. Choose the folder"),
    ],
)
def test_a_file_in_place_of_a_folder_is_said_with_what_to_do(tmp_path, name, said):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match=re.escape(said)):
        list_pictures(str(tmp_path / name))
