"""Conversions on disk: found by all they depend on, damaged ones are absent, room is bounded."""

import importlib.metadata
import os
from dataclasses import replace

import numpy as np
import pytest

from srcsel.base.errors import StoreError
from srcsel.features.backends import kept
from srcsel.features.backends.openvino import Graph


@pytest.fixture
def key(wish):
    return wish.key


def conversion(size=10, eager=0.5):
    graph = Graph(np.arange(5, dtype=np.uint8), np.full(size, 7, np.uint8))
    return kept.Kept(kept.Measured("a processor", eager), graph)


def test_what_was_written_is_read(tmp_path, key):
    kept.write(tmp_path, key, conversion())
    found = kept.read(tmp_path, key)
    assert found.measured == kept.Measured("a processor", 0.5)
    np.testing.assert_array_equal(found.graph.xml, np.arange(5))
    np.testing.assert_array_equal(found.graph.weights, np.full(10, 7))


def test_that_torch_is_better_is_kept_too(tmp_path, key):
    kept.write(tmp_path, key, kept.Kept(kept.Measured("", 0.5), None))
    assert kept.read(tmp_path, key).graph is None


def test_another_folder_of_pictures_shares_it(tmp_path, key):
    kept.write(tmp_path, key, conversion())
    assert kept.read(tmp_path, replace(key, dataset="others")) is not None


@pytest.mark.parametrize("part", ["model", "revision", "preprocessing", "precision"])
def test_it_depends_on(tmp_path, key, part):
    kept.write(tmp_path, key, conversion())
    assert kept.read(tmp_path, replace(key, **{part: "another"})) is None


def test_new_versions_start_anew(tmp_path, key, monkeypatch):
    kept.write(tmp_path, key, conversion())
    version = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: "99" if name == "torch" else version(name)
    )
    assert kept.read(tmp_path, key) is None


@pytest.mark.parametrize(
    "damage", [lambda data: data[:40], lambda data: data[:-1] + b"x", lambda data: b""]
)
def test_a_damaged_file_is_absent_and_goes(tmp_path, key, damage):
    kept.write(tmp_path, key, conversion())
    (path,) = (tmp_path / kept.FOLDER).iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert kept.read(tmp_path, key) is None
    assert not path.exists()


def test_the_least_used_go_first(tmp_path, key, monkeypatch):
    monkeypatch.setattr(kept, "LIMIT_BYTES", 4_000)
    keys = [replace(key, revision=str(i)) for i in range(4)]
    for i in range(2):
        kept.write(tmp_path, keys[i], conversion(1_000))
    for path in (tmp_path / kept.FOLDER).iterdir():
        os.utime(path, (1, 1))
    kept.read(tmp_path, keys[0])  # used now
    kept.write(tmp_path, keys[2], conversion(1_000))
    assert [kept.read(tmp_path, one) is not None for one in keys] == [True, False, True, False]


def test_what_takes_half_the_room_is_not_kept(tmp_path, key, monkeypatch):
    monkeypatch.setattr(kept, "LIMIT_BYTES", 1_000)
    kept.write(tmp_path, key, conversion(600))
    assert kept.read(tmp_path, key) is None


def test_a_full_disk_stops_nothing(tmp_path, key, monkeypatch):
    def refuse(*_, **__):
        raise StoreError("The disk is full.")

    monkeypatch.setattr("srcsel.store.files.write_tensors", refuse)
    kept.write(tmp_path, key, conversion())
    assert kept.read(tmp_path, key) is None
