"""What a store holds comes into the work folder, and nowhere else, whatever its names are."""

import json

import pytest

from srcsel.base.errors import InputError
from srcsel.base.remote import Stored
from srcsel.base.watch import Watch
from srcsel.pictures.stores import fetch, mirror, stored
from tests.pictures.stores.test_shards import samples, webdataset

REF = "s3://bucket/pictures"


@pytest.fixture
def store(monkeypatch):
    """A store whose files are those of a dict, name -> bytes."""
    held = {}

    class Fake:
        def __init__(self, address):
            self.address = address

        def files(self):
            return [
                Stored(f"{self.address.path}/{name}", name, len(data), str(hash(data)))
                for name, data in sorted(held.items())
            ]

        def get(self, files, targets):
            for one, target in zip(files, targets, strict=True):
                target.write_bytes(held[one.name])
            return []

    monkeypatch.setattr(mirror, "Store", Fake)
    held.update({f"{'ab'[k]}/{i}.png": data for i, (data, k) in enumerate(samples())})
    return held


def test_a_name_that_leads_elsewhere_is_not_fetched(store, tmp_path, work_folder):
    """S3 allows any name: bucket/pictures//home/me/x.png stands for "/home/me/x.png" inside."""
    data = store["a/0.png"]
    store[f"{tmp_path}/elsewhere.png"] = data
    store["a/../../../../elsewhere.png"] = data
    listing = fetch(REF, Watch())
    assert len(listing.paths) == 12
    assert not list(tmp_path.rglob("elsewhere.png"))


def test_an_index_that_was_altered_removes_nothing_elsewhere(store, tmp_path, work_folder):
    fetch(REF, Watch())
    precious = tmp_path / "precious.png"
    precious.write_bytes(b"x")
    (index,) = work_folder.glob("public/store-*/index.json")
    told = json.loads(index.read_text())
    told["files"][str(precious)] = [1, "x"]
    index.write_text(json.dumps(told))
    fetch(REF, Watch())
    assert precious.is_file()


@pytest.mark.parametrize("told", ["", "[]", '{"files": [1], "aside": 3}', '{"files": null}'])
def test_a_damaged_index_is_made_anew(told, store, work_folder):
    fetch(REF, Watch())
    (index,) = work_folder.glob("public/store-*/index.json")
    index.write_text(told)
    assert len(fetch(REF, Watch()).paths) == 12
    assert len(json.loads(index.read_text())["files"]) == 12


def test_names_that_no_folder_can_hold_are_left_aside_and_said(store):
    data = store["a/0.png"]
    store["a/0.png/inside.png"] = data  # a file and a folder of one name
    store[f"a/{'x' * 300}.png"] = data
    listing = fetch(REF, Watch())
    assert len(listing.paths) == 12
    assert [one.path for one in listing.skipped] == ["a/0.png/inside.png", f"a/{'x' * 300}.png"]
    assert {one.reason for one in listing.skipped} == {mirror.NO_NAME}


def test_a_picture_that_goes_while_it_is_fetched_is_left_aside_and_comes_the_next_time(
    store, monkeypatch
):
    get = mirror.Store.get

    def losing(self, files, targets):
        get(self, files, targets)
        for one, target in zip(files, targets, strict=True):
            if one.name == "a/2.png":
                target.write_bytes(b"half")
        return ["b/1.png"]

    with monkeypatch.context() as patch:
        patch.setattr(mirror.Store, "get", losing)
        listing = fetch(REF, Watch())
    assert {one.path: one.reason for one in listing.skipped} == dict.fromkeys(
        ["a/2.png", "b/1.png"], mirror.CHANGED
    )
    assert len(listing.paths) == 10
    listing = fetch(REF, Watch())
    assert (len(listing.paths), listing.skipped) == (12, ())


def test_a_shard_that_goes_while_it_is_fetched_ends_it_and_what_was_there_stays(
    store, monkeypatch, tmp_path
):
    """Else the set would have become smaller without a word, for good."""
    store.clear()
    webdataset(tmp_path)
    store.update({path.name: path.read_bytes() for path in tmp_path.glob("*.tar")})
    assert len(fetch(REF, Watch()).paths) == 12
    store["train-1.tar"] += bytes(512)
    monkeypatch.setattr(mirror.Store, "get", lambda self, files, targets: [files[0].name])
    with pytest.raises(InputError, match=r"train-0\.tar was taken away or changed at s3://bucket"):
        fetch(REF, Watch())
    found = stored(REF)
    assert found is not None
    assert len(found.paths) == 12
