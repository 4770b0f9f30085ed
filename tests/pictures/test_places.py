"""Walking the folders one may open: what is shown, what is not followed, how pictures are
counted.
"""

import time

import pytest

from srcsel.base.errors import InputError
from srcsel.pictures import places
from srcsel.pictures.places import Count


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """shared/ is the only root; links lead out of it and round within it."""
    monkeypatch.setenv("SRCSEL_HOME", str(tmp_path / "home"))
    shared, secret = tmp_path / "shared", tmp_path / "secret"
    for folder in (shared / "Zebra", shared / "ant" / "deep", shared / ".hidden", secret / "in"):
        folder.mkdir(parents=True)
    for i in range(5):
        (shared / "ant" / "deep" / f"{i}.JPG").touch()
    (shared / "ant" / "notes.txt").touch()
    (secret / "in" / "s.png").touch()
    (shared / "out").symlink_to(secret)
    (shared / "round").symlink_to(shared / "ant")
    (shared / "nowhere").symlink_to(tmp_path / "gone")
    (shared / "Zebra" / "out").symlink_to(secret)
    monkeypatch.setenv("SRCSEL_ROOTS", str(shared))
    return shared


def names(found) -> list[str]:
    return [path.name for path in found]


def soon() -> float:
    return time.monotonic() + 60


def test_only_what_may_be_opened_is_shown_by_name(tree):
    assert names(places.inside(tree)) == ["ant", "round", "Zebra"]
    assert names(places.inside(tree / "Zebra")) == []


@pytest.mark.parametrize("where", ["..", "out", "../secret", "/"])
def test_no_way_leads_out(tree, where):
    with pytest.raises(InputError, match="outside what the pages may open"):
        places.inside(tree / where)


def test_the_way_begins_at_the_root(tree):
    assert places.starts() == [tree]
    assert places.way_to(tree / "ant" / "deep") == [tree, tree / "ant", tree / "ant" / "deep"]


def test_where_nothing_may_be_opened_nothing_is_offered(tree, monkeypatch):
    monkeypatch.setenv("SRCSEL_ROOTS", "nowhere")
    assert places.starts() == []
    with pytest.raises(InputError, match="opens no folders"):
        places.inside(tree)


def test_the_work_folder_is_not_shown_where_a_root_lies_around_it(tree, monkeypatch, tmp_path):
    (tmp_path / "home" / "jobs").mkdir(parents=True)
    monkeypatch.setenv("SRCSEL_ROOTS", str(tmp_path))
    assert names(places.inside(tmp_path)) == ["secret", "shared"]


def test_pictures_are_counted_below_without_following_links(tree):
    assert places.count(tree / "ant", soon()) == Count(5, whole=True)
    assert places.count(tree, soon()) == Count(5, whole=True)
    assert places.count(tree / "Zebra", soon()) == Count(0, whole=True)


def test_counting_is_bounded_in_entries_and_time(tree):
    found = places.count(tree / "ant", soon(), most=4)
    assert not found.whole
    assert found.pictures <= 4
    assert places.count(tree, time.monotonic() - 1) is None
