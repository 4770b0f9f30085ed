"""Zips people handed in: whose they are, how much they may take, when they go."""

import io
import os
import time
import zipfile

import pytest

from srcsel.base.errors import QuotaError, UnknownNameError
from srcsel.base.settings import load_settings
from srcsel.pictures import uploads
from srcsel.pictures.archive import BLOCK
from srcsel.runs import trying


@pytest.fixture
def hand_in(work_folder, tmp_path):
    """hand_in("one", "ada"): a zip of one picture of 1,000 bytes, named by its content."""

    def keep(word: str, person: str = ""):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as file:
            file.writestr("a/1.jpg", word.encode() * (1000 // len(word)))
        path = tmp_path / "in.zip"
        path.write_bytes(packed.getvalue())
        return uploads.keep(path, f"{word}.zip", person)

    return keep


def test_the_same_zip_is_there_once_for_all_who_handed_it_in(hand_in):
    folder = hand_in("word", "ada")
    assert (folder / "a" / "1.jpg").stat().st_size == 1000
    assert hand_in("word", "bob") == hand_in("word", "ada") == folder
    (one,) = uploads.listed()
    assert (one.name, one.people, one.size) == ("word", ("ada", "bob"), 1000 + 2 * BLOCK)
    uploads.remove(one.id, "ada")
    assert folder.is_dir()  # Bob's still
    uploads.remove(one.id, "bob")
    assert (folder.exists(), uploads.listed()) == (False, [])
    with pytest.raises(UnknownNameError):
        uploads.remove(one.id, "bob")
    with pytest.raises(UnknownNameError):
        uploads.remove("../runs")


def test_who_runs_the_dashboard_removes_for_all(hand_in):
    folder = hand_in("word", "ada")
    hand_in("word", "bob")
    uploads.remove(folder.parent.name)
    assert not folder.exists()


def test_more_than_one_person_or_all_may_have_is_refused_in_words(hand_in, monkeypatch):
    each = (1000 + 2 * BLOCK) / 1e9
    monkeypatch.setenv("SRCSEL_MOST_UPLOADS", str(1.5 * each))
    monkeypatch.setenv("SRCSEL_MOST_UPLOADS_ALL", str(2.5 * each))
    hand_in("word", "ada")
    with pytest.raises(QuotaError, match=r"Your uploads take .*one .*SRCSEL_MOST_UPLOADS\)"):
        hand_in("wolf", "ada")
    hand_in("wolf", "bob")
    with pytest.raises(QuotaError, match=r"uploads of all people .*SRCSEL_MOST_UPLOADS_ALL\)"):
        hand_in("wall", "eve")
    assert len(uploads.listed()) == 2
    uploads.remove(uploads.listed()[0].id)
    hand_in("wall", "eve")


def test_what_nobody_used_for_long_goes_and_what_is_used_stays(hand_in, monkeypatch):
    old, used = hand_in("old", "ada"), hand_in("used", "ada")
    now = time.time()
    monkeypatch.setattr(uploads.time, "time", lambda: now + 20 * uploads.DAY)
    uploads.touch(str(used))
    uploads.touch("demo:digits")
    uploads.touch(str(load_settings().uploads))
    monkeypatch.setattr(uploads.time, "time", lambda: now + 31 * uploads.DAY)
    uploads.sweep()
    assert (old.exists(), used.exists()) == (False, True)
    monkeypatch.setenv("SRCSEL_UPLOAD_DAYS", "none")
    monkeypatch.setattr(uploads.time, "time", lambda: now + 9999 * uploads.DAY)
    uploads.sweep()
    assert used.exists()


def test_uploads_of_before_have_a_size_and_belong_to_nobody(work_folder):
    folder = load_settings().uploads / "0123456789abcdef" / "leaves"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "1.jpg").write_bytes(b"x" * 100)
    (one,) = uploads.listed()
    assert (one.folder, one.people) == (folder, ())
    assert one.size >= 100 + 2 * BLOCK
    assert (one.until - time.time()) / uploads.DAY == pytest.approx(30, abs=0.1)


def test_leftovers_of_killed_processes_go_at_the_start(hand_in):
    folder = hand_in("word")
    root = load_settings().uploads
    for left in (root / ".removed-1" / "x", folder.parent / ".unpacking-1", root / ("0" * 16)):
        left.mkdir(parents=True)
    uploads.sweep()
    assert sorted(p.name for p in root.iterdir()) == [
        folder.parent.name,
        f"{folder.parent.name}.json",
    ]
    assert [p.name for p in folder.parent.iterdir()] == ["word"]


def test_what_a_ray_that_was_killed_had_brought_goes_and_what_it_uses_stays(work_folder):
    root = load_settings().uploads
    for name, age in (("ray-old", 2 * uploads.STALE), ("ray-used", 0.5 * uploads.STALE)):
        (root / name / "a").mkdir(parents=True)
        then = time.time() - age
        os.utime(root / name, (then, then))
    with uploads.brought() as place:  # the next batch on that computer
        assert sorted(root.iterdir()) == sorted([place, root / "ray-used"])
        os.utime(root / "ray-used", (0, 0))
        uploads.sweep()  # what a server does at its start
        assert list(root.iterdir()) == [place]
    assert list(root.iterdir()) == []


def test_a_picture_to_be_tried_that_nobody_came_back_for_goes_at_a_start(work_folder, tmp_path):
    picture = tmp_path / "own.jpg"
    for age, stays in ((2 * uploads.STALE, False), (0.5 * uploads.STALE, True)):
        picture.write_bytes(b"x")
        folder = load_settings().uploads / uploads.TRIED / trying.hand_in(picture)
        then = time.time() - age
        os.utime(folder, (then, then))
        uploads.sweep()  # what a server does at its start
        assert folder.exists() is stays
