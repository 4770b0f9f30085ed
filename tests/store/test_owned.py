"""Whose features are whose: told by the files themselves; room is made of one's own first."""

import os
import time

import numpy as np
import pytest

from srcsel.base import quotas
from srcsel.base.errors import QuotaError
from srcsel.base.records import FeatureKey, Features
from srcsel.base.settings import load_settings
from srcsel.store import files, owned
from srcsel.store.features import open_features


def key(name):
    return FeatureKey("0" * 32, f"demo/{name}", "1", "p", "float32")


@pytest.fixture
def store(work_folder):
    return open_features(load_settings())


def put(store, name, person, hours=0.0):
    """Store features of 4,000 bytes and their header, last used so many hours ago."""
    with quotas.on_behalf_of(person):
        store.put(Features(key(name), np.ones((100, 10), np.float32)))
    (path,) = store.folder.glob(f"pictures/demo-{name}-*/*.safetensors")
    used = time.time() - 3600 * hours
    os.utime(path, (used, used))
    return path


def test_features_count_for_whom_they_were_made(store):
    sizes = {person: put(store, f"of{person}", person).stat().st_size for person in ("a", "b")}
    found = owned.taken(store.folder)
    assert {person: found[person] for person in "ab"} == sizes
    assert set(found) == {"", "a", "b"}  # which pictures a set has counts for nobody


def test_features_of_before_and_what_is_no_features_count_for_nobody(store):
    files.write_tensors(store.folder / "old.safetensors", {"values": np.ones((2, 2))}, {"key": 1})
    (store.folder / "bad.safetensors").write_bytes(b"\xff" * 30)
    files.write_tensors(store.folder / "odd.safetensors", {}, {"person": 5})
    assert set(owned.taken(store.folder)) == {""}


def test_room_is_made_of_ones_own_least_recently_used_first(store, monkeypatch):
    oldest, older, fresh = (put(store, f"a{h}", "a", h) for h in (9, 5, 0))
    other = put(store, "b", "b", 99)
    size = fresh.stat().st_size
    monkeypatch.setenv("SRCSEL_MOST_FEATURES", str(3.5 * size / 1e9))
    owned.require_room(store.folder, "a", size)
    assert [path.exists() for path in (oldest, older, fresh, other)] == [False, True, True, True]
    with pytest.raises(QuotaError, match=r"made of your pictures takes .*SRCSEL_MOST_FEATURES\)"):
        owned.require_room(store.folder, "a", 3 * size)  # what was used just now stays
    assert [path.exists() for path in (older, fresh, other)] == [False, True, True]


def test_room_for_all_is_made_of_what_nobody_used_for_longest(store, monkeypatch):
    mine, other = put(store, "a", "a", 5), put(store, "b", "b", 9)
    size = mine.stat().st_size
    listed = owned.taken(store.folder)[""]
    monkeypatch.setenv("SRCSEL_MOST_FEATURES_ALL", str((2.5 * size + listed) / 1e9))
    owned.require_room(store.folder, "a", size)
    assert [path.exists() for path in (mine, other)] == [True, False]
    with pytest.raises(QuotaError, match=r"Stored features take .*_ALL\)"):
        owned.require_room(store.folder, "a", 5 * size)


def test_without_a_sign_in_only_the_limit_of_all_holds(store, monkeypatch):
    put(store, "x", "", 5)
    monkeypatch.setenv("SRCSEL_MOST_FEATURES", "0")
    owned.require_room(store.folder, "", 10**6)
