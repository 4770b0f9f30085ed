import os
from pathlib import Path

import pytest

from srcsel.base import paths
from srcsel.base.errors import InputError, MissingPathError


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "  {}\t\n",
        "'{}'",
        '"{}"',
        "\"' {} '\"",
        "“{}”",
        "\u202a{}\u202c",
        "\ufeff{}",
        "{}/",
        "{}///",
        "{}/.",
        "file://{}",
        "FILE://{}",
        "file://localhost{}",
        "file:{}",
        "' file://{} '",
    ],
)
def test_every_spelling_of_a_path_is_the_same_path(text):
    assert paths.typed(text.format("/data/my leaves")) == Path("/data/my leaves")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("file:///a%20b", "/a b"),
        ("file:///a%2520b", "/a%20b"),  # read once, not twice
        ("/a%20b", "/a%20b"),  # only addresses have escapes
        ("file:///a#1?x", "/a#1?x"),
        ("file:///caf%C3%A9", "/café"),
        ("file:///caf%E9", os.fsdecode(b"/caf\xe9")),
        ("/rock'n'", "/rock'n'"),  # quotes are taken off where the text begins with one
        ("~", "/home/me"),
        ("'~/x'", "/home/me/x"),
        ("x/y", "/here/x/y"),
        ("files", "/here/files"),
        ("/a/../b", "/a/../b"),  # what ".." means, only the disk knows: /a may be a link
    ],
)
def test_a_text_is_read_as(monkeypatch, text, path):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setattr(os, "getcwd", lambda: "/here")
    assert str(paths.typed(text)) == path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "No folder was chosen"),
        (" '' ", "No folder was chosen"),
        ("/a\0b", "too long or cannot be one"),
        ("file:///a%00b", "too long or cannot be one"),
        ("/" + "a" * 256, "too long or cannot be one"),
        ("/" + "é" * 128, "too long or cannot be one"),  # 256 bytes
        ("/abc" * 1025, "too long or cannot be one"),
        ("/\ud800", "letters that no file's name can have"),
        ("~nobody-of-this-name/x", "Copy the path again"),
        ("file://[", "no address of a file"),
        ("file://[::1/x", "no address of a file"),
        ("file://server/share", "lies on another computer, server"),
        ("file://%2e%2e/etc", "lies on another computer, %2e%2e"),
        (r"C:\Users\me\leaves", "a path of a Windows computer"),
        ("'d:/leaves'", "a path of a Windows computer"),
        (r"\\server\share\leaves", "a path of a Windows computer"),
    ],
)
def test_what_can_be_no_path_is_said_in_words(text, said):
    with pytest.raises(InputError, match=said):
        paths.typed(text)


def test_a_sentence_about_a_very_long_text_stays_short():
    with pytest.raises(InputError) as caught:
        paths.typed("file://" + "[" * 100_000)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("text", ["/" + "leaves/" * 50 + "a", "C:/" + "leaves" * 50])
def test_a_path_is_repeated_whole(text):
    with pytest.raises(InputError) as caught:
        paths.opened(text)
    assert text in str(caught.value)


def test_links_are_followed_once_and_before_dots(tmp_path):
    (tmp_path / "far" / "inner").mkdir(parents=True)
    (tmp_path / "far" / "x").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "inner")
    assert paths.opened(f"{tmp_path}/link") == tmp_path / "far" / "inner"
    assert paths.opened(f"{tmp_path}/link/../x") == tmp_path / "far" / "x"


def test_what_is_not_there_is_told_from_what_may_not_be_opened(tmp_path, monkeypatch):
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for name in ("gone", "gone/../gone", "circle", "circle/x"):
        with pytest.raises(MissingPathError):
            paths.opened(f"{tmp_path}/{name}")
    monkeypatch.setenv("SRCSEL_ROOTS", str(tmp_path / "open"))
    for name in ("gone", "circle", "circle/x", "open/../gone"):
        with pytest.raises(InputError, match="outside what the pages may open"):
            paths.opened(f"{tmp_path}/{name}")
    with pytest.raises(MissingPathError):
        paths.opened(f"{tmp_path}/open/gone")


@pytest.mark.parametrize("name", ["plain", "ends with blank ", "ends with'", "a\\ b", "%20", "~"])
def test_what_was_opened_is_read_as_itself_again(tmp_path, name):
    (tmp_path / name).mkdir()
    assert paths.typed(paths.written(tmp_path / name)) == tmp_path / name


def test_a_lasting_reference_names_a_set_or_a_path_without_links(tmp_path, monkeypatch):
    (tmp_path / "a b").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a b")
    monkeypatch.chdir(tmp_path)
    for text in ("a b", "'a b'", "link/", f"file://{tmp_path}/a%20b"):
        assert paths.lasting(text) == str(tmp_path / "a b")
    assert paths.lasting(" 'demo:digits' ") == "demo:digits"
    assert paths.lasting("not there") == "not there"
