"""Downloads stay below a stated limit: what srcsel fetched and has not used for longest goes."""

import os
import time

import pytest

from srcsel.base.errors import DownloadError
from srcsel.models.hubs import _caches, _download, _room
from srcsel.models.hubs._caches import HUB_FILES

MB = 10**6


@pytest.fixture
def fetch(hub, recorder):
    """Fetches a repository's weights; returns where they lie."""

    def get(name, size=2 * MB):
        hub.add(name, "model.safetensors", os.urandom(size))
        return _download.from_hub(name, HUB_FILES, name, recorder())

    return get


@pytest.fixture
def limit(monkeypatch):
    return lambda megabytes: monkeypatch.setenv("SRCSEL_DOWNLOADS", str(megabytes / 1000))


def aged(path, seconds):
    when = time.time() - seconds
    os.utime(_room._note(path), (when, when))


def held():
    return sum(p.stat().st_size for p in _caches.hub_folder().rglob("blobs/*") if p.is_file())


def test_the_longest_unused_goes_and_comes_again_when_needed(fetch, limit, recorder):
    limit(5)
    first, second = fetch("a/one"), fetch("a/two")
    aged(first, 900)
    aged(second, 600)
    _download.from_hub("a/one", HUB_FILES, "a/one", recorder())  # used: the other is older now
    third = fetch("a/three")
    assert (first.is_file(), second.is_file(), third.is_file()) == (True, False, True)
    assert held() == 4 * MB
    assert _caches.hub_file("a/two") is None
    aged(first, 600)
    aged(third, 300)
    assert fetch("a/two").is_file()
    assert held() == 4 * MB


def test_what_was_just_fetched_may_still_be_loading(fetch, limit):
    limit(3)
    assert fetch("a/one").is_file()
    assert fetch("a/two").is_file()
    assert _caches.hub_file("a/one") is not None


def test_what_others_fetched_stays(fetch, limit):
    limit(3)
    other = fetch("a/one")
    _room._note(other).unlink()  # as if another program had
    mine = fetch("a/two")
    aged(mine, 900)
    fetch("a/three")
    assert (other.is_file(), mine.is_file()) == (True, False)


def test_files_by_address_too(server, limit, recorder):
    limit(3)
    paths = []
    for name in ("one.pth", "two.pth"):
        server.add("x", name, os.urandom(2 * MB))
        url = next(f"{server.url}{p}" for p in server.files if p.endswith(name))
        paths.append(_download.from_url(url, name, recorder()))
        aged(paths[-1], 900)
    assert [path.is_file() for path in paths] == [False, True]


def test_a_file_larger_than_the_limit_is_a_sentence_and_costs_nothing(fetch, limit):
    limit(3)
    kept = fetch("a/one")
    aged(kept, 900)
    with pytest.raises(DownloadError, match=r"need 4 MB.*below 3 MB.*SRCSEL_DOWNLOADS"):
        fetch("a/two", 4 * MB)
    assert kept.is_file()


def test_a_forged_note_removes_nothing_elsewhere(fetch, limit, tmp_path):
    limit(3)
    precious = tmp_path / "precious.bin"
    precious.write_bytes(bytes(2 * MB))
    _room.fetched(precious, "a/none")
    aged(precious, 900)
    fetch("a/one")
    fetch("a/two")
    assert precious.is_file()


@pytest.mark.parametrize("told", [b"", b"\xff", b"[]", b'{"path": 3}'])
def test_a_damaged_note_hinders_no_download_and_is_mended_by_use(told, fetch, limit, recorder):
    limit(5)
    first = fetch("a/one")
    _room._note(first).write_bytes(told)
    second = fetch("a/two")
    assert second.is_file()
    _download.from_hub("a/one", HUB_FILES, "a/one", recorder())
    aged(first, 900)
    aged(second, 600)
    assert fetch("a/three").is_file()
    assert (first.is_file(), second.is_file()) == (False, True)


def test_notes_may_go_while_room_is_made(fetch, limit, monkeypatch):
    """Another worker makes room at the same moment."""
    limit(3)
    first = fetch("a/one")
    aged(first, 900)
    held = list(_room._held())
    _room._remove(first)
    _room._note(first).unlink()
    monkeypatch.setattr(_room, "_held", lambda: iter(held))
    assert fetch("a/two").is_file()


def test_what_a_run_is_done_with_goes_first_however_new(fetch, limit):
    limit(7)
    first, second, third = fetch("a/one"), fetch("a/two"), fetch("a/three")
    aged(first, 900)
    _room.done_with(["a/two", "a/other"])
    fetch("a/four")
    assert (first.is_file(), second.is_file(), third.is_file()) == (True, False, True)


def test_what_says_how_a_model_is_fed_stays(fetch, limit):
    limit(3)
    small = fetch("a/one", 1000)
    aged(small, 900)
    aged(fetch("a/two"), 600)
    fetch("a/three")
    assert small.is_file()
